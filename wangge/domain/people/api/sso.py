"""Single sign-on: the way to the provider and back, its word that somebody left, the mapping, identities tied by hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Form, Query, Status

from wangge.domain.people import schemas, schemas_sso
from wangge.domain.people.api.log_in import own_address, set_session_cookie
from wangge.domain.people.api.router import router
from wangge.domain.people.sso import flow, leaving, mapping
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel.web.address import client_address, is_https
from wangge.kernel.web.api import PUBLIC

SSO_COOKIE = "wangge_sso"
PATH = "/api/v1/session/sso"
Then = Annotated[str, Query(max_length=500, pattern=r"^/([^/\\].*)?$")]
Short = Annotated[str, Query(max_length=2000)]


@router.get("/session/ways", permission=PUBLIC, response=schemas.WaysOut, summary="登录方式 · How one logs in here")
def ways(request: HttpRequest) -> dict[str, Any]:
    config = settings.CONFIG
    return {"password": config.local_login, "sso": {"name": config.sso_name} if config.sso_issuer else None}


@router.get(
    "/session/sso", permission=PUBLIC, response={302: None}, summary="统一身份认证登录 · Log in by single sign-on"
)
def to_provider(request: HttpRequest, app: Literal["console", "field"] = "console", then: Then = "/") -> HttpResponse:
    """For browsers: goes to the identity provider, which sends the browser back to `/session/sso/callback`. `then`: the page of `app` to go on with."""
    redirect = own_address(request, f"{PATH}/callback")
    try:
        address, cookie = flow.begin(redirect=redirect, app=app, then=then)
    except flow.Denied as denied:
        return _back(denied.asked, denied.why)
    response = HttpResponseRedirect(address)
    response.set_cookie(
        _cookie_name(request),
        cookie,
        max_age=int(flow.KEPT.total_seconds()),
        httponly=True,
        samesite="Lax",  # it has to come along when the provider sends the browser back
        secure=is_https(request),
        path=PATH,
    )
    return response


@router.get(
    "/session/sso/callback", permission=PUBLIC, response={302: None}, summary="认证返回 · Back from the provider"
)
def from_provider(
    request: HttpRequest, state: Short = "", code: Short = "", error: Short = "", iss: Short = ""
) -> HttpResponse:
    """Opens the session and goes on to the log-in page of the app, which says what happened: `sso=in`, or why not."""
    try:
        opened, asked = flow.finish(
            by=request.principal,
            cookie=request.COOKIES.get(_cookie_name(request), ""),
            state=state,
            code=code,
            error=error,
            issuer=iss,
            address=client_address(request),
            device=request.headers.get("User-Agent", ""),
        )
    except flow.Denied as denied:
        response = _back(denied.asked, denied.why)
    else:
        response = _back(asked, "in")
        set_session_cookie(request, response, opened)
    response.delete_cookie(_cookie_name(request), path=PATH, samesite="Lax")
    return response


def _cookie_name(request: HttpRequest) -> str:
    """Over HTTPS a browser takes it over HTTPS alone (``__Host-`` would not allow the path)."""
    return f"__Secure-{SSO_COOKIE}" if is_https(request) else SSO_COOKIE


def _back(asked: flow.Asked | None, how: str) -> HttpResponse:
    app, then = (asked.app, asked.then) if asked else ("console", "/")
    return HttpResponseRedirect(f"/{app}/log-in?{urlencode({'sso': how, 'then': then})}")


@router.post(
    "/session/sso/back-channel",
    permission=PUBLIC,
    response={204: None},
    summary="身份提供方通知登出 · The provider says that somebody left",
)
def provider_says_left(request: HttpRequest, logout_token: Annotated[str, Form(max_length=20_000)]) -> Status:
    """OpenID Connect Back-Channel Logout 1.0: the token is signed by the provider."""
    leaving.told(token=logout_token)
    return Status(204, None)


@router.get(
    "/sso/mapping",
    permission=PeoplePermission.SSO_MANAGE,
    response=schemas_sso.SsoMappingOut,
    summary="映射规则 · Mapping",
)
def mapping_now(request: HttpRequest) -> dict[str, Any]:
    return mapping.show(by=request.principal)


@router.put(
    "/sso/mapping",
    permission=PeoplePermission.SSO_MANAGE,
    response=schemas_sso.SsoMappingOut,
    summary="设置映射规则 · Set the mapping",
)
def set_mapping(request: HttpRequest, payload: schemas_sso.SsoMappingIn) -> dict[str, Any]:
    """Replaces it whole. Posts that rules gave which are no more, or read otherwise now, end at once."""
    return mapping.replace(by=request.principal, **payload.model_dump())


@router.post(
    "/sso/mapping/try",
    permission=PeoplePermission.SSO_MANAGE,
    response=schemas_sso.SsoTriedOut,
    summary="试算映射 · Try the mapping on claims",
)
def try_mapping(request: HttpRequest, payload: schemas_sso.SsoTryIn) -> dict[str, Any]:
    """Changes nothing."""
    return mapping.attempt(by=request.principal, claims=payload.claims)


@router.put(
    "/users/{user}/identity",
    permission=PeoplePermission.USERS_MANAGE,
    response={204: None},
    summary="关联统一身份 · Tie an account to an identity",
)
def set_identity(request: HttpRequest, user: UUID, payload: schemas_sso.IdentityIn) -> Status:
    """`subject`: the `sub` that the provider gives this person; null unties."""
    mapping.link_by_hand(by=request.principal, user=user, subject=payload.subject)
    return Status(204, None)
