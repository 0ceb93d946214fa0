"""Several at once: two administrators saving rules that tie, another process changing what this one remembers."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection

from tests.domain.catalog.conftest import make_world
from tests.support.wait import until
from wangge.domain.catalog import actions, queries
from wangge.domain.catalog.models import Route
from wangge.kernel.access import SYSTEM, bind
from wangge.kernel.problems import Invalid


def test_of_two_rules_that_tie_saved_at_the_same_time_one_is_refused(own_database: str) -> None:
    world = make_world()
    ready, results = threading.Barrier(2), []

    def save(start: int) -> None:
        try:
            bind(SYSTEM)
            ready.wait()
            actions.add_route(
                by=SYSTEM,
                id=uuid4(),
                name=f"{start}",
                unit=world.units.police.id,
                area="440304010",
                start_minute=start,
                end_minute=900,
            )
            results.append("saved")
        except Invalid as error:
            results.append(error.errors[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(start,)) for start in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["saved", "tie"]
    assert Route.objects.count() == 1


def test_a_change_made_by_another_process_is_seen_within_seconds(own_database: str, code: Any) -> None:
    make_world()
    leaf = code("0101")
    assert queries.limit(leaf.id, "normal", "handle").amount == 4
    with psycopg.connect(own_database) as other:
        other.execute("UPDATE catalog_limit SET amount = 9 WHERE category_id = %s AND urgency = 'normal'", [leaf.id])
        other.execute("UPDATE catalog_state SET stamp = gen_random_uuid()")
    until(lambda: queries.limit(leaf.id, "normal", "handle").amount == 9)


def test_a_change_that_was_rolled_back_is_not_remembered(own_database: str, code: Any) -> None:
    from django.db import transaction

    make_world()
    leaf = code("0101")
    with transaction.atomic():
        actions.set_limit(by=SYSTEM, category=leaf.id, urgency="normal", stage="handle", amount=9, unit="work_hour")
        assert queries.limit(leaf.id, "normal", "handle").amount == 9
        transaction.set_rollback(True)
    until(lambda: queries.limit(leaf.id, "normal", "handle").amount == 4)
