"""Other systems are told by signed webhooks: what their token may read, once it is accepted never again, in spite of failures."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.db import connections

from tests.domain.notices.conftest import act, configured, relayed, report
from tests.support.hooks import Server, receiver
from tests.support.world import FUBAO, HAISHAN
from wangge.domain.cases.actions import Reporter
from wangge.domain.notices import actions, queries
from wangge.domain.notices.channels import Failed, webhook
from wangge.domain.notices.rules import TRIES
from wangge.domain.people.actions.authenticate import integration
from wangge.domain.people.actions.tokens import make_token, revoke_token
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.outbox import relay
from wangge.kernel.problems import Conflict, Invalid, NotFound


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The other system, which this installation is allowed to reach."""
    configured(monkeypatch, webhook_hosts=("127.0.0.1",))
    with receiver() as server:
        yield server


def token(
    world: SimpleNamespace, *areas: str, permissions: tuple[str, ...] = ("cases.read", "notices.webhooks")
) -> Principal:
    """The principal of a new token for these areas."""
    secu = world.as_("secu")
    bind(secu)
    _, text = make_token(
        by=secu,
        name="12345 热线",
        permissions=[*permissions, "notices.deliveries"],
        areas=areas,
        expires_at=clock.now() + timedelta(days=30),
    )
    found = integration(text, None)
    assert found is not None
    return found


def subscribed(by: Principal, url: str, **given: Any) -> tuple[Any, str]:
    bind(by)
    row, secret = actions.add_webhook(by=by, id=uuid7(), name="热线", url=url, **given)
    assert secret is not None
    return row, secret


def delivered() -> list[dict[str, Any]]:
    with acting(SYSTEM):
        return rows.all("SELECT * FROM notices_delivery ORDER BY made_at, id")


def test_what_happens_is_posted_signed_and_without_persons(world: SimpleNamespace, other: Server) -> None:
    hook, secret = subscribed(token(world, "440304"), other.url + "/wangge?x=1")
    row = report(world, by="alice", title="王先生13812345678反映垃圾", reporter=Reporter("王小明", "13812345678"))
    relayed()
    assert actions.send_webhooks() == 1
    [got] = other.got
    assert got.path == "/wangge?x=1"
    assert got.is_signed_with(secret) and not got.is_signed_with("whsec_AAAA")
    assert got.headers["content-type"].startswith("application/json")
    assert got.json["type"] == "case.reported" and got.json["id"] == got.headers["webhook-id"]
    case = got.json["case"]
    assert (case["number"], case["status"], case["grid"]) == (row["number"], "reported", FUBAO + "001001")
    assert case["title"] == "王先生138****5678反映垃圾"
    assert "王小明" not in got.body.decode() and "13812345678" not in got.body.decode()
    [done] = delivered()
    assert (done["status"], done["tries"], done["http_status"], done["webhook_id"]) == ("sent", 1, 204, hook.id)
    assert actions.send_webhooks() == 0 and len(other.got) == 1


def test_of_a_confidential_case_only_the_number_goes_out(world: SimpleNamespace, other: Server) -> None:
    subscribed(token(world, "440304"), other.url)
    report(world, by="alice", title="举报某工地", confidential=True)
    relayed()
    actions.send_webhooks()
    assert other.got[0].json["case"]["title"] == ""


def test_a_failure_is_tried_again_with_the_same_id_and_body(world: SimpleNamespace, other: Server) -> None:
    _, secret = subscribed(token(world, "440304"), other.url)
    report(world, by="alice")
    relayed()
    other.answers = [500, 503]
    now = clock.now() + timedelta(seconds=1)
    for later, status in ((0, "waiting"), (16, "waiting"), (90, "sent")):
        with clock.at(now + timedelta(seconds=later)):
            actions.send_webhooks()
            assert actions.send_webhooks() == 0, "not before its time"
            assert delivered()[0]["status"] == status
    assert len(other.got) == 3
    assert len({(g.headers["webhook-id"], g.body) for g in other.got}) == 1
    assert len({g.headers["webhook-timestamp"] for g in other.got}) == 3
    assert all(g.is_signed_with(secret) for g in other.got)
    assert (delivered()[0]["tries"], delivered()[0]["error"]) == (3, "")


