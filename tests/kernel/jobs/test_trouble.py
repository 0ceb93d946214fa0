"""The jobs as the system administrator sees them: what waits, what was given up, and a new start for it."""

from __future__ import annotations

import pytest

from tests.kernel.jobs import sample  # noqa: F401  (its jobs)
from wangge.kernel.access import Grant, Principal, Role, Scope
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.jobs import actions, queries, start, state
from wangge.kernel.problems import Forbidden, NotFound

SAM = Principal(kind="user", id=uuid7(), name="Sam", grants=(Grant(Role.SYSTEM_ADMIN, Scope(everything=True)),))
SECU = Principal(kind="user", id=uuid7(), name="Secu", grants=(Grant(Role.SECURITY_ADMIN, Scope(everything=True)),))


def given_up(times: int = 1) -> list[int]:
    numbers = [start("sample.hopeless") for _ in range(times)]
    rows.run("UPDATE procrastinate_jobs SET status = 'failed', attempts = 1 WHERE id = ANY(%(ids)s)", {"ids": numbers})
    return numbers


@pytest.mark.django_db
def test_a_job_in_trouble_stands_first_with_what_is_known_of_it() -> None:
    given_up(2)
    start("sample.mark", name="x")
    state.note("job", "sample.hopeless", RuntimeError("never"))
    found = queries.overview(by=SAM)["jobs"]
    assert (found[0]["name"], found[0]["failed"], found[0]["failures"]) == ("sample.hopeless", 2, 1)
    assert "never" in found[0]["error"]
    mark = next(j for j in found if j["name"] == "sample.mark")
    assert (mark["waiting"], mark["failed"], mark["periodic"]) == (1, 0, False)


@pytest.mark.django_db
def test_what_was_given_up_is_listed_by_page_and_starts_again_once() -> None:
    numbers = given_up(3)
    page = queries.failed(by=SAM, limit=2)
    rest = queries.failed(by=SAM, limit=2, after=page["next"])
    assert [r["number"] for r in page["items"] + rest["items"]] == numbers[::-1] and rest["next"] is None
    actions.try_again(by=SAM, number=numbers[0])
    row = rows.one("SELECT status, attempts FROM procrastinate_jobs WHERE id = %(id)s", {"id": numbers[0]})
    assert row == {"status": "todo", "attempts": 0}
    assert rows.value("SELECT body->>'job' FROM ledger_entry WHERE tag = 'jobs.job.tried_again'") == "sample.hopeless"
    with pytest.raises(NotFound):
        actions.try_again(by=SAM, number=numbers[0])


@pytest.mark.django_db
def test_they_are_the_system_administrators_alone() -> None:
    (number,) = given_up()
    for attempt in (
        lambda: queries.overview(by=SECU),
        lambda: queries.failed(by=SECU),
        lambda: actions.try_again(by=SECU, number=number),
    ):
        with pytest.raises(Forbidden):
            attempt()
