"""What is said, when it is sent and how it is signed, without a database."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wangge.domain import notices
from wangge.domain.cases.rules import TABLE, Act
from wangge.domain.notices.rules import (
    EVENT_NAMES,
    OF_GRIDS,
    TRIES,
    Case,
    Channel,
    Event,
    GridChange,
    Who,
    after_failure,
    event_of,
    fits,
    masked_title,
    new_secret,
    quiet_until,
    say,
    say_of_grids,
    sign,
    signature_headers,
    stands,
)
from wangge.domain.notices.rules.texts import TEXTS
from wangge.kernel.words import Words

ZONE = "Asia/Shanghai"
SILENT = {
    Act.ACCEPT, Act.LOCATE, Act.UNMERGE, Act.TAKE, Act.PROGRESS, Act.ARCHIVE, Act.RECLASSIFY, Act.SET_URGENCY, Act.SET_CONFIDENTIAL,
    Act.COMMENT, Act.TAG, Act.LINK, Act.UNLINK, Act.ASK_REPORTER, Act.PUBLISH,
}  # fmt: skip
"""Acts nobody is told of: they change nothing for others, or the next act tells it."""


def test_every_act_of_the_table_is_told_or_silent_on_purpose() -> None:
    for row in TABLE:
        untold = event_of(row.act, row.outcome) is None
        assert untold == (row.act in SILENT or (row.act == Act.FOLLOW_UP and row.outcome != "dissatisfied")), row


def test_the_shipped_matrix_names_what_there_is_and_tells_somebody_of_every_event() -> None:
    text = (Path(notices.__file__).parent / "data" / "matrix.csv").read_text("utf-8")
    cells = [(Event(r["event"]), Who(r["who"]), Channel(r["channel"])) for r in csv.DictReader(text.splitlines())]
    assert len(set(cells)) == len(cells)
    assert all(fits(who, channel) and stands(event, who) for event, who, channel in cells)
    assert {e for e, who, _ in cells if who != Who.SUBSCRIBER} == set(Event)
    assert {e for e, who, _ in cells if who == Who.SUBSCRIBER} == set(Event) - OF_GRIDS


def test_a_change_of_grids_that_failed_is_said_with_its_grids_day_and_reason() -> None:
    why = Words("网格已停用。", "A grid was retired.")
    told = say_of_grids(
        "grids_failed", GridChange(["440304010001001"], datetime(2031, 5, 5, 16, tzinfo=UTC), why, ZONE)
    )
    assert told.zh == "网格 440304010001001 的预定调整未能生效（原定 2031-05-06）：网格已停用。"
    assert (
        told.en
        == "The planned change of grids 440304010001001 could not take effect (it was for 2031-05-06): A grid was retired."
    )
    assert EVENT_NAMES["grids_failed"].zh == "网格的预定调整未能生效"


@pytest.mark.parametrize("event", [e for e in Event if e not in OF_GRIDS])
def test_every_event_is_said_in_both_languages_with_number_title_status_and_limit(event: Event) -> None:
    assert set(TEXTS) == set(Event)
    due = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    told = say(event, Case("440304010202611160000001", "路边垃圾", Words("处置中", "In handling"), due, ZONE))
    for text in told:
        assert "440304010202611160000001" in text and "路边垃圾" in text and "2026-11-20 18:00" in text
    assert "处置中" in told.zh and "in handling" in told.en
    bare = say(event, Case("1", "", Words("已结案", "Closed"), None, ZONE))
    assert "「" not in bare.zh and "“" not in bare.en and "期限" not in bare.zh


def test_a_mobile_number_in_a_title_is_masked_where_it_leaves_and_a_confidential_title_stays() -> None:
    assert masked_title("张三13812345678反映路灯不亮", confidential=False) == "张三138****5678反映路灯不亮"
    assert masked_title("138 1234 5678 来电", confidential=False) == "138****5678 来电"
    assert masked_title("案号440304010202611160000001", confidential=False) == "案号440304010202611160000001"
    assert masked_title("举报某工地", confidential=True) == ""


def test_pauses_grow_fourfold_to_half_a_day_and_end() -> None:
    pauses = [after_failure(tries) for tries in range(1, TRIES + 1)]
    assert pauses[:4] == [timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=16)]
    assert pauses[-2] == timedelta(hours=12) and pauses[-1] is None
    assert sum((p for p in pauses if p), timedelta()) > timedelta(hours=28)


@pytest.mark.parametrize(
    ("local", "start", "end", "until"),
    [
        ("23:30", "22:00", "07:00", "+07:00"),
        ("03:00", "22:00", "07:00", "07:00"),
        ("07:00", "22:00", "07:00", None),
        ("21:59", "22:00", "07:00", None),
        ("22:00", "22:00", "07:00", "+07:00"),
        ("12:30", "12:00", "14:00", "14:00"),
        ("14:00", "12:00", "14:00", None),
        ("12:00", "12:00", "12:00", None),
    ],
)
def test_quiet_hours(local: str, start: str, end: str, until: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-20T{local}:00+08:00").astimezone(UTC)
    found = quiet_until(now, time.fromisoformat(start), time.fromisoformat(end), ZONE)
    if until is None:
        assert found is None
    else:
        day = 21 if until.startswith("+") else 20
        assert found == datetime.fromisoformat(f"2026-11-{day}T{until.lstrip('+')}:00+08:00")
    assert quiet_until(now, None, None, ZONE) is None


@given(
    st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime.fromisoformat("2026-01-01"),
        max_value=datetime.fromisoformat("2027-01-01"),
    ),
    st.times(),
    st.times(),
)
def test_quiet_hours_end_within_a_day_and_are_then_over(now: datetime, start: time, end: time) -> None:
    until = quiet_until(now, start, end, ZONE)
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert quiet_until(until, start, end, ZONE) is None


def test_signatures_are_those_of_standard_webhooks() -> None:
    """The example that the specification's own libraries are tested with."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_being_replaced_signs_too() -> None:
    old, new = new_secret(), new_secret()
    headers = signature_headers([new, old], id="x", timestamp=1, body=b"{}")
    assert headers["Webhook-Signature"].split() == [sign(s, id="x", timestamp=1, body=b"{}") for s in (new, old)]
    with pytest.raises(ValueError):
        sign("whsec_?", id="x", timestamp=1, body=b"")