def test_what_fails_again_and_again_is_given_up_visibly_and_sent_again_by_hand(
    world: SimpleNamespace, other: Server
) -> None:
    by = token(world, "440304")
    subscribed(by, other.url)
    report(world, by="alice")
    relayed()
    other.answers = [500] * TRIES
    now = clock.now()
    for day in range(TRIES + 2):
        with clock.at(now + timedelta(days=day)):
            actions.send_webhooks()
    assert len(other.got) == TRIES
    sam = world.as_("sam")
    bind(sam)
    [failed] = queries.deliveries(by=sam, failed=True)["items"]
    assert (failed["status"], failed["http_status"], failed["error"], failed["tries"]) == (
        "given_up",
        500,
        "HTTP 500",
        TRIES,
    )
    assert queries.webhooks(by=by)[0]["given_up"] == 1
    actions.send_again(by=sam, delivery=failed["id"])
    assert actions.send_webhooks() == 1
    assert queries.deliveries(by=sam, failed=True)["items"] == []
    assert other.got[-1].headers["webhook-id"] == other.got[0].headers["webhook-id"]
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'notices.delivery.sent_again'") == 1
    actions.send_again(by=by, delivery=failed["id"])  # a receiver that lost its data asks for it anew
    assert actions.send_webhooks() == 1


def test_a_failure_lets_the_rest_wait_and_keeps_their_tries(world: SimpleNamespace, other: Server) -> None:
    subscribed(token(world, "440304"), other.url)
    for _ in range(3):
        report(world, by="alice")
    relayed()
    other.answers = [502]
    assert actions.send_webhooks() == 0
    assert [d["tries"] for d in delivered()] == [1, 0, 0]
    with clock.at(clock.now() + timedelta(seconds=20)):
        assert actions.send_webhooks() == 3
    assert len(other.got) == 4


def test_a_receiver_that_is_gone_for_good_is_not_tried_again(world: SimpleNamespace, other: Server) -> None:
    subscribed(token(world, "440304"), other.url)
    report(world, by="alice")
    relayed()
    other.answers = [410]
    actions.send_webhooks()
    assert delivered()[0]["status"] == "given_up"


def test_redirects_are_not_followed(world: SimpleNamespace, other: Server) -> None:
    subscribed(token(world, "440304"), other.url)
    report(world, by="alice")
    relayed()
    other.answers = [302]
    actions.send_webhooks()
    assert [g.path for g in other.got] == ["/"]
    assert delivered()[0]["error"] == "HTTP 302 (redirects are not followed)"


def test_a_system_is_told_of_what_its_token_may_read_and_of_the_events_it_chose(
    world: SimpleNamespace, other: Server
) -> None:
    subscribed(token(world, "440308"), other.url + "/yantian")
    subscribed(token(world, "4403"), other.url + "/city", events=["dispatched"])
    subscribed(token(world, "4403"), other.url + "/haishan-only", areas=[HAISHAN])
    row = report(world, by="alice")
    act(world, "bob", "accept", row)
    act(world, "bob", "dispatch", row, unit=world.units.cleaners)
    report(world, by="charlie", grid=HAISHAN + "001001")
    relayed()
    actions.send_webhooks()
    got = sorted((g.path, g.json["type"], g.json["case"]["district"]) for g in other.got)
    assert got == [
        ("/city", "case.dispatched", "440304"),
        ("/haishan-only", "case.reported", "440308"),
        ("/yantian", "case.reported", "440308"),
    ]


def test_a_token_that_ended_is_told_nothing_more(world: SimpleNamespace, other: Server) -> None:
    by = token(world, "440304")
    subscribed(by, other.url)
    secu = world.as_("secu")
    bind(secu)
    report(world, by="alice")
    relayed()
    assert by.id is not None
    revoke_token(by=secu, token=by.id)
    report(world, by="alice")
    relayed()
    actions.send_webhooks()
    assert [d["status"] for d in delivered()] == ["dropped"]
    assert other.got == []
    assert queries.webhooks(by=secu)[0]["token_valid"] is False


def test_the_old_secret_signs_beside_the_new_one_for_a_day(world: SimpleNamespace, other: Server) -> None:
    by = token(world, "440304")
    hook, old = subscribed(by, other.url)
    _, new = actions.renew_secret(by=by, webhook=hook.id)
    actions.ping(by=by, webhook=hook.id)
    actions.send_webhooks()
    assert other.got[0].is_signed_with(old) and other.got[0].is_signed_with(new)
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        actions.ping(by=by, webhook=hook.id)
        actions.send_webhooks()
    assert not other.got[1].is_signed_with(old) and other.got[1].is_signed_with(new)
    with acting(SYSTEM):
        stored = rows.one("SELECT secret_sealed, old_sealed FROM notices_webhook")
    assert (
        stored is not None
        and old.encode() not in bytes(stored["old_sealed"])
        and new.encode() not in bytes(stored["secret_sealed"])
    )


def test_a_ping_says_whether_the_system_can_be_reached(world: SimpleNamespace, other: Server) -> None:
    by = token(world, "440304")
    hook, secret = subscribed(by, other.url)
    made = actions.ping(by=by, webhook=hook.id)
    actions.send_webhooks()
    assert other.got[0].json | {"at": ""} == {"id": str(made.id), "type": "ping", "at": "", "case": None}
    assert other.got[0].is_signed_with(secret)
    bind(by)
    assert queries.delivery(by=by, delivery=made.id)["status"] == "sent"


