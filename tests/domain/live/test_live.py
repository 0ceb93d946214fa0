"""Events applied to the old snapshot give a fresh one, for every act; the filter is the one of SQL; the stream keeps its promises."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.cases.test_loop import reported, step
from tests.domain.cases.test_properties import attempt, choices, moving
from tests.support.world import FUBAO, HAISHAN, category, log_in, point_in
from wangge.domain.cases import actions, queries
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.cases.tags import CasePermission
from wangge.domain.live import app, source
from wangge.domain.live.hub import Hub
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.access.principal import Principal
from wangge.kernel.db import rows

WATCHERS = ("alice", "amy", "bob", "cora", "charlie", "dan", "wally", "hank", "lea", "hugo", "sue", "leo")


def snapshot(person: Principal) -> dict[str, Any]:
    """The whole queue as a page shows it."""
    bind(person)
    found = queries.queue(by=person, filter=queries.Filter(), limit=200)["items"]
    return {str(r["id"]): json.loads(json.dumps({k: r[k] for k in source.FIELDS}, default=str)) for r in found}


def apply(before: dict[str, Any], told: list[bytes]) -> dict[str, Any]:
    """What a page does with the messages."""
    after = dict(before)
    for part in told:
        lines = dict(line.split(": ", 1) for line in part.decode().strip().splitlines())
        data = json.loads(lines["data"])
        if lines["event"] == "case":
            after[data["row"]["id"]] = data["row"]
        else:
            after.pop(data["id"], None)
    return after


def same(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert a.keys() == b.keys()
    for key in a:
        left, right = (json.loads(json.dumps(x[key], default=str).replace("T", " ")) for x in (a, b))
        assert left == right


def everything() -> list[Any]:
    """All events of this test, whether or not its transaction is over."""
    with acting(SYSTEM):
        found = rows.all(
            """SELECT pos, xid::text, at, event, kind, subject, district, street, community, grid, units, body::text AS body
               FROM outbox_event WHERE kind = 'case' ORDER BY pos"""
        )
        return [source.Event(**{**r, "body": json.loads(r["body"])}) for r in found]


walks = st.lists(
    st.tuples(st.sampled_from(choices) | st.sampled_from(moving), st.integers(0, 2), st.integers(0, 2)), max_size=14
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walks)
def test_events_applied_to_the_old_snapshot_are_a_fresh_one(world: SimpleNamespace, walk: list[Any]) -> None:
    """The twin test: after each act, for each person, whatever they could see before and can see now."""
    alice = world.as_("alice")
    bind(alice)
    place = {"category": category("0101").id, "point": point_in(FUBAO + "001001")}
    other = actions.report(by=alice, report=actions.Report(text="另一处", **place))[0]["id"]
    case = actions.report(by=alice, report=actions.Report(text="路边有垃圾堆", **place))[0]["id"]
    people = {login: world.as_(login) for login in WATCHERS}
    known = {login: snapshot(person) for login, person in people.items()}
    seen = len(everything())
    for (act, outcome), pick, days in walk:
        with acting(SYSTEM):
            before = queries.detail(by=SYSTEM, case=case)
        with clock.at(max(before["changed_at"], clock.now()) + timedelta(days=days)):
            climb()
            with acting(SYSTEM):
                before = queries.detail(by=SYSTEM, case=case)
            attempt(world, case, other, before, act, outcome, "", pick)
            events = everything()
            with acting(SYSTEM):
                happenings = source.happenings_of(events[seen:])
            seen = len(events)
            for login, person in people.items():
                scope = person.scope(CasePermission.READ)
                told = [m for h in happenings if (m := h.for_(scope)) is not None]
                known[login] = apply(known[login], told)
                same(known[login], snapshot(person))


def test_a_unit_that_gave_a_case_back_is_told_that_it_is_gone(world: SimpleNamespace) -> None:
    case = step(world.as_("bob"), actions.dispatch, step(world.as_("bob"), actions.accept, reported(world)))
    step(world.as_("hank"), actions.return_, case, note="不是我们的")
    with acting(SYSTEM):
        last = source.happenings_of(everything()[-1:])[0]
    told = last.for_(world.as_("hank").scope(CasePermission.READ))
    assert told is not None
    assert b"event: gone" in told
    assert b"event: case" in (last.for_(world.as_("bob").scope(CasePermission.READ)) or b"")
    assert last.for_(world.as_("hugo").scope(CasePermission.READ)) is None


def test_no_message_holds_who_reported(world: SimpleNamespace) -> None:
    reported(world, by="bob", reporter=actions.Reporter("欧阳明月", "13800001234"), confidential=True)
    with acting(SYSTEM):
        told = source.happenings_of(everything())[0].change.decode()
    assert "欧" not in told
    assert "1380" not in told
    assert "part" not in told


def test_a_listener_that_does_not_read_is_told_to_begin_anew(world: SimpleNamespace) -> None:
    reported(world)
    with acting(SYSTEM):
        happening = source.happenings_of(everything())[0]

    near, far = (world.as_(login).scope(CasePermission.READ) for login in ("bob", "charlie"))

    async def flood() -> bool:
        hub = Hub()
        slow, quick = hub.join(near), hub.join(far)
        for _ in range(600):
            hub.publish([happening])
        assert not quick.reset
        assert quick.take() == b""
        assert slow.take() == b""
        return slow.reset

    assert asyncio.run(flood())


# — the stream itself ——————————————————————————————————————————————————————————————————————————————————————————————————————


class Stream:
    """One EventSource, by hand."""

    def __init__(self, live: app.Live, token: str, **headers: str) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        given = {"authorization": f"Bearer {token}", "host": "127.0.0.1:8001"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/live",
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        }
        self.task = asyncio.create_task(live(scope, self._receive, self.sent.put))  # type: ignore[arg-type]

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def start(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.sent.get(), 10)

    async def until(
        self, event: str, what: Callable[[dict[str, Any]], bool] = lambda d: True
    ) -> tuple[str, dict[str, Any]]:
        """The next message of this event that fits; its id and data."""
        while True:
            body = (await asyncio.wait_for(self.sent.get(), 15))["body"].decode()
            lines = dict(line.split(": ", 1) for line in body.strip().splitlines() if ": " in line)
            if lines.get("event") == event and what(json.loads(lines["data"])):
                return lines.get("id", ""), json.loads(lines["data"])

    async def close(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, 15)


@asynccontextmanager
async def serving() -> AsyncIterator[app.Live]:
    live = app.Live()
    try:
        yield live
    finally:
        await live.stop()


def in_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Plain code in a thread of its own, whose connection ends with it."""

    def whole(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    async def run(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(whole, *args, **kwargs)

    return run


def do(world: SimpleNamespace, login: str, act: Any, case: dict[str, Any], **given: Any) -> dict[str, Any]:
    return step(world.as_(login), act, case, **given)


@pytest.fixture
def demo(settings: Any) -> None:
    from dataclasses import replace

    settings.CONFIG = replace(settings.CONFIG, demo=True)


def test_a_stream_tells_what_happens_and_what_was_missed(demo: None, real_world: SimpleNamespace) -> None:
    world = real_world
    token = log_in("bob")

    async def run() -> None:
        async with serving() as live:
            stream = Stream(live, token, origin="http://127.0.0.1:8000")
            start = await stream.start()
            assert start["status"] == 200
            assert (b"access-control-allow-origin", b"http://127.0.0.1:8000") in start["headers"]
            begun, _ = await stream.until("hello")
            case = await in_thread(reported)(world)
            late = Stream(live, token, last_event_id=begun)  # of one that broke before its first event
            await late.start()
            assert (await late.until("case"))[1]["row"]["number"] == case["number"]
            await late.close()
            id, told = await stream.until("case")
            assert told["row"]["number"] == case["number"]
            assert told["act"] == "report"
            await stream.close()
            case = await in_thread(do)(world, "bob", actions.accept, case)
            await in_thread(reported)(world, by="charlie", point=point_in(HAISHAN + "001001"))
            back = Stream(live, token, last_event_id=id)
            await back.start()
            _, missed = await back.until("case")
            assert (missed["act"], missed["row"]["status"]) == ("accept", "accepted")
            await in_thread(do)(world, "bob", actions.comment, case, note="并非他区的案件")
            # What was missed may be told twice; nothing of the other district is told at all.
            heard = []
            await back.until("case", lambda d: heard.append(d["row"]["district"]) or d["act"] == "comment")  # type: ignore[func-returns-value]
            assert set(heard) == {"440304"}
            await back.close()

    asyncio.run(run())


def test_who_is_not_logged_in_or_comes_from_elsewhere_hears_nothing(demo: None, real_world: SimpleNamespace) -> None:
    async def run() -> None:
        async with serving() as live:
            stream = Stream(live, "nobody", origin="http://evil.example")
            start = await stream.start()
            assert start["status"] == 401
            assert not [k for k, _ in start["headers"] if k == b"access-control-allow-origin"]
            await stream.close()

    asyncio.run(run())


def test_what_is_too_long_ago_begins_anew(demo: None, real_world: SimpleNamespace) -> None:
    token = log_in("bob")
    reported(real_world)

    async def run() -> None:
        async with serving() as live:
            stream = Stream(live, token, last_event_id="1-1")
            await stream.start()
            await stream.until("reset")
            await stream.close()

    asyncio.run(run())


def test_a_session_that_ended_ends_its_stream_and_a_lost_right_begins_it_anew(
    demo: None, real_world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "RECHECK", 0.2)
    bob, cora = log_in("bob"), log_in("cora")

    def take_away() -> None:
        with acting(SYSTEM):
            rows.run(
                "UPDATE people_session SET ended_at = now() WHERE user_id = (SELECT id FROM people_user WHERE login = 'bob')"
            )
            rows.run(
                """UPDATE people_post SET role = 'workstation', area = %(area)s
                   WHERE user_id = (SELECT id FROM people_user WHERE login = 'cora')""",
                {"area": "440304001001"},
            )

    async def run() -> None:
        async with serving() as live:
            ended, changed = Stream(live, bob), Stream(live, cora)
            for stream in (ended, changed):
                assert (await stream.start())["status"] == 200
                await stream.until("hello")
            await in_thread(take_away)()
            await ended.until("end")
            await changed.until("reset")
            for stream in (ended, changed):
                await stream.close()

    asyncio.run(run())


def test_listening_is_no_sign_of_anybody_at_the_desk(demo: None, real_world: SimpleNamespace) -> None:
    token = log_in("bob")
    with acting(SYSTEM):
        before = rows.value("UPDATE people_session SET last_seen = now() - interval '20 minutes' RETURNING last_seen")
    assert app.scope_of(token) is not None
    with acting(SYSTEM):
        assert rows.value("SELECT last_seen FROM people_session") == before


def test_a_position_is_read_or_refused() -> None:
    assert source.position_of("123-45") == ("123", 45)
    for wrong in ("", "x", "1", "-", "1-x", "1-"):
        assert source.position_of(wrong) is None