# — the page in docs ———————————————————————————————————————————————————————————————————————————————————————————————————————

PAGE = (Path(__file__).parents[3] / "docs" / "notices.md").read_text("utf-8")


def test_the_page_shows_the_shipped_matrix_and_every_relation() -> None:
    text = (Path(notices.__file__).parent / "data" / "matrix.csv").read_text("utf-8")
    told: dict[str, list[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["channel"] == Channel.IN_APP:
            told.setdefault(row["event"], []).append(row["who"])
    for event in Event:
        words = TEXTS[event].fill(case="…", grids="…")
        assert f"| `{event}` | {', '.join(told[event])} | {words.zh} · {words.en} |" in PAGE
    assert all(f"`{who}`" in PAGE for who in Who)


def test_a_receiver_that_does_what_the_page_says_tells_ours_from_others() -> None:
    space: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], space)  # type: ignore[index]
    secret, body, now = new_secret(), b'{"id": "x"}', int(datetime.now(UTC).timestamp())

    def verified(body: bytes = body, id: str = "x", secret: str = secret, at: int = now) -> bool:
        sent = signature_headers([new_secret(), right], id="x", timestamp=at, body=b'{"id": "x"}')
        headers = {k.lower(): v for k, v in sent.items()} | {"webhook-id": id}
        return space["verify"](secret, headers, body)

    right = secret
    assert verified()
    assert not verified(body=b'{"id": "y"}')
    assert not verified(id="y")
    assert not verified(secret=new_secret())
    assert not verified(at=now - 400)