def test_a_removed_webhook_gets_nothing_and_is_gone(world: SimpleNamespace, other: Server) -> None:
    by = token(world, "440304")
    hook, _ = subscribed(by, other.url)
    report(world, by="alice")
    relayed()
    actions.remove_webhook(by=by, webhook=hook.id)
    report(world, by="alice")
    relayed()
    actions.send_webhooks()
    assert other.got == [] and [d["status"] for d in delivered()] == ["dropped"]
    assert queries.webhooks(by=by) == []
    with pytest.raises(NotFound):
        actions.ping(by=by, webhook=hook.id)


def test_a_token_sees_and_changes_its_own_webhooks_alone(world: SimpleNamespace, other: Server) -> None:
    mine, theirs = token(world, "440304"), token(world, "440304")
    hook, _ = subscribed(theirs, other.url)
    assert theirs.id is not None
    made = actions.ping(by=theirs, webhook=hook.id)
    bind(mine)
    assert queries.webhooks(by=mine) == [] and queries.deliveries(by=mine)["items"] == []
    for attempt in (
        lambda: actions.change_webhook(by=mine, webhook=hook.id, version=1, changes={"name": "x"}),
        lambda: actions.renew_secret(by=mine, webhook=hook.id),
        lambda: actions.remove_webhook(by=mine, webhook=hook.id),
        lambda: actions.send_again(by=mine, delivery=made.id),
        lambda: queries.delivery(by=mine, delivery=made.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(Invalid):
        actions.add_webhook(by=mine, id=uuid7(), name="x", url=other.url, token=theirs.id)


def test_changes_are_by_version_and_on_record(world: SimpleNamespace, other: Server) -> None:
    by = token(world, "440304")
    hook, _ = subscribed(by, other.url)
    changed = actions.change_webhook(by=by, webhook=hook.id, version=1, changes={"name": "新热线", "active": False})
    assert (changed.name, changed.active, changed.version) == ("新热线", False, 2)
    with pytest.raises(Conflict):
        actions.change_webhook(by=by, webhook=hook.id, version=1, changes={"active": True})
    with pytest.raises(Conflict):
        actions.ping(by=by, webhook=hook.id)
    with acting(SYSTEM):
        tags = [r["tag"] for r in rows.all("SELECT tag FROM ledger_entry WHERE kind = 'webhook' ORDER BY pos")]
    assert tags == ["notices.webhook.added", "notices.webhook.changed"]


def test_an_administrator_subscribes_for_a_token_that_can_read_cases(world: SimpleNamespace, other: Server) -> None:
    good, blind = token(world, "440304"), token(world, "440304", permissions=("notices.webhooks",))
    secu = world.as_("secu")
    for wrong in (None, uuid7(), blind.id):
        with pytest.raises(Invalid) as refused:
            actions.add_webhook(by=secu, id=uuid7(), name="x", url=other.url, token=wrong)
        assert refused.value.errors[0].path == "body.token"
    key = uuid7()
    bind(secu)
    _, secret = actions.add_webhook(by=secu, id=key, name="x", url=other.url, token=good.id)
    _, again = actions.add_webhook(by=secu, id=key, name="x", url=other.url, token=good.id)
    assert secret is not None and again is None
    with pytest.raises(Invalid):
        actions.add_webhook(by=secu, id=key, name="other", url=other.url, token=good.id)


# — where it may go ————————————————————————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://192.168.1.1:8080/", "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/", "https://0.0.0.0/",
        "https://[64:ff9b::7f00:1]/", "https://2130706433/", "https://0x7f000001/", "https://224.0.0.1/", "https://100.64.0.1/",
        "http://93.184.216.34/", "ftp://93.184.216.34/", "https://user:pw@93.184.216.34/", "https://93.184.216.34/#x", "https://93.184.216.34:0x/",
        "https:///x", "https://93.184.216.34/a\r\nX: y", "https://no-such-host.invalid/",
    ],
)  # fmt: skip
def test_internal_and_odd_addresses_are_refused(world: SimpleNamespace, url: str) -> None:
    by = token(world, "440304")
    with pytest.raises(Invalid) as refused:
        actions.add_webhook(by=by, id=uuid7(), name="x", url=url)
    assert refused.value.errors[0].path == "body.url"


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        (("10.0.0.0/8",), "http://10.1.2.3:8080/hook"),
        (("10.1.2.3",), "https://10.1.2.3/"),
        (("localhost",), "http://localhost:9/"),
        (("fd00::/8",), "https://[fd00::1]/"),
        ((), "https://93.184.216.34/"),
    ],
)
def test_hosts_of_the_settings_and_public_ones_are_not(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...], url: str
) -> None:
    configured(monkeypatch, webhook_hosts=allowed)
    by = token(world, "440304")
    subscribed(by, url)


