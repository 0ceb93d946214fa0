"""Posts: given, changed, ended. Handing over is ``handing``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, queries, rules
from wangge.domain.people.models import Post, Unit, User
from wangge.domain.people.tags import PeopleEvent, PeoplePermission, PeopleTag
from wangge.domain.places.models import Area, Grid
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal, Role
from wangge.kernel.problems import Conflict, Forbidden, Invalid
from wangge.kernel.words import Words

NOT_ONESELF = Words(
    "不能任命自己，请由另一位安全管理员办理。", "Nobody appoints themselves; another security administrator has to."
)
CHANGEABLE = ("title", "title_en", "phone", "public")

TWO_ADMINISTRATORS = Conflict(
    Words(
        "三员分立：同一人在同一时间只能担任系统、安全、审计管理员中的一个岗位。请先结束其现任管理员岗位，或任命另一人。",
        "The three administrators are three people: at one time a person holds one administrator's post at most. "
        "End the one they hold first, or appoint somebody else.",
    ),
    extra={"code": "two-administrators"},
)
REFUSALS = {"people_one_administrator_post": TWO_ADMINISTRATORS}


@transaction.atomic
def give_post(
    *,
    by: Principal,
    id: UUID,
    user: UUID,
    role: Role,
    area: str | None = None,
    grid: str | None = None,
    unit: UUID | None = None,
    everywhere: bool = False,
    title: str = "",
    title_en: str = "",
    starts: datetime | None = None,
    ends: datetime | None = None,
    phone: str = "",
    public: bool = False,
) -> dict[str, Any]:
    """Appoint a person. Forbidden outside the asker's scope and for oneself; Conflict for a second administrator's post."""
    scope = by.require(PeoplePermission.POSTS_MANAGE)
    given = {
        "user": user,
        "role": str(role),
        "area": area,
        "grid": grid,
        "unit": unit,
        "everywhere": everywhere,
        "title": title,
        "title_en": title_en,
        "starts": starts,
        "ends": ends,
        "phone": phone,
        "public": public,
    }
    fault = rules.scope_fault(role, area=area, grid=grid, unit=unit, everywhere=everywhere)
    if fault:
        raise Invalid.field("body.role", "scope", fault.zh.rstrip("。"), fault.en)
    check_place(area=area, grid=grid, unit=unit)
    if not access.covers_post(scope, area=area, grid=grid, unit=unit, everywhere=everywhere):
        raise Forbidden(Words("岗位范围超出您的管理范围。", "The post's scope is outside yours."))
    if by.id == user:
        raise Forbidden(NOT_ONESELF)
    person = access.active_user(user, "body.user")
    now = clock.now()
    begins = starts or now
    _check_span(begins, ends)

    def make(digest: bytes) -> Post:
        not_twice(person, role, area, grid, unit, everywhere, rules.Span(begins, ends))
        return Post.objects.create(
            id=id,
            user=person,
            role=role,
            title=title or role.words.zh,
            title_en=title_en or ("" if title else role.words.en),
            area_id=area,
            grid_id=grid,
            unit_id=unit,
            everywhere=everywhere,
            starts=begins,
            ends=ends,
            phone=phone,
            public=public,
            created_at=now,
            created_hash=digest,
        )

    with access.refusing(REFUSALS):
        post, fresh = access.create_once(Post, id, given, make)
    if fresh:
        announce(by, PeopleTag.POST_GIVEN, post, person)
    return queries.post(post.id)


@transaction.atomic
def change_post(*, by: Principal, post: UUID, version: int, **changes: Any) -> dict[str, Any]:
    """Change the title, the post's phone, and whether the public card shows it. Role and scope never change: end it, give another."""
    row = access.post_within(by.require(PeoplePermission.POSTS_MANAGE), post)
    if row.version != version:
        raise access.changed(queries.post(post))
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"a post has no changeable {sorted(unknown)}")
    fields = sorted(k for k, v in changes.items() if getattr(row, k) != v)
    if fields:
        Post.objects.filter(id=post).update(version=version + 1, **changes)
        row.refresh_from_db()
        announce(by, PeopleTag.POST_CHANGED, row, row.user, fields=fields)
    return queries.post(post)


