"""Posts handed over from one person to another: one post, or all that somebody leaves behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, queries, rules
from wangge.domain.people.actions.posts import NOT_ONESELF, REFUSALS, announce, not_twice, place_of
from wangge.domain.people.models import Post
from wangge.domain.people.tags import PeopleEvent, PeoplePermission, PeopleTag
from wangge.kernel import clock, outbox
from wangge.kernel.access import Principal, Role
from wangge.kernel.problems import Conflict, Forbidden, Invalid
from wangge.kernel.words import Words


class Wanted(NamedTuple):
    """A post to be handed over as it was seen, and the id of the successor's."""

    post: UUID
    version: int
    id: UUID


@transaction.atomic
def hand_over(
    *, by: Principal, post: UUID, version: int, id: UUID, to: UUID, at: datetime | None = None, phone: str | None = None
) -> dict[str, Any]:
    """End a post and start the successor's, with the same role and scope, at the same moment. ``id`` is the new post's.

    The post's phone goes with the post unless another is given. Returns the new post.
    """
    now = clock.now()
    _hand(
        by, access.post_within(by.require(PeoplePermission.POSTS_MANAGE), post), version, id, to, now, at or now, phone
    )
    return queries.post(id)


@transaction.atomic
def hand_all_over(
    *, by: Principal, user: UUID, to: UUID, posts: list[Wanted], at: datetime | None = None
) -> list[dict[str, Any]]:
    """Hand several posts of ``user`` over at the same moment: all of them or none. Returns the new posts, in the order asked for."""
    scope = by.require(PeoplePermission.POSTS_MANAGE)
    now = clock.now()
    for n, wanted in enumerate(posts):
        row = access.post_within(scope, wanted.post)
        if row.user_id != user:
            raise Invalid.field(
                f"body.posts[{n}].post", "not-theirs", "不是此人的岗位", "This is not a post of that person."
            )
        _hand(by, row, wanted.version, wanted.id, to, now, at or now, None)
    return [queries.post(wanted.id) for wanted in posts]


def _hand(
    by: Principal, row: Post, version: int, id: UUID, to: UUID, now: datetime, moment: datetime, phone: str | None
) -> None:
    before = Post.objects.filter(id=id).first()
    if before is not None:
        if (before.user_id, before.role, before.area_id, before.grid_id, before.unit_id) == (
            to,
            row.role,
            row.area_id,
            row.grid_id,
            row.unit_id,
        ):
            return  # the same call again
        raise Invalid.field(
            "body.id", "reused", "这个 id 已用于另一内容，请换一个新的 id", "This id was used for something else."
        )
    if row.version != version:
        raise access.changed(queries.post(row.id))
    if by.id == to:
        raise Forbidden(NOT_ONESELF)
    if to == row.user_id:
        raise Invalid.field("body.to", "same", "接任人不能是现任本人", "The successor is the present holder.")
    successor = access.active_user(to, "body.to")
    if moment < now:
        raise Invalid.field("body.at", "past", "移交时间不能早于现在", "A hand-over cannot lie in the past.")
    if not row.span.holds(moment):
        raise Conflict(
            Words("该岗位在移交时间不在任期内。", "The post is not held at the time of the hand-over."),
            extra={"current": {"starts": row.starts, "ends": row.ends}},
        )
    if moment <= row.starts:
        raise Invalid.field("body.at", "start", "移交时间须晚于任期开始", "A hand-over is after the start of the post.")
    not_twice(
        successor, Role(row.role), row.area_id, row.grid_id, row.unit_id, row.everywhere, rules.Span(moment, row.ends)
    )
    with access.refusing(REFUSALS):
        Post.objects.filter(id=row.id).update(ends=moment, version=version + 1)
        made = Post.objects.create(
            id=id,
            user=successor,
            role=row.role,
            title=row.title,
            title_en=row.title_en,
            area_id=row.area_id,
            grid_id=row.grid_id,
            unit_id=row.unit_id,
            everywhere=row.everywhere,
            starts=moment,
            ends=row.ends,
            phone=row.phone if phone is None else phone,
            public=row.public,
            created_at=now,
        )
    announce(
        by,
        PeopleTag.POST_HANDED_OVER,
        row,
        row.user,
        successor=successor.login,
        new=str(made.id),
        at=moment.isoformat(),
    )
    outbox.emit(PeopleEvent.POST_CHANGED, kind="post", subject=made.id, place=place_of(made), body={"act": "given"})
