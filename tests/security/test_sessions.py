"""Cookies, the origin of a request, and what a session outlives: what an attacker beside the browser could plant, keep or send."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
from django.test import Client

from tests.support.world import PASSWORD
from wangge.domain.live import app as live
from wangge.domain.people import factor, passwords
from wangge.domain.people.models import Credential, Session, User
from wangge.kernel import clock, crypto
from wangge.kernel.crypto import Use

LOG_IN = {"login": "bob", "password": PASSWORD}
ME = "/api/v1/session"
JSON = "application/json"


def log_in(client: Client, **headers: str) -> Any:
    return client.post(ME, LOG_IN, content_type=JSON, headers=headers)


# — the cookie ————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_over_https_the_cookie_is_this_hosts_alone_and_nothing_else_counts(world: SimpleNamespace, https: None) -> None:
    browser = Client()
    assert log_in(browser).status_code == 200
    [cookie] = browser.cookies.values()
    assert cookie.key == "__Host-wangge_session"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert browser.get(ME).status_code == 200
    planted = Client()  # a neighbouring host or somebody on the line can set a cookie of any name without the prefix
    planted.cookies["wangge_session"] = cookie.value
    assert planted.get(ME).status_code == 401
    assert live._token({"cookie": f"__Host-wangge_session={cookie.value}; wangge_session=other"}) == cookie.value
    assert live._token({"cookie": f"wangge_session={cookie.value}"}) == ""


def test_without_https_the_cookie_has_a_name_that_a_browser_takes(world: SimpleNamespace) -> None:
    browser = Client()
    assert log_in(browser).status_code == 200
    [cookie] = browser.cookies.values()
    assert (cookie.key, cookie["secure"], cookie["httponly"], cookie["samesite"]) == (
        "wangge_session",
        "",
        True,
        "Strict",
    )


def test_a_log_out_takes_the_cookie_and_the_session(world: SimpleNamespace, https: None) -> None:
    browser = Client()
    log_in(browser)
    token = browser.cookies["__Host-wangge_session"].value
    assert browser.delete(ME).status_code == 200
    assert browser.cookies["__Host-wangge_session"].value == ""
    browser.cookies["__Host-wangge_session"] = token
    assert browser.get(ME).status_code == 401


def test_no_token_is_taken_from_an_address(world: SimpleNamespace) -> None:
    token = Client().post(ME, LOG_IN | {"as_token": True}, content_type=JSON).json()["token"]
    for name in ("token", "access_token", "session", "wangge_session"):
        assert Client().get(ME, {name: token}).status_code == 401


# — fixation and renewal ——————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_log_in_never_goes_on_with_a_token_that_was_there_and_ends_that_session(world: SimpleNamespace) -> None:
    browser = Client()
    browser.cookies["wangge_session"] = planted = "a" * 43
    log_in(browser)
    first = browser.cookies["wangge_session"].value
    assert first != planted
    log_in(browser)
    assert browser.cookies["wangge_session"].value != first
    old = Client()
    old.cookies["wangge_session"] = first
    assert old.get(ME).status_code == 401
    bob = User.objects.get(login="bob").id
    assert list(Session.objects.filter(user_id=bob).order_by("created_at").values_list("ended_by", flat=True)) == [
        "replaced",
        "",
    ]


def test_a_log_in_of_another_client_ends_nobodys_session(world: SimpleNamespace) -> None:
    one, other = Client(), Client()
    log_in(one)
    log_in(other)
    assert one.get(ME).status_code == other.get(ME).status_code == 200


def test_what_was_known_of_a_session_before_its_second_factor_opens_nothing_afterwards(
    world: SimpleNamespace, settings: Any
) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, demo=False)
    browser = Client()
    assert log_in(browser).json()["pending"] == "second_factor_setup"
    before = [browser.cookies["wangge_session"].value]
    secret = browser.post("/api/v1/me/second-factor", {"password": PASSWORD}, content_type=JSON).json()["secret"]
    code = {"code": pyotp.TOTP(secret).at(clock.now())}
    assert browser.post("/api/v1/me/second-factor/confirm", code, content_type=JSON).status_code == 200
    assert browser.get("/api/v1/cases").status_code == 200
    assert log_in(browser).json()["pending"] == "second_factor"
    before.append(browser.cookies["wangge_session"].value)
    with clock.at(clock.now() + timedelta(seconds=60)):
        code = {"code": pyotp.TOTP(secret).at(clock.now())}
        assert browser.post(f"{ME}/second-factor", code, content_type=JSON).json()["pending"] is None
        assert browser.get("/api/v1/cases").status_code == 200
        for token in before:
            known = Client()
            known.cookies["wangge_session"] = token
            assert known.get(ME).status_code == 401


# — another site ——————————————————————————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # a neighbouring host of our domain is not us
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:81"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    ],
    ids=str,
)
def test_a_cookie_does_not_count_when_another_site_writes(world: SimpleNamespace, headers: dict[str, str]) -> None:
    browser = Client()
    log_in(browser)
    for send, path in (
        (browser.post, "/api/v1/views"),
        (browser.put, "/api/v1/me/password"),
        (browser.patch, "/api/v1/me"),
        (browser.delete, "/api/v1/sessions"),
    ):
        assert send(path, {"language": "en"}, content_type=JSON, headers=headers).status_code == 403
    assert log_in(Client(), **headers).status_code == 403, "nor is anybody logged in from there, as somebody else"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_of_another_site_can_send_no_act_whatever_it_calls_its_body(world: SimpleNamespace, kind: str) -> None:
    browser = Client()
    log_in(browser)
    answer = browser.generic(
        "POST", "/api/v1/cases", '{"id": "1"}', content_type=kind, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {}], ids=str)
def test_our_own_pages_write(world: SimpleNamespace, headers: dict[str, str]) -> None:
    browser = Client()
    log_in(browser)
    assert browser.patch("/api/v1/me", {"language": "en"}, content_type=JSON, headers=headers).status_code == 200


def test_no_page_of_another_origin_reads_an_answer(world: SimpleNamespace) -> None:
    """No CORS anywhere but on what is public by its standard (Open311), and the live stream's own host."""
    origin = {"Origin": "https://evil.example"}
    for path in (ME, "/api/v1/cases", "/api/v1/openapi.json", "/ogc/", "/start"):
        assert "Access-Control-Allow-Origin" not in Client().get(path, headers=origin)
    shown = Client().get("/open311/v2/services.json", headers=origin)
    assert (shown["Access-Control-Allow-Origin"], "Access-Control-Allow-Credentials" in shown) == ("*", False)
    assert live._cors({"origin": "https://evil.example", "host": "grid.example:8001"}) == [(b"vary", b"Origin")]
    assert (b"access-control-allow-credentials", b"true") in live._cors(
        {"origin": "https://grid.example", "host": "grid.example:8001"}
    )


