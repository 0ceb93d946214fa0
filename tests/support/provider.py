"""A small OpenID Connect provider, a process of its own on localhost: ``python -m tests.support.provider [port]`` prints its address.

It asks for no password: ``/authorize`` shows whom one may be, ``&as=alice`` is Alice at once. ``POST /control`` changes it: ``people`` (claims
by name), ``rotate`` (another key), ``spoil`` (claims to be put into the next tokens, or ``alg``/``key`` for how they are signed), ``logout`` (answers
a logout token with these claims).
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "wangge", "a secret of the tests: 网格"


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.key = _new_key()
        self.people: dict[str, dict[str, Any]] = {
            "alice": {"sub": "a-1", "preferred_username": "alice", "name": "艾丽"}
        }
        self.codes: dict[str, dict[str, Any]] = {}
        self.spoil: dict[str, Any] = {}

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def token(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        spoil = dict(self.spoil)
        how, other = spoil.pop("alg", "ES256"), spoil.pop("key", None)
        held = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **claims, **spoil}
        if how == "none":
            parts = (base64.urlsafe_b64encode(orjson.dumps(p)).rstrip(b"=").decode() for p in ({"alg": "none"}, held))
            return ".".join(parts) + "."
        if how == "HS256":
            return jwt.encode({"alg": how}, held, OctKey.import_key(SECRET.encode() * 3), algorithms=[how])
        key = _new_key(self.key.kid) if other == "stolen name" else self.key
        return jwt.encode({"alg": how, "kid": key.kid}, held, key)


def _new_key(kid: str | None = None) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid or secrets.token_hex(4), "use": "sig", "alg": "ES256"})


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        here = self.server.issuer
        if parts.path == "/.well-known/openid-configuration":
            ends = {"authorization": "authorize", "token": "token", "end_session": "end"}
            described = {f"{name}_endpoint": f"{here}/{path}" for name, path in ends.items()}
            self._answer({"issuer": here, "jwks_uri": f"{here}/jwks", **described})
        elif parts.path == "/jwks":
            self._answer({"keys": [self.server.key.as_dict(private=False)]})
        elif parts.path == "/authorize" and "as" in query:
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = query
            back = {"code": code, "state": query["state"], "iss": here}
            self._go(f"{query['redirect_uri']}?{urlencode(back)}")
        elif parts.path == "/authorize":
            links = "".join(f'<p><a href="{html.escape(self.path)}&amp;as={n}">{n}</a></p>' for n in self.server.people)
            self._send(200, f"<!doctype html><title>Provider</title><h1>Who are you?</h1>{links}".encode(), "text/html")
        elif parts.path == "/end":
            self._go(query["post_logout_redirect_uri"])
        else:
            self._send(404, b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self._token({k: v[0] for k, v in parse_qs(body.decode()).items()})
            return
        wanted = orjson.loads(body)
        self.server.people.update(wanted.get("people", {}))
        self.server.spoil = wanted.get("spoil", self.server.spoil)
        if wanted.get("rotate"):
            self.server.key = _new_key()
        self._answer({"logout_token": self.server.token(wanted["logout"])} if "logout" in wanted else {})

    def _token(self, form: dict[str, str]) -> None:
        """As RFC 6749 and RFC 7636 tell a provider to look at a code: once, by the client, with the verifier of the challenge."""
        asked = self.server.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        right = (
            asked is not None
            and pair == urlencode({CLIENT: SECRET}).replace("=", ":", 1).replace("+", "%20")
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"].encode() == challenge
            and asked["redirect_uri"] == form["redirect_uri"]
        )
        if not right or asked is None:
            self._answer({"error": "invalid_grant"}, 400)
            return
        claims = {"nonce": asked["nonce"], "sid": "s-" + secrets.token_hex(4), **self.server.people[asked["as"]]}
        self._answer({"access_token": "unused", "token_type": "Bearer", "id_token": self.server.token(claims)})

    def _answer(self, content: Any, status: int = 200) -> None:
        self._send(status, orjson.dumps(content), "application/json")

    def _go(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider() -> Iterator[str]:
    """The address of a provider in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "tests.support.provider"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    server = Provider(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.issuer, flush=True)
    server.serve_forever()
