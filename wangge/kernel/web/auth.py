"""Who is asking: a session cookie or a bearer token, turned into a Principal by the people domain, and the route's permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from django.http import HttpRequest
from ninja.security.base import AuthBase

from wangge.kernel.access import PUBLIC_PERSON, Permission, Principal, bind
from wangge.kernel.problems import Forbidden, Unauthorized
from wangge.kernel.web.address import is_https
from wangge.kernel.words import Words

COOKIE = "wangge_session"
PUBLIC: Literal["public"] = "public"
SIGNED_IN: Literal["signed-in"] = "signed-in"
ANY_SESSION: Literal["any-session"] = "any-session"
"""Also a session that has not finished its log-in (second factor or password to be set)."""
Need = Permission | Literal["public", "signed-in", "any-session"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Authenticator = Callable[[str, HttpRequest], Principal | None]
_authenticate: Authenticator | None = None


def set_authenticator(fn: Authenticator) -> None:
    """The people domain gives the function that turns a token into a Principal, or None for an unknown or ended one."""
    global _authenticate
    _authenticate = fn


def cookie_name(*, https: bool) -> str:
    """Over HTTPS a browser takes a cookie of this name from this very host alone, over HTTPS alone (RFC 6265bis, 4.1.3.2): no host
    beside ours, and nobody on the line, can plant a session of their own."""
    return f"__Host-{COOKIE}" if https else COOKIE


def token_of(request: HttpRequest) -> tuple[str | None, bool]:
    """The token, and whether it came by cookie (then the request must come from our own pages)."""
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip(), False
    return request.COOKIES.get(cookie_name(https=is_https(request))), True


def principal_of(request: HttpRequest) -> Principal:
    """The asker, PUBLIC_PERSON without a valid token; binds the database connection. Once a request."""
    known = getattr(request, "principal", None)
    if known is not None:
        return known
    token, by_cookie = token_of(request)
    found = _authenticate(token, request) if token and _authenticate else None
    if found is not None and by_cookie and request.method not in SAFE:
        same_origin(request)
    request.principal = found or PUBLIC_PERSON
    bind(request.principal)
    return request.principal


def same_origin(request: HttpRequest) -> None:
    """Raises Forbidden. Cross-site request forgery: a browser says where a request comes from; a cookie counts only from our own pages."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    same = site in ("same-origin", "none") if site else origin is None or urlsplit(origin).netloc == request.get_host()
    if not same:
        raise Forbidden(
            Words(
                "请求来自其他网站，已拒绝。请在本系统页面中操作。",
                "The request came from another site. Use this system's pages.",
            )
        )


class Requires(AuthBase):
    """The route's declared need; every route has one (checked at start-up)."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, need: Need) -> None:
        self.need = need
        super().__init__()

    def __call__(self, request: HttpRequest) -> Principal:
        principal = principal_of(request)
        if self.need == PUBLIC:
            return principal
        if principal.kind == "public":
            raise Unauthorized(Words("请先登录。", "Log in first."))
        if self.need == ANY_SESSION:
            return principal
        if principal.pending:
            raise Forbidden(
                Words(
                    "登录尚未完成：请先设置第二因素或修改口令。",
                    "Log-in is not finished: set the second factor or the password first.",
                ),
                extra={"pending": principal.pending},
            )
        if self.need != SIGNED_IN:
            principal.require(self.need)
        return principal