def test_the_address_is_looked_at_again_when_something_is_sent(
    world: SimpleNamespace, other: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = token(world, "440304")
    hook, _ = subscribed(by, other.url)
    configured(monkeypatch, webhook_hosts=())
    actions.ping(by=by, webhook=hook.id)
    assert actions.send_webhooks() == 0
    assert other.got == []
    assert "internal address" in delivered()[0]["error"]


def test_a_receiver_that_answers_by_drops_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                pause = threading.Event()
                try:
                    while not pause.wait(0.1):
                        connection.sendall(b"H")
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(Failed) as failed:
            webhook.post(
                f"http://127.0.0.1:{listening.getsockname()[1]}/", body=b"{}", headers={}, allowed=("127.0.0.1",)
            )
    assert failed.value.unreachable


# — crashes and several workers ————————————————————————————————————————————————————————————————————————————————————————————


def test_what_a_lost_worker_had_claimed_is_sent_by_the_next(real_world: SimpleNamespace, other: Server) -> None:
    by = token(real_world, "440304")
    subscribed(by, other.url)
    report(real_world, by="alice")
    while relay.relay_once():
        pass
    with acting(SYSTEM):
        rows.run("UPDATE notices_delivery SET claimed_until = now() + interval '5 minutes', tries = 1")
    assert actions.send_webhooks() == 0
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert actions.send_webhooks() == 1
    assert delivered()[0]["tries"] == 2


def test_two_workers_at_once_send_everything_once(real_world: SimpleNamespace, other: Server) -> None:
    by = token(real_world, "440304")
    subscribed(by, other.url)
    for _ in range(15):
        report(real_world, by="alice")
    while relay.relay_once():
        pass

    def work(_: int) -> int:
        try:
            return sum(actions.send_webhooks() for _ in range(4))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, range(2))) == 15
    assert len({g.headers["webhook-id"] for g in other.got}) == len(other.got) == 15
    assert [orjson.loads(d["body"])["id"] for d in delivered()] == [str(d["id"]) for d in delivered()]


# — over HTTP ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_the_whole_way_of_a_webhook_over_the_api(
    world: SimpleNamespace, other: Server, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(monkeypatch, webhook_hosts=("127.0.0.1",), demo=True)
    by, hook = token(world, "440304"), str(uuid7())
    made = ask(
        "secu",
        "POST",
        "/webhooks",
        {"id": hook, "name": "热线", "url": other.url, "token": by.id, "events": ["reported"]},
    )
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    shown = ask("secu", "GET", f"/webhooks/{hook}").json()
    assert "secret" not in shown and (shown["events"], shown["token_valid"], shown["active"]) == (
        ["reported"],
        True,
        True,
    )
    pinged = ask("secu", "POST", f"/webhooks/{hook}/ping")
    assert (pinged.status_code, pinged.json()["status"], pinged.json()["event"]) == (202, "waiting", "ping")
    other.answers = [410]
    actions.send_webhooks()
    [failed] = ask("sam", "GET", "/notices/deliveries?failed=true&channel=webhook").json()["items"]
    assert (failed["id"], failed["status"], failed["http_status"]) == (pinged.json()["id"], "given_up", 410)
    assert ask("sam", "POST", f"/notices/deliveries/{failed['id']}/retry").json()["status"] == "waiting"
    actions.send_webhooks()
    assert ask("sam", "GET", f"/notices/deliveries?webhook={hook}&status=sent").json()["items"][0]["tries"] == 1
    changed = ask("secu", "PATCH", f"/webhooks/{hook}", {"version": 1, "events": [], "active": False})
    assert (changed.json()["events"], changed.json()["active"], changed.json()["version"]) == ([], False, 2)
    assert ask("secu", "PATCH", f"/webhooks/{hook}", {"version": 1, "name": "x"}).status_code == 409
    assert ask("secu", "POST", f"/webhooks/{hook}/secret").json()["secret"] != made.json()["secret"]
    refused = ask("secu", "PATCH", f"/webhooks/{hook}", {"version": 3, "url": "https://10.0.0.1/"})
    assert refused.json()["errors"][0]["path"] == "body.url" and "webhook_hosts" in refused.json()["detail"]
    assert ask("secu", "DELETE", f"/webhooks/{hook}").status_code == 204
    assert ask("secu", "GET", f"/webhooks/{hook}").status_code == 404
    assert ask("secu", "GET", "/webhooks").json() == {"items": []}
    for method, path in (("GET", f"/webhooks/{uuid7()}"), ("POST", f"/notices/deliveries/{uuid7()}/retry")):
        assert ask("secu", method, path).status_code == 404
