"""Log-in, second factor, password, sessions, "who am I"."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Status

from wangge.domain.people import queries, schemas
from wangge.domain.people.actions import authenticate, second_factor, sessions, users
from wangge.domain.people.api.router import person, router
from wangge.domain.people.sso import leaving
from wangge.kernel.web.address import client_address, is_https
from wangge.kernel.web.api import ANY_SESSION, PUBLIC, SIGNED_IN
from wangge.kernel.web.auth import cookie_name, same_origin, token_of


@router.post("/session", permission=PUBLIC, response=schemas.LogInOut, summary="登录 · Log in")
def log_in(request: HttpRequest, response: HttpResponse, payload: schemas.LogInIn) -> dict[str, Any]:
    """Sets the cookie `wangge_session` (`__Host-wangge_session` over HTTPS), or answers a token; the session that asks, if any, ends. 401 wrong, 429 locked (with `Retry-After`). `pending` says what is to follow."""
    same_origin(request)
    opened = sessions.log_in(
        by=request.principal,
        login=payload.login,
        password=payload.password,
        address=client_address(request),
        device=request.headers.get("User-Agent", ""),
    )
    answer = {"session": opened.session, "pending": opened.pending, "expires": opened.expires}
    if payload.as_token:
        return answer | {"token": opened.token}
    set_session_cookie(request, response, opened)
    return answer


def set_session_cookie(request: HttpRequest, response: HttpResponse, opened: sessions.LogIn) -> None:
    """The session's token, for the browser alone. Strict: the pages themselves need no cookie, so that a link or a form of another
    site never acts in somebody's name, not by a GET that goes on record either."""
    https = is_https(request)
    response.set_cookie(
        cookie_name(https=https),
        opened.token,
        expires=opened.expires,
        httponly=True,
        samesite="Strict",
        secure=https,
        path="/",
    )


def _renew(request: HttpRequest, response: HttpResponse) -> str:
    """A browser's session goes on under another token once its second factor was shown. Returns the token that holds now."""
    token, by_cookie = token_of(request)
    if not by_cookie:
        return token or ""
    opened = sessions.renew(by=person(request))
    set_session_cookie(request, response, opened)
    return opened.token


def own_address(request: HttpRequest, path: str) -> str:
    """The public URL of ``path`` of this installation, as the browser wrote it."""
    return f"{'https' if is_https(request) else 'http'}://{request.get_host()}{path}"


@router.get("/session", permission=ANY_SESSION, response=schemas.MeOut, summary="我是谁 · Who am I")
def me(request: HttpRequest) -> dict[str, Any]:
    """Posts, roles, permissions and scope at this moment; `pending` when the log-in is not finished."""
    return queries.me(by=request.principal)


@router.delete("/session", permission=ANY_SESSION, response=schemas.LoggedOutOut, summary="退出登录 · Log out")
def log_out(request: HttpRequest, response: HttpResponse) -> dict[str, str | None]:
    """`next`: where the browser goes so that the provider's session ends too, after a log-in by single sign-on."""
    by = person(request)
    further = leaving.address(by=by, back=own_address(request, "/"))
    sessions.log_out(by=by)
    response.delete_cookie(cookie_name(https=is_https(request)), path="/", samesite="Strict")
    return {"next": further}


@router.post(
    "/session/second-factor",
    permission=ANY_SESSION,
    response=schemas.MeOut,
    summary="出示第二因素 · Show the second factor",
)
def show_factor(request: HttpRequest, response: HttpResponse, payload: schemas.CodeIn) -> dict[str, Any]:
    """A code of the authenticator or a recovery code. Each is accepted once. The cookie is set anew."""
    second_factor.show_factor(by=person(request), code=payload.code)
    token = _renew(request, response)
    return queries.me(by=authenticate.member_of_staff(token) or request.principal)


@router.post(
    "/session/device-keys",
    permission=SIGNED_IN,
    response=schemas.DeviceKeysOut,
    summary="本机密钥 · What opens what lies sealed on my phone",
)
def device_keys(request: HttpRequest, payload: schemas.DeviceIn) -> dict[str, Any]:
    """The same for the same person and phone, whenever they have logged in; nobody else is told (docs/decisions/0015)."""
    keys = sessions.device_keys(by=person(request), device=payload.device)
    return {"keys": [base64.b64encode(key).decode() for key in keys]}


@router.get("/sessions", permission=SIGNED_IN, response=list[schemas.SessionOut], summary="我的登录 · My sessions")
def my_sessions(request: HttpRequest) -> list[dict[str, Any]]:
    return queries.sessions(by=person(request))


@router.delete(
    "/sessions/{session}", permission=SIGNED_IN, response={204: None}, summary="结束一个登录 · End one of my sessions"
)
def end_session(request: HttpRequest, session: UUID) -> Status:
    sessions.end_session(by=person(request), session=session)
    return Status(204, None)


@router.delete(
    "/sessions", permission=SIGNED_IN, response=schemas.EndedOut, summary="结束其他登录 · End all my other sessions"
)
def end_others(request: HttpRequest) -> dict[str, int]:
    return {"ended": sessions.end_other_sessions(by=person(request))}


@router.patch("/me", permission=SIGNED_IN, response=schemas.MeOut, summary="修改语言 · Change my language")
def change_me(request: HttpRequest, payload: schemas.MeIn) -> dict[str, Any]:
    users.set_language(by=person(request), language=payload.language)
    return queries.me(by=request.principal)


@router.put("/me/password", permission=ANY_SESSION, response={204: None}, summary="修改密码 · Change my password")
def change_password(request: HttpRequest, payload: schemas.NewPasswordIn) -> Status:
    """The other sessions end."""
    sessions.change_password(by=person(request), current=payload.current, new=payload.new)
    return Status(204, None)


@router.post(
    "/me/second-factor", permission=ANY_SESSION, response=schemas.FactorOut, summary="开始绑定 · Begin a second factor"
)
def begin_factor(request: HttpRequest, payload: schemas.PasswordIn) -> dict[str, Any]:
    return second_factor.begin_factor(by=person(request), password=payload.password)


@router.post(
    "/me/second-factor/confirm",
    permission=ANY_SESSION,
    response=schemas.RecoveryOut,
    summary="确认绑定 · Confirm the second factor",
)
def confirm_factor(request: HttpRequest, response: HttpResponse, payload: schemas.CodeIn) -> dict[str, Any]:
    """The cookie is set anew."""
    codes = second_factor.confirm_factor(by=person(request), code=payload.code)
    _renew(request, response)
    return {"recovery_codes": codes}


@router.post(
    "/me/second-factor/recovery-codes",
    permission=SIGNED_IN,
    response=schemas.RecoveryOut,
    summary="新恢复码 · New recovery codes",
)
def renew_codes(request: HttpRequest, payload: schemas.PasswordIn) -> dict[str, Any]:
    return {"recovery_codes": second_factor.renew_recovery_codes(by=person(request), password=payload.password)}


@router.post(
    "/me/second-factor/remove", permission=SIGNED_IN, response={204: None}, summary="解除绑定 · Remove my second factor"
)
def remove_factor(request: HttpRequest, payload: schemas.PasswordIn) -> Status:
    """Refused where a post requires it."""
    second_factor.remove_factor(by=person(request), password=payload.password)
    return Status(204, None)
