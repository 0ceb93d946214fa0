"""The identity provider over HTTP: its description, its keys, a code turned into claims that are proven.

What it says of itself and its keys are remembered for an hour. A token signed with a key that is not known makes us fetch the keys again, at most
once a minute, so that the provider may change them at any time and nobody can make us ask without end.
"""

from __future__ import annotations

import base64
import hmac
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from wangge.kernel import clock
from wangge.kernel.web.outward import Unreachable, ask

SECONDS = 8.0
MOST_BYTES = 1_000_000
REMEMBERED = 3600.0
AGAIN_AFTER = 60.0
LEEWAY = 120
"""Seconds by which its clock and ours may differ."""
OLDEST = 600
"""Seconds that an identity token may be old when it comes."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures with a pair of keys. Never ``none``, and never HS…, by which whoever knows our secret would be the provider."""


class Faulty(Exception):
    """The provider cannot be reached, or what it answers is not right. The text is for the log and holds no personal data."""


def _ask(url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON that is at ``url``; a POST with ``form``. Raises Faulty."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    given = {"Accept": "application/json", **(headers or {})}
    try:
        return orjson.loads(ask(url, body=body, headers=given, seconds=SECONDS, most=MOST_BYTES).body)
    except (Unreachable, ValueError) as error:
        raise Faulty(str(error)) from None


@dataclass
class _Remembered:
    """What was fetched from one address, and when (monotonic seconds)."""

    fetch: Callable[[], Any]
    value: Any = None
    at: float = -REMEMBERED
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, *, younger: float = REMEMBERED) -> Any:
        with self.lock:
            if self.value is None or time.monotonic() - self.at > younger:
                self.value, self.at = self.fetch(), time.monotonic()
            return self.value


class Provider:
    """The provider at one issuer."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._described = _Remembered(self._describe)
        self._keys = _Remembered(self._fetch_keys)

    def _describe(self) -> dict[str, Any]:
        found = _ask(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise Faulty("the description is of another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise Faulty(f"the description has no {name}")
        return found

    def _fetch_keys(self) -> KeySet:
        try:
            return KeySet.import_key_set(_ask(self.described["jwks_uri"]))
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise Faulty(f"the keys cannot be read: {type(error).__name__}") from None

    @property
    def described(self) -> dict[str, Any]:
        """Its metadata (OpenID Connect Discovery 1.0). Raises Faulty."""
        return self._described.get()

    def claims_of_code(self, *, code: str, verifier: str, redirect: str, nonce: str) -> dict[str, Any]:
        """The claims of the identity token that the provider gives for ``code``, proven. Raises Faulty."""
        config = settings.CONFIG
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {}
        methods = self.described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if config.sso_client_secret and "client_secret_basic" in methods:
            pair = ":".join(urllib.parse.quote(v, safe="") for v in (config.sso_client_id, config.sso_client_secret))
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = config.sso_client_id
            if config.sso_client_secret:
                form["client_secret"] = config.sso_client_secret
        answer = _ask(self.described["token_endpoint"], form=form, headers=headers)
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise Faulty("the answer to the code has no identity token")
        claims = self.proven(answer["id_token"])
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise Faulty("the identity token was made for another log-in")
        return claims

    def proven(self, token: str) -> dict[str, Any]:
        """The claims of a token of this provider for us, not expired. Raises Faulty."""
        claims = self._signed(token)
        audience = claims.get("aud")
        ours = settings.CONFIG.sso_client_id
        now = clock.now().timestamp()
        if claims.get("iss") != self.issuer:
            raise Faulty("the token is of another issuer")
        if ours not in (audience if isinstance(audience, list) else [audience]) or claims.get("azp", ours) != ours:
            raise Faulty("the token is for another client")
        if not _number(claims.get("exp")) or claims["exp"] + LEEWAY <= now:
            raise Faulty("the token has expired")
        if not _number(claims.get("iat")) or not now - OLDEST - LEEWAY <= claims["iat"] <= now + LEEWAY:
            raise Faulty("the token is old, or one of the clocks is wrong")
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        try:
            try:
                return jwt.decode(token, self._keys.get(), algorithms=ALGORITHMS).claims
            except InvalidKeyIdError:
                return jwt.decode(token, self._keys.get(younger=AGAIN_AFTER), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Faulty(f"the token's signature does not hold: {type(error).__name__}") from None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_providers: dict[str, Provider] = {}


def provider() -> Provider | None:
    """The provider of this installation; None without one."""
    issuer = settings.CONFIG.sso_issuer
    return _providers.setdefault(issuer, Provider(issuer)) if issuer else None


def forget() -> None:
    """For tests: nothing is remembered of any provider."""
    _providers.clear()