@transaction.atomic
def end_post(*, by: Principal, post: UUID, version: int, at: datetime | None = None) -> dict[str, Any] | None:
    """End a post at ``at`` (default now); its rights are gone at the next request. One that has not begun by then is withdrawn;
    then the answer is None."""
    row = access.post_within(by.require(PeoplePermission.POSTS_MANAGE), post)
    if row.version != version:
        raise access.changed(queries.post(post))
    moment = max(at or clock.now(), clock.now())
    _end(by, row, row.user, moment)
    return queries.post(post) if moment > row.starts else None


def close_posts(by: Principal, user: User, at: datetime) -> int:
    """End every post of a person that is open at ``at`` or begins later. Returns how many."""
    rows = list(Post.objects.select_for_update(no_key=True).filter(user=user).exclude(ends__lte=at))
    for row in rows:
        _end(by, row, user, at)
    return len(rows)


def _end(by: Principal, row: Post, user: User, at: datetime) -> None:
    if row.ends is not None and row.ends <= at:
        raise Conflict(
            Words("该岗位已经结束。", "The post has ended already."), extra={"current": {"ends": row.ends.isoformat()}}
        )
    announce(by, PeopleTag.POST_ENDED, row, user, at=at.isoformat())
    if at <= row.starts:
        # It never began to be held: the ledger keeps that it was given.
        row.delete()
        return
    Post.objects.filter(id=row.id).update(ends=at, version=row.version + 1)


def check_place(*, area: str | None, grid: str | None, unit: UUID | None, path: str = "body") -> None:
    """Refuse a scope that is not there any more, or never was."""
    if area and not Area.objects.filter(code=area, valid_to=None).exists():
        raise Invalid.field(f"{path}.area", "unknown", f"没有区划 {area}", f"There is no area {area}.")
    if grid and not Grid.objects.filter(code=grid, retired_at=None).exists():
        raise Invalid.field(f"{path}.grid", "unknown", f"没有网格 {grid}，或已停用", f"There is no grid {grid} in use.")
    if unit and not Unit.objects.filter(id=unit, active=True).exists():
        raise Invalid.field(f"{path}.unit", "unknown", "没有这个单位，或已停用", "There is no such unit in use.")


def _check_span(starts: datetime, ends: datetime | None) -> None:
    if ends is not None and ends <= starts:
        raise Invalid.field("body.ends", "before-start", "结束时间须晚于开始时间", "The end must be after the start.")


def not_twice(
    user: User, role: Role, area: str | None, grid: str | None, unit: UUID | None, everywhere: bool, span: rules.Span
) -> None:
    same = Post.objects.filter(user=user, role=role, area=area, grid=grid, unit=unit, everywhere=everywhere)
    if any(span.overlaps(p.span) for p in same):
        raise Conflict(Words("此人在该时间已担任同一岗位。", "The person holds this very post at that time."))


def place_of(post: Post) -> dict[str, str | None]:
    return {"district": post.district, "street": post.street, "community": post.community, "grid": post.grid_id}


def announce(by: Principal, tag: PeopleTag, post: Post, user: User, **more: Any) -> None:
    """The ledger entry and the outbox row of an act on a post."""
    if "district" in post.get_deferred_fields():
        post.refresh_from_db()
    scope = post.area_id or post.grid_id or (post.unit.name if post.unit else "*")
    body = {"login": user.login, "title": post.title, "role": str(post.role), "scope": scope} | more
    ledger.append(by=by, tag=tag, kind="post", subject=post.id, district=post.district, body=body)
    outbox.emit(
        PeopleEvent.POST_CHANGED,
        kind="post",
        subject=post.id,
        place=place_of(post),
        units=[post.unit_id] if post.unit_id else [],
        body={"act": str(tag), "user": str(user.id)},
    )
