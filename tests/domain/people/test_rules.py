"""What needs no database: roles and scopes, networks, waits, passwords, codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyotp
import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from wangge.domain.people import factor, passwords, rules
from wangge.kernel.access.roles import ADMINISTRATORS, ALL_STAFF, Role
from wangge.kernel.problems import Invalid
from wangge.kernel.web.address import client_address


def test_every_role_of_a_post_has_its_scopes_and_every_duty_its_words() -> None:
    assert set(rules.ROLE_SCOPES) == ALL_STAFF
    assert len(rules.DUTIES) == 28
    assert all(w.zh and w.en for w in [*rules.DUTIES.values(), *rules.UNIT_KINDS.values()])
    assert all(role in rules.ROLE_SCOPES for role, _ in rules.TITLES.values())


def test_exactly_one_scope_that_fits_the_role() -> None:
    def fits(role: Role, **given: object) -> bool:
        where = {"area": None, "grid": None, "unit": None, "everywhere": False} | given
        return rules.scope_fault(role, **where) is None

    assert fits(Role.GRID_WORKER, grid="440304010001001")
    assert fits(Role.GRID_HEAD, area="440304010001")
    assert not fits(Role.GRID_WORKER, area="440304")
    assert not fits(Role.OPERATOR, area="440304", unit="x")
    assert not fits(Role.OPERATOR)
    assert not fits(Role.OPERATOR, everywhere=True)
    assert not fits(Role.INTEGRATION, everywhere=True) and not fits(Role.RESIDENT, everywhere=True)
    assert all(fits(r, everywhere=True) for r in ADMINISTRATORS)


moments = st.integers(0, 20).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n))
spans = st.tuples(moments, st.none() | st.integers(1, 10)).map(
    lambda t: rules.Span(t[0], None if t[1] is None else t[0] + timedelta(hours=t[1]))
)


@given(spans, spans)
def test_spans_overlap_exactly_when_some_hour_is_in_both(a: rules.Span, b: rules.Span) -> None:
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(40)]
    assert a.overlaps(b) is any(a.holds(h) and b.holds(h) for h in hours)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_network(address: str | None, network: str) -> None:
    assert rules.network_of(address) == network


def test_a_token_s_networks() -> None:
    assert rules.network_allowed("10.1.2.3", [])
    assert rules.network_allowed("::ffff:10.1.2.3", ["10.0.0.0/8"])
    assert not rules.network_allowed("11.1.2.3", ["10.0.0.0/8", "2001:db8::/32"])
    assert not rules.network_allowed(None, ["10.0.0.0/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),  # nobody we trust may say so
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the client's own invention stands before
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "rubbish", "127.0.0.1"),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(peer: str, forwarded: str, found: str, settings) -> None:
    settings.CONFIG = SimpleNamespace(trusted_proxies=("127.0.0.1",))
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == found


def test_one_person_one_spelling() -> None:
    assert rules.normal_login(" ＷＡＮＧ.Li ") == rules.normal_login("wang.li") == "wang.li"


def test_the_order_of_what_a_log_in_still_lacks() -> None:
    steps = [
        rules.pending_step(has_factor=True, passed=False, must_change=True, required=True),
        rules.pending_step(has_factor=True, passed=True, must_change=True, required=True),
        rules.pending_step(has_factor=False, passed=False, must_change=True, required=True),
        rules.pending_step(has_factor=False, passed=False, must_change=False, required=True),
        rules.pending_step(has_factor=False, passed=False, must_change=False, required=False),
    ]
    assert steps == ["second_factor", "password", "password", "second_factor_setup", None]


def test_only_those_whose_every_post_is_in_the_grids_get_the_long_life() -> None:
    assert rules.session_life({Role.GRID_WORKER, Role.GRID_HEAD}) == rules.FIELD_LIFE
    assert rules.session_life({Role.GRID_WORKER, Role.OPERATOR}) == rules.DESK_LIFE
    assert rules.session_life(set()) == rules.DESK_LIFE


def test_time_codes_follow_the_vectors_of_rfc_6238_and_each_is_good_once() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", RFC 6238 appendix B
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        moment = datetime.fromtimestamp(seconds, UTC)
        step = factor.matching_step(secret, f"{code[:3]} {code[3:]}", moment, after=0)
        assert step == seconds // 30
        assert factor.matching_step(secret, code, moment, after=step) is None
    moment = datetime.fromtimestamp(1111111109, UTC)
    late = pyotp.TOTP(secret).at(moment - timedelta(seconds=60))
    assert factor.matching_step(secret, late, moment, after=0) is None
    assert factor.matching_step(secret, "٠٨١٨٠٤", moment, after=0) is None


def test_passwords_that_are_refused_say_everything_that_is_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check("12345678", login="wang", name="王")
    assert {e.code for e in refused.value.errors} == {"short", "common", "digits", "words"}
    for guessed in ("Wangge2026!", "网格中心管理员2026", "admin-shequ-12345", "jiedao1234-mima"):
        with pytest.raises(Invalid) as refused:
            passwords.check(guessed, login="lin", name="林")
        assert [e.code for e in refused.value.errors] == ["words"]
    for good in ("correct horse battery", "春眠不觉晓处处闻啼鸟", "我家楼下的社区花园很美", "Tr4ffic-lights-blink"):
        passwords.check(good, login="wang", name="王")


def test_first_passwords_and_recovery_codes_are_all_different() -> None:
    made = {passwords.random_password() for _ in range(500)} | set(factor.new_recovery_codes())
    assert len(made) == 510
