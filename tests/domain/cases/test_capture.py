"""When and where a phone says that it captured something: kept with the step and in the ledger, noted where it is odd, never in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cases.test_batch import outcomes, report_op, send
from tests.domain.cases.test_loop import reported
from tests.support.world import category
from wangge.domain.cases.batch_api import OperationIn, read
from wangge.domain.cases.rules.capture import Capture, noted
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(*, hours: float = 0, ahead_s: float = 0, **more: Any) -> dict[str, Any]:
    """Captured so many hours before NOW, by a clock that is ahead."""
    return {"at": (NOW - timedelta(hours=hours, seconds=-ahead_s)).isoformat(), "ahead_s": ahead_s, **more}


def of_step(act: str) -> dict[str, Any]:
    with acting(SYSTEM):
        found = rows.all("SELECT data::text AS data FROM cases_step WHERE act = %(act)s ORDER BY at, id", {"act": act})
    return orjson.loads(found[-1]["data"])


def test_a_report_of_a_wrong_clock_was_seen_when_it_was_seen(world: SimpleNamespace) -> None:
    with clock.at(NOW):
        made = report_op() | {"captured": at(hours=2, ahead_s=3 * 3600.4)}
        assert outcomes(send(world, "alice", [made])) == ["applied"]
    with acting(SYSTEM):
        row = rows.one("SELECT reported_at FROM cases_case")
    assert row is not None
    assert row["reported_at"] == NOW - timedelta(hours=2)
    told = of_step("report")
    assert {k: told[k] for k in ("captured_at", "clock_ahead_s", "odd")} == {
        "captured_at": "2026-11-20T07:00:00+00:00",
        "clock_ahead_s": 10801,
        "odd": ["clock"],
    }


def test_where_the_phone_was_is_told_as_a_distance_and_noted_when_it_is_far(world: SimpleNamespace) -> None:
    near, far = report_op(), report_op()
    for made, north in ((near, 0.001), (far, 0.02)):
        place = made["given"]["point"]
        made["captured"] = at(point={"lon": place["lon"], "lat": place["lat"] + north}, accuracy_m=15)
    with clock.at(NOW):
        send(world, "alice", [near])
        assert (of_step("report")["captured_m"] // 10, "odd" in of_step("report")) == (11, False)
        send(world, "alice", [far])
        assert of_step("report")["odd"] == ["place"]
    assert not any("lat" in key or "lon" in key for key in of_step("report")), "a distance, no trail of positions"


def test_an_act_says_when_it_was_captured_and_what_a_rule_does_by_itself_does_not(world: SimpleNamespace) -> None:
    with clock.at(NOW - timedelta(days=3)):
        case = reported(world)
    with clock.at(NOW):
        on_time = {"id": str(uuid7()), "kind": "comment", "case": str(case["id"]), "given": {"note": "在现场"}}
        assert outcomes(send(world, "alice", [on_time | {"captured": at(hours=30)}])) == ["applied"]
        assert of_step("comment")["odd"] == ["late"]
        before = on_time | {"id": str(uuid7()), "captured": at(hours=100)}
        send(world, "alice", [before])
        assert of_step("comment")["odd"] == ["late", "time"]
        send(world, "alice", [on_time | {"id": str(uuid7())}])
        assert "captured_at" not in of_step("comment")
    with acting(SYSTEM):
        sealed = rows.all("SELECT body::text AS body FROM ledger_entry WHERE tag = 'cases.comment' ORDER BY at")
    assert sum("captured_at" in str(entry["body"]) for entry in sealed) == 2


def test_reports_that_are_written_together_say_it_too_each_its_own(world: SimpleNamespace) -> None:
    made = [report_op() | {"captured": at(hours=hours)} for hours in (1, 2, 3)]
    with clock.at(NOW):
        assert outcomes(send(world, "alice", made)) == ["applied"] * 3
    with acting(SYSTEM):
        found = rows.all("SELECT data->>'captured_at' AS at FROM cases_step WHERE act = 'report' ORDER BY 1")
    assert [row["at"][11:16] for row in found] == ["06:00", "07:00", "08:00"]


def test_two_phones_that_bring_one_operation_may_tell_its_time_differently(world: SimpleNamespace) -> None:
    made = report_op()
    with clock.at(NOW):
        assert outcomes(send(world, "alice", [made | {"captured": at(hours=1)}])) == ["applied"]
        assert outcomes(send(world, "alice", [made | {"captured": at(hours=1, ahead_s=40)}])) == ["duplicate"]
        assert outcomes(send(world, "alice", [made])) == ["duplicate"], "as a version before told it"


@pytest.mark.parametrize("year", [1900, 1999, 2299])
def test_a_clock_that_believes_in_another_century_is_in_nobodys_way(world: SimpleNamespace, year: int) -> None:
    made = report_op() | {"captured": {"at": f"{year}-01-01T00:00:00Z", "ahead_s": 0}}
    assert outcomes(send(world, "alice", [made])) == ["applied"]
    assert "time" in of_step("report")["odd"]


def test_what_is_no_time_or_no_place_is_refused_by_its_name(world: SimpleNamespace) -> None:
    from pydantic import ValidationError

    for wrong in ({"at": "gestern"}, {"at": "2026-11-20T09:00:00"}, at() | {"ahead_s": "nan"}, at(accuracy_m=-1)):
        with pytest.raises(ValidationError, match="captured"):
            read(OperationIn.model_validate(report_op(category=str(category("0101").id)) | {"captured": wrong}))


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda t: 1900 <= t.year <= 2299),
    st.floats(-3.2e9, 3.2e9),
    st.none() | st.floats(0, 2e7),
    st.booleans(),
)
def test_whatever_a_phone_says_something_is_noted(
    said: datetime, ahead_s: float, metres: float | None, reports: bool
) -> None:
    capture = Capture(said, ahead_s)
    told = noted(capture, now=NOW, seen_at=NOW - timedelta(hours=1), reports=reports, metres=metres)
    assert datetime.fromisoformat(told["captured_at"]) - capture.by_our_clock < timedelta(seconds=1)
    honest = abs(ahead_s) <= 300 and timedelta(0) <= NOW - capture.by_our_clock <= timedelta(hours=1)
    if honest and (metres or 0) <= 200 and not reports:
        assert "odd" not in told
    assert ("place" in told.get("odd", ())) == (metres is not None and metres > 200)