# — passwords and codes ———————————————————————————————————————————————————————————————————————————————————————————————————


def test_a_password_counts_as_it_was_typed(world: SimpleNamespace) -> None:
    browser, typed = Client(), "  Under the Öld oak 榕树  "
    log_in(browser)
    body = {"current": PASSWORD, "new": typed}
    assert browser.put("/api/v1/me/password", body, content_type=JSON).status_code == 204
    for wrong in (typed.strip(), typed.upper(), typed + " "):
        assert Client().post(ME, LOG_IN | {"password": wrong}, content_type=JSON).status_code == 401
    assert Client().post(ME, LOG_IN | {"password": typed}, content_type=JSON).status_code == 200


def test_a_long_password_counts_to_its_last_character(world: SimpleNamespace) -> None:
    browser, long = Client(), "长口令的每一个字符都算数 " * 9 + "x"
    assert 64 < len(long) <= 128
    log_in(browser)
    assert browser.put("/api/v1/me/password", {"current": PASSWORD, "new": long}, content_type=JSON).status_code == 204
    assert Client().post(ME, LOG_IN | {"password": long[:-1] + "y"}, content_type=JSON).status_code == 401
    assert Client().post(ME, LOG_IN | {"password": long}, content_type=JSON).status_code == 200


def test_a_first_password_that_was_left_lying_opens_nothing_any_more(world: SimpleNamespace) -> None:
    bob = User.objects.get(login="bob").id
    Credential.objects.filter(user_id=bob).update(must_change=True, password_at=clock.now())
    with clock.at(clock.now() + timedelta(days=29)):
        assert log_in(Client()).json()["pending"] == "password"
    with clock.at(clock.now() + timedelta(days=31)):
        late = log_in(Client(), **{"Accept-Language": "en"})
        assert (late.status_code, "30 days" in late.json()["detail"]) == (401, True)
        wrong = Client().post(ME, LOG_IN | {"password": "x"}, content_type=JSON, headers={"Accept-Language": "en"})
        assert (wrong.status_code, "30 days" in wrong.json()["detail"]) == (401, False), "told to who knows it alone"
        Credential.objects.filter(user_id=bob).update(must_change=False)
        assert log_in(Client()).status_code == 200, "one's own password has no age"


