"""How today goes: by the hour, and by the clocks of open cases, in one's own scope alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.domain.stats.conftest import report
from tests.domain.stats.test_api import get  # noqa: F401  (a fixture)
from tests.support.world import FUBAO, NANYUAN
from wangge.domain.stats import pulse
from wangge.domain.stats.queries import zone
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

Get = Callable[..., dict[str, Any]]


def _set(case: dict[str, Any], **columns: Any) -> None:
    terms = ", ".join(f"{name} = %({name})s" for name in columns)
    with acting(SYSTEM):
        rows.run(f"UPDATE cases_case SET {terms} WHERE id = %(id)s", {"id": case["id"], **columns})


def test_cases_of_today_stand_in_their_hour_and_open_ones_by_their_clock(world: SimpleNamespace, get: Get) -> None:  # noqa: F811
    now = clock.now()
    late, soon, fine, ended, other = (report(world) for _ in range(5))
    _set(late, due_at=now - timedelta(minutes=1))
    _set(soon, due_at=now + timedelta(minutes=90))
    _set(fine, due_at=now + timedelta(hours=3))
    _set(ended, status="closed", closed_at=now, due_at=None, stage=None)
    _set(other, due_at=now + timedelta(days=9), reported_at=now - timedelta(days=2))
    told = get("bob", "today")
    assert told["clocks"] == {"in_time": 2, "soon": 1, "overdue": 1, "paused": 0}
    hour = clock.now().astimezone(zone()).hour
    assert [h["hour"] for h in told["hours"]] == list(range(hour + 1))
    assert sum(h["reported"] for h in told["hours"]) == 4, "what was reported the day before yesterday is not of today"
    assert sum(h["closed"] for h in told["hours"]) == 1


def test_everybody_sees_their_own_scope_and_who_sees_aggregates_alone_does_not_see_single_cases(
    world: SimpleNamespace,
    get: Get,  # noqa: F811
) -> None:
    report(world)
    report(world, by="cora", grid=NANYUAN + "001001")
    open_cases = {login: sum(get(login, "today")["clocks"].values()) for login in ("bob", "cora", "charlie", "dan")}
    assert open_cases == {"bob": 1, "cora": 1, "charlie": 0, "dan": 2}
    assert sum(get("bob", "today", area=NANYUAN)["clocks"].values()) == 0
    assert sum(get("dan", "today", area=FUBAO)["clocks"].values()) == 1


def test_it_is_one_statement(world: SimpleNamespace) -> None:
    with acting(world.as_("bob")) as bob, CaptureQueriesContext(connection) as asked:
        pulse.today(by=bob)
    assert len(asked) == 1
