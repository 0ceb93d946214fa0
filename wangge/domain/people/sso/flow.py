"""A log-in by the provider, from the button to the session.

What has to be known when the browser comes back (state, nonce, verifier) travels with it in a sealed cookie for ten minutes: nobody else can read
or make it, and it ties the answer to the browser that asked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from django.conf import settings

from wangge.domain.people import rules
from wangge.domain.people.actions import sessions
from wangge.domain.people.actions.authenticate import factor_required, posts_at
from wangge.domain.people.sso import applying, claims
from wangge.domain.people.sso.provider import Faulty, Provider, provider
from wangge.kernel import clock, crypto
from wangge.kernel.access import PUBLIC_PERSON, Principal
from wangge.kernel.crypto import cipher
from wangge.kernel.problems import NotFound, TooMany
from wangge.kernel.words import Words

log = logging.getLogger("wangge.sso")

KEPT = timedelta(minutes=10)
NO_PROVIDER = Words("本系统没有启用统一身份认证。", "Single sign-on is not set up here.")


class Denied(Exception):
    """``why`` is one word that the log-in page has a sentence for: ``expired``, ``refused``, ``provider``, ``unknown``, ``factor``, ``locked``."""

    def __init__(self, why: str, asked: Asked | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.asked = asked


class Asked(NamedTuple):
    """What one log-in began with. ``app`` and ``then`` say where it goes on afterwards."""

    state: str
    nonce: str
    verifier: str
    redirect: str
    app: str
    then: str
    until: float


def begin(*, redirect: str, app: str, then: str) -> tuple[str, str]:
    """The provider's address to send the browser to, and the cookie it has to bring back. Denied when the provider cannot be reached."""
    found = here()
    until = (clock.now() + KEPT).timestamp()
    asked = Asked(*(secrets.token_urlsafe(32) for _ in range(3)), redirect, app, then, until)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    try:
        address = found.described["authorization_endpoint"]
    except Faulty as error:
        log.warning("single sign-on: %s", error)
        raise Denied("provider", asked) from None
    query = {
        "response_type": "code",
        "client_id": settings.CONFIG.sso_client_id,
        "redirect_uri": redirect,
        "scope": " ".join(settings.CONFIG.sso_scopes),
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}", _sealed(asked)


def finish(
    *,
    cookie: str,
    state: str,
    code: str,
    error: str,
    issuer: str,
    address: str | None,
    device: str,
    by: Principal = PUBLIC_PERSON,
) -> tuple[sessions.LogIn, Asked]:
    """Open the session of whom the provider names. Raises Denied."""
    found = here()
    asked = _opened(cookie)
    if asked is None or not hmac.compare_digest(asked.state.encode(), state.encode()):
        raise Denied("expired", asked)
    if issuer and issuer != found.issuer:  # RFC 9207: the answer of another provider
        raise Denied("provider", asked)
    if error or not code:
        raise Denied("refused", asked)
    try:
        network = sessions.Attempt.begin("network", rules.network_of(address), rules.BY_NETWORK)
    except TooMany:
        raise Denied("locked", asked) from None
    try:
        told = found.claims_of_code(code=code, verifier=asked.verifier, redirect=asked.redirect, nonce=asked.nonce)
    except Faulty as fault:
        log.warning("single sign-on: %s", fault)
        raise Denied("provider", asked) from None
    person = applying.person_of(issuer=found.issuer, claims_=told)
    if person is None:
        sessions.failed(None, network, address)
        raise Denied("unknown", asked)
    passed = claims.second_factor_shown(told, settings.CONFIG.sso_factor)
    held = frozenset(g.role for g in posts_at(person["id"], clock.now()))
    if factor_required(held) and not (passed or person["has_factor"]):
        sessions.failed(person, network, address)
        raise Denied("factor", asked)
    network.forgive()
    opened = sessions.open_session(
        person,
        before=by,
        address=address,
        device=device,
        provider_session=str(told.get("sid", ""))[:255],
        passed=passed,
    )
    return opened, asked


def here() -> Provider:
    """The provider of this installation; NotFound without one."""
    found = provider()
    if found is None:
        raise NotFound(NO_PROVIDER)
    return found


_PLACE = crypto.Place.of("cookie", "wangge_sso", 0)


def _sealed(asked: Asked) -> str:
    return base64.urlsafe_b64encode(crypto.seal(orjson.dumps([*asked]).decode(), _PLACE)).decode()


def _opened(cookie: str) -> Asked | None:
    """What was sealed; None when it is not ours, or too old."""
    try:
        content: Any = orjson.loads(
            cipher.open_sealed(crypto.keyring(), base64.urlsafe_b64decode(cookie.encode()), _PLACE)
        )
    except (cipher.NotReadable, binascii.Error, ValueError):
        return None
    asked = Asked(*content)
    return asked if clock.now().timestamp() < asked.until else None