def test_who_has_the_database_cannot_try_out_recovery_codes(world: SimpleNamespace) -> None:
    """Ten characters can be tried one by one: what is stored of them needs a key that is not in the database, and says whose they are."""
    import hashlib

    code, [one, other] = factor.new_recovery_codes()[0], list(User.objects.values_list("id", flat=True)[:2])
    stored = factor.recovery_hash(one, code)
    plain = code.replace("-", "")
    assert stored not in {
        hashlib.new(kind, text.encode()).hexdigest() for kind in ("sha256", "sha1", "md5") for text in (code, plain)
    }
    assert stored != factor.recovery_hash(other, code)
    assert stored == factor.recovery_hash(one, f" {code.upper()} ")
    crypto.keyring().rotate(Use.LOOKUP)
    assert factor.recovery_hash(one, code) != stored
    assert stored in factor.recovery_hashes(one, code), "a code made before a rotation is still one"


def test_log_in_looks_as_hard_for_nobody_as_for_somebody(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The costly step is made exactly once with its full cost, whoever is asked for and whatever is wrong."""
    costs: list[int] = []
    verify = passwords.Argon2.verify

    def counted(self: Any, password: str, encoded: str) -> bool:
        costs.append(self.decode(encoded)["memory_cost"])
        return verify(self, password, encoded)

    monkeypatch.setattr(passwords.Argon2, "verify", counted)
    passwords._dummy()
    found = {}
    Credential.objects.filter(user__login="bob").update(password=passwords.hashed(PASSWORD))
    User.objects.filter(login="cora").update(active=False)
    for login in ("bob", "charlie", "cora", "nobody"):  # a chosen password, a first one, a closed account, none
        costs.clear()
        assert Client().post(ME, {"login": login, "password": "wrong"}, content_type=JSON).status_code == 401
        found[login] = costs.count(passwords.FULL.memory_cost)
    assert set(found.values()) == {1}


def test_a_lock_out_leaves_those_alone_who_are_in_and_ends_by_itself_or_by_hand(world: SimpleNamespace) -> None:
    """Anybody can make a log-in wait by failing with its name: that costs its owner no session, and at most an hour."""
    inside = Client()
    log_in(inside)
    stranger = Client()
    for _ in range(6):
        last = stranger.post(ME, LOG_IN | {"password": "guess"}, content_type=JSON)
    assert last.status_code == 429
    assert log_in(Client()).status_code == 429
    assert inside.get("/api/v1/cases").status_code == 200
    secu = Client()
    secu.post(ME, LOG_IN | {"login": "secu"}, content_type=JSON)
    bob = User.objects.get(login="bob").id
    assert secu.post(f"/api/v1/users/{bob}/unlock", content_type=JSON).status_code == 204
    assert log_in(Client()).status_code == 200
