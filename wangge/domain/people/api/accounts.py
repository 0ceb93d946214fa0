"""Accounts, posts, absences."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from wangge.domain.people import queries, schemas
from wangge.domain.people.actions import absences, handing, posts, second_factor, users
from wangge.domain.people.api.router import router
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel.web.api import SIGNED_IN
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import Moment, VersionIn

Limit = Annotated[int, Query(ge=1, le=MOST)]
P = PeoplePermission


@router.get("/users", permission=P.USERS_READ, response=Page[schemas.UserOut], summary="账号 · Accounts")
def list_users(
    request: HttpRequest,
    q: str | None = None,
    unit: UUID | None = None,
    active: bool | None = None,
    after: str | None = None,
    limit: Limit = DEFAULT,
) -> dict[str, Any]:
    return queries.users(by=request.principal, q=q, unit=unit, active=active, after=after, limit=limit)


@router.get("/users/{user}", permission=P.USERS_READ, response=schemas.UserOut, summary="一个账号 · One account")
def one_user(request: HttpRequest, user: UUID) -> dict[str, Any]:
    return queries.user(user, request.principal.scope(P.USERS_READ))


@router.post("/users", permission=P.USERS_MANAGE, response=schemas.UserMadeOut, summary="新建账号 · Make an account")
def add_user(request: HttpRequest, payload: schemas.UserIn) -> dict[str, Any]:
    user, password = users.add_user(by=request.principal, **payload.model_dump())
    return {"user": user, "password": password}


@router.patch(
    "/users/{user}", permission=P.USERS_MANAGE, response=schemas.UserOut, summary="修改账号 · Change an account"
)
def change_user(request: HttpRequest, user: UUID, payload: schemas.UserChange) -> dict[str, Any]:
    return users.change_user(by=request.principal, user=user, **payload.model_dump(exclude_unset=True))


@router.post(
    "/users/{user}/deactivate", permission=P.USERS_MANAGE, response=schemas.UserOut, summary="停用账号 · Deactivate"
)
def deactivate(request: HttpRequest, user: UUID, payload: VersionIn) -> dict[str, Any]:
    """Its posts and sessions end at once."""
    return users.deactivate_user(by=request.principal, user=user, version=payload.version)


@router.post(
    "/users/{user}/reactivate", permission=P.USERS_MANAGE, response=schemas.UserOut, summary="启用账号 · Reactivate"
)
def reactivate(request: HttpRequest, user: UUID, payload: VersionIn) -> dict[str, Any]:
    """The account comes back without posts."""
    return users.reactivate_user(by=request.principal, user=user, version=payload.version)


@router.post("/users/{user}/unlock", permission=P.USERS_MANAGE, response={204: None}, summary="解除锁定 · Unlock")
def unlock(request: HttpRequest, user: UUID) -> Status:
    users.unlock_user(by=request.principal, user=user)
    return Status(204, None)


@router.post(
    "/users/{user}/password",
    permission=P.USERS_MANAGE,
    response=schemas.FirstPasswordOut,
    summary="重置密码 · Reset the password",
)
def reset_password(request: HttpRequest, user: UUID) -> dict[str, str]:
    return {"password": users.reset_password(by=request.principal, user=user)}


@router.post(
    "/users/{user}/second-factor/reset",
    permission=P.USERS_MANAGE,
    response={204: None},
    summary="重置第二因素 · Reset the second factor",
)
def reset_factor(request: HttpRequest, user: UUID) -> Status:
    second_factor.reset_factor(by=request.principal, user=user)
    return Status(204, None)


@router.get("/posts", permission=P.POSTS_READ, response=Page[schemas.PostOut], summary="岗位 · Posts")
def list_posts(
    request: HttpRequest,
    user: UUID | None = None,
    unit: UUID | None = None,
    grid: str | None = None,
    area: str | None = None,
    role: str | None = None,
    q: Annotated[str | None, Query(max_length=60)] = None,
    at: Moment | None = None,
    ended: bool = False,
    after: str | None = None,
    limit: Limit = DEFAULT,
) -> dict[str, Any]:
    return queries.posts(
        by=request.principal,
        user=user,
        unit=unit,
        grid=grid,
        area=area,
        role=role,
        q=q,
        at=at,
        ended=ended,
        after=after,
        limit=limit,
    )


@router.post("/posts", permission=P.POSTS_MANAGE, response=schemas.PostOut, summary="任命 · Give a post")
def give_post(request: HttpRequest, payload: schemas.PostIn) -> dict[str, Any]:
    return posts.give_post(by=request.principal, **payload.model_dump())


@router.patch("/posts/{post}", permission=P.POSTS_MANAGE, response=schemas.PostOut, summary="修改岗位 · Change a post")
def change_post(request: HttpRequest, post: UUID, payload: schemas.PostChange) -> dict[str, Any]:
    return posts.change_post(by=request.principal, post=post, **payload.model_dump(exclude_unset=True))


@router.post(
    "/posts/{post}/end",
    permission=P.POSTS_MANAGE,
    response={200: schemas.PostOut, 204: None},
    summary="免职 · End a post",
)
def end_post(request: HttpRequest, post: UUID, payload: schemas.PostEnd) -> Any:
    """204 when the post had not begun and is withdrawn."""
    found = posts.end_post(by=request.principal, post=post, version=payload.version, at=payload.at)
    return Status(204, None) if found is None else Status(200, found)


@router.post(
    "/posts/{post}/hand-over",
    permission=P.POSTS_MANAGE,
    response=schemas.PostOut,
    summary="移交岗位 · Hand a post over",
)
def hand_over(request: HttpRequest, post: UUID, payload: schemas.HandOver) -> dict[str, Any]:
    """Ends the post and starts the successor's at the same moment; answers the new post."""
    return handing.hand_over(by=request.principal, post=post, **payload.model_dump())


@router.post(
    "/users/{user}/hand-over",
    permission=P.POSTS_MANAGE,
    response=list[schemas.PostOut],
    summary="移交多个岗位 · Hand several posts of a person over",
)
def hand_all_over(request: HttpRequest, user: UUID, payload: schemas.HandAllOver) -> list[dict[str, Any]]:
    """All of them at the same moment, or none: answers the new posts."""
    wanted = [handing.Wanted(post=p.post, version=p.version, id=p.id) for p in payload.posts]
    return handing.hand_all_over(by=request.principal, user=user, to=payload.to, at=payload.at, posts=wanted)


@router.get("/absences", permission=SIGNED_IN, response=Page[schemas.AbsenceOut], summary="离岗 · Absences")
def list_absences(
    request: HttpRequest, user: UUID | None = None, after: str | None = None, limit: Limit = DEFAULT
) -> dict[str, Any]:
    """One's own, those one stands in for, and those of the people under one's posts."""
    return queries.absences(by=request.principal, user=user, after=after, limit=limit)


@router.post(
    "/absences", permission=P.ABSENCES_MANAGE, response=schemas.AbsenceOut, summary="登记离岗 · Record an absence"
)
def record_absence(request: HttpRequest, payload: schemas.AbsenceIn) -> dict[str, Any]:
    return absences.record_absence(by=request.principal, **payload.model_dump())


@router.post(
    "/absences/{absence}/end", permission=SIGNED_IN, response=schemas.AbsenceOut, summary="结束离岗 · End an absence"
)
def end_absence(request: HttpRequest, absence: UUID) -> dict[str, Any]:
    return absences.end_absence(by=request.principal, absence=absence)
