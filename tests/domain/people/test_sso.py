"""Single sign-on against a provider of its own process: Alice works in a grid, Bob at a desk, Secu appoints people."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client

from tests.domain.people.conftest import GRIDS, PASSWORD, principal_of
from tests.domain.people.test_commands import run
from tests.support.provider import CLIENT, SECRET
from tests.support.provider import provider as running
from wangge import config
from wangge.domain.people.models import Identity, Post, Session, User
from wangge.domain.people.sso import mapping, provider
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Forbidden, Invalid

API = "/api/v1"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture(autouse=True)
def switched_on(people: Any, issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.forget()
    tell(issuer, people=PEOPLE, spoil={})
    configure(
        monkeypatch, sso_issuer=issuer, sso_client_id=CLIENT, sso_client_secret=SECRET, demo=False, local_login=True
    )


PEOPLE = {
    "alice": {"sub": "a-1", "preferred_username": "Alice", "name": "艾丽"},
    "bob": {"sub": "b-1", "preferred_username": "bob"},
    "secu": {"sub": "s-1", "preferred_username": "secu"},
    "nora": {"sub": "n-1", "preferred_username": "nora", "name": "诺拉", "groups": ["grid", "staff"], "grid": GRIDS[1]},
}


def configure(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, **values))


def tell(issuer: str, **what: Any) -> Any:
    return httpx.post(f"{issuer}/control", json=what, trust_env=False).json()


def rule(**given: Any) -> dict[str, Any]:
    return {"id": uuid7(), "claim": "groups", "value": "grid", "role": "grid_worker", "place_claim": "grid"} | given


def mapped(*rules: dict[str, Any], **how: Any) -> None:
    by = principal_of("secu")
    version = mapping.show(by=by)["version"]
    given = {"login_claim": "preferred_username", "name_claim": "name", "link_by_login": True, "create_accounts": False}
    mapping.replace(by=by, version=version, rules=list(rules), **(given | how))


def to_provider(client: Client, person: str, then: str = "/queue") -> str:
    """Alice presses the button and is let in over there; returns where the provider sends her back to."""
    sent = client.get(f"{API}/session/sso?app=console&then={then}")
    assert sent.status_code == 302, sent.content
    return httpx.get(sent["Location"] + f"&as={person}", trust_env=False).headers["Location"]


def back(client: Client, address: str) -> dict[str, str]:
    """What the log-in page is told in its address."""
    parts = urlsplit(address)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302, answer.content
    said = urlsplit(answer["Location"])
    return {"page": said.path} | {k: v[0] for k, v in parse_qs(said.query).items()}


def enter(person: str) -> tuple[Client, dict[str, str]]:
    client = Client()
    return client, back(client, to_provider(client, person))


def me(client: Client) -> Any:
    return client.get(f"{API}/session").json()


def test_who_the_provider_knows_is_logged_in_and_goes_on_where_she_was() -> None:
    mapped()
    client, said = enter("alice")
    assert said == {"page": "/console/log-in", "sso": "in", "then": "/queue"}
    assert (me(client)["login"], me(client)["pending"], me(client)["roles"]) == ("alice", None, ["grid_worker"])
    cookie = client.cookies["wangge_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    linked = rows.one("SELECT body ->> 'how' AS how FROM ledger_entry WHERE tag = 'people.sso.linked'")
    assert linked == {"how": "log-in"}


def test_without_a_mapping_nobody_is_linked_or_made() -> None:
    for person in ("alice", "nora"):
        client, said = enter(person)
        assert (said["sso"], "wangge_session" in client.cookies) == ("unknown", False)
    assert not Identity.objects.exists()


def test_a_subject_stays_the_same_person_whatever_log_in_name_it_gives_later(issuer: str) -> None:
    mapped()
    enter("alice")
    tell(issuer, people={"alice": {"sub": "a-1", "preferred_username": "bob"}})
    assert me(enter("alice")[0])["login"] == "alice"
    tell(issuer, people={"mallory": {"sub": "m-1", "preferred_username": "alice"}})
    assert enter("mallory")[1]["sso"] == "unknown"


def test_a_rule_makes_an_account_with_its_post_and_takes_the_post_back(issuer: str) -> None:
    mapped(rule(), create_accounts=True)
    client, said = enter("nora")
    assert said["sso"] == "in"
    assert me(client)["scope"]["grids"] == [GRIDS[1]]
    tell(issuer, people={"nora": {**PEOPLE["nora"], "grid": GRIDS[2]}})
    enter("nora")
    assert me(client)["scope"]["grids"] == [GRIDS[2]]  # her first session too: rights are of the moment
    tell(issuer, people={"nora": {**PEOPLE["nora"], "groups": ["staff"]}})
    enter("nora")
    assert me(client)["roles"] == []


def test_rules_leave_posts_alone_that_were_given_by_hand() -> None:
    mapped(rule(value="nobody"))
    enter("alice")
    assert Post.objects.get(user__login="alice", ends=None).sso_rule is None


def test_a_rule_that_is_taken_away_ends_its_posts_at_once() -> None:
    mapped(rule(), create_accounts=True)
    client, _ = enter("nora")
    mapped()
    assert me(client)["roles"] == []


def test_a_place_that_is_not_there_gives_nothing_and_lets_in(issuer: str) -> None:
    mapped(rule(), create_accounts=True)
    tell(issuer, people={"nora": {**PEOPLE["nora"], "grid": ["440304010001999", "x", GRIDS[0]]}})
    assert me(enter("nora")[0])["scope"]["grids"] == [GRIDS[0]]


def test_an_administrator_is_tied_by_hand_alone_and_by_another(people: Any) -> None:
    mapped()
    assert enter("secu")[1]["sso"] == "unknown"
    with pytest.raises(Forbidden):
        mapping.link_by_hand(by=principal_of("secu"), user=people.secu, subject="s-1")
    with pytest.raises(Invalid):
        mapped(rule(role="security_admin", place_claim=None))
    mapping.link_by_hand(by=SYSTEM, user=people.secu, subject="s-1")
    assert enter("secu")[1]["sso"] == "factor"  # and only with a second factor
    with pytest.raises(Invalid):
        mapping.link_by_hand(by=principal_of("secu"), user=people.alice, subject="s-1")


def test_a_second_factor_is_shown_there_or_here(issuer: str) -> None:
    mapped()
    assert enter("bob")[1]["sso"] == "factor"
    tell(issuer, people={"bob": {**PEOPLE["bob"], "amr": ["pwd", "mfa"]}})
    client, said = enter("bob")
    assert (said["sso"], me(client)["pending"]) == ("in", None)
    rows.run("UPDATE people_credential SET factor_sealed = 'x', factor_at = now() WHERE user_id = %(bob)s",
             {"bob": User.objects.get(login="bob").id})  # fmt: skip
    tell(issuer, people={"bob": PEOPLE["bob"]})
    assert me(enter("bob")[0])["pending"] == "second_factor"


def test_keys_may_change_at_any_time() -> None:
    mapped()
    issuer = settings.CONFIG.sso_issuer
    enter("alice")
    tell(issuer, rotate=True)
    assert (
        enter("alice")[1]["sso"] == "provider"
    )  # the keys were fetched a moment ago, and are not asked for again at once
    provider.provider()._keys.at -= provider.AGAIN_AFTER
    assert enter("alice")[1]["sso"] == "in"


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "another"},
        {"aud": "somebody else"},
        {"aud": [CLIENT, "x"], "azp": "x"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 1},
        {"alg": "none"},
        {"alg": "HS256"},
        {"key": "stolen name"},
    ],
    ids=lambda s: "-".join(map(str, s)),
)
def test_a_token_that_is_not_right_opens_nothing(issuer: str, spoil: dict[str, Any]) -> None:
    mapped()
    tell(issuer, spoil=spoil)
    client, said = enter("alice")
    assert (said["sso"], "wangge_session" in client.cookies) == ("provider", False)


def test_an_answer_counts_once_and_only_in_the_browser_that_asked() -> None:
    mapped()
    client = Client()
    address = to_provider(client, "alice")
    kept = client.cookies["wangge_sso"].value
    assert back(Client(), address)["sso"] == "expired"
    assert back(client, address.replace("state=", "state=x"))["sso"] == "expired"
    client.cookies["wangge_sso"] = kept
    assert back(client, address.replace("127.0.0.1", "127.0.0.2"))["sso"] == "provider"  # its `iss`: another provider
    client.cookies["wangge_sso"] = kept
    assert back(client, address)["sso"] == "in"
    client.cookies["wangge_sso"] = kept
    assert back(client, address)["sso"] == "provider"  # the code was used
    client.cookies["wangge_sso"] = kept
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert back(client, address)["sso"] == "expired"


def test_nobody_is_sent_to_another_site() -> None:
    for then in ("//evil.example", "/\\evil.example", "https://evil.example"):
        assert Client().get(f"{API}/session/sso", {"then": then}).status_code == 422


def test_a_provider_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, sso_issuer="http://127.0.0.1:9")
    answer = Client().get(f"{API}/session/sso")
    assert answer["Location"].startswith("/console/log-in?sso=provider")


def test_signing_out_ends_both_sessions_and_the_provider_can_end_ours(issuer: str, people: Any) -> None:
    mapped()
    client, _ = enter("alice")
    further = client.delete(f"{API}/session").json()["next"]
    assert further.startswith(f"{issuer}/end?client_id={CLIENT}")
    assert me(client)["status"] == 401

    one, _ = enter("alice")
    other, _ = enter("alice")
    sid = Session.objects.filter(user_id=people.alice, ended_at=None).order_by("created_at")[0].provider_session
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}

    def said(**claims: Any) -> int:
        token = tell(issuer, logout={"jti": "1", "events": events} | claims)["logout_token"]
        return Client().post(f"{API}/session/sso/back-channel", {"logout_token": token}).status_code

    assert said(sub="a-1", nonce="x") == said(sub="a-1", events={}) == said() == 422
    assert me(one)["login"] == "alice"
    assert said(sid=sid, sub="a-1") == 204
    assert (me(one).get("status"), me(other).get("login")) == (401, "alice")
    assert said(sub="a-1") == 204
    assert me(other)["status"] == 401


def test_a_log_in_by_password_has_nowhere_to_sign_out_to() -> None:
    client = Client()
    client.post(f"{API}/session", {"login": "alice", "password": PASSWORD}, content_type="application/json")
    assert client.delete(f"{API}/session").json() == {"next": None}


def test_with_local_log_in_switched_off_a_password_counts_only_for_who_was_let_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(monkeypatch, local_login=False)

    def attempt() -> Any:
        body = {"login": "alice", "password": PASSWORD}
        return Client().post(f"{API}/session", body, content_type="application/json", headers={"Accept-Language": "en"})

    assert Client().get(f"{API}/session/ways").json() == {"password": False, "sso": {"name": ""}}
    assert (attempt().status_code, "single sign-on" in attempt().json()["detail"]) == (401, True)
    assert run("let-in", "alice", "--minutes", "10") == 0
    assert attempt().status_code == 200
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert attempt().status_code == 401
    assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'people.login.let_in'") == 1
    assert "alice" in capsys.readouterr().out


def test_the_mapping_is_tried_without_a_log_in_and_set_from_what_was_seen() -> None:
    mapped(rule(claim="realm.roles"))
    by = principal_of("secu")
    tried = mapping.attempt(
        by=by, claims={"preferred_username": " NORA", "realm": {"roles": ["grid"]}, "grid": GRIDS[0]}
    )
    assert (tried["login"], [p["grid"] for p in tried["posts"]]) == ("nora", [GRIDS[0]])
    assert not User.objects.filter(login="nora").exists()
    with pytest.raises(Conflict):
        mapping.replace(by=by, version=0, rules=[])
    with pytest.raises(Forbidden):
        mapping.show(by=principal_of("fiona"))  # who appoints in one district gives nobody rights elsewhere


@pytest.mark.parametrize(
    "given",
    [
        {"WANGGE_SSO_ISSUER": "http://idp.example"},
        {"WANGGE_SSO_ISSUER": "https://idp.example"},
        {"WANGGE_LOCAL_LOGIN": "false"},
    ],
)
def test_settings_by_which_nobody_could_log_in_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        config.load(given)
