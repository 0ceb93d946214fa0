"""Absence: for these dates a deputy holds the rights of the absent person's posts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, queries, rules
from wangge.domain.people.models import Absence, Post
from wangge.domain.people.tags import PeopleEvent, PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal, Role
from wangge.kernel.access.roles import ADMINISTRATORS
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from wangge.kernel.words import Words

ONE_AT_A_TIME = Conflict(
    Words("此人在该时间已有离岗登记。", "An absence of this person is recorded for that time already.")
)


@transaction.atomic
def record_absence(
    *, by: Principal, id: UUID, user: UUID, deputy: UUID, starts: datetime, ends: datetime
) -> dict[str, Any]:
    """Record an absence with its deputy. No chains: a deputy may not be absent at that time, nor the absent be somebody's deputy.

    By a security administrator, or by the superior whose post covers every post of the absent person (``MAY_RECORD_ABSENCE``); never
    for the benefit of the one who records it.
    """
    by.require(PeoplePermission.ABSENCES_MANAGE)
    now = clock.now()
    if ends <= starts:
        raise Invalid.field("body.ends", "before-start", "结束时间须晚于开始时间", "The end must be after the start.")
    if ends <= now:
        raise Invalid.field("body.ends", "past", "结束时间须晚于现在", "The end must lie in the future.")
    if user == deputy:
        raise Invalid.field("body.deputy", "same", "代理人不能是本人", "A person cannot be their own deputy.")
    if deputy == by.id:
        raise Forbidden(Words("不能指定自己为代理人。", "Nobody names themselves as the deputy."))
    # Both rows are locked in one order, so that two crossing absences cannot slip past each other.
    for key, path in sorted([(user, "body.user"), (deputy, "body.deputy")], key=str):
        access.active_user(key, path)
    _check_reach(by, user, starts, ends)
    given = {"user": user, "deputy": deputy, "starts": starts, "ends": ends}

    def make(digest: bytes) -> Absence:
        _no_chain(user, deputy, starts, ends)
        return Absence.objects.create(
            id=id, user_id=user, deputy_id=deputy, starts=starts, ends=ends, created_at=now, created_hash=digest
        )

    with access.refusing({"people_one_absence_at_a_time": ONE_AT_A_TIME}):
        row, fresh = access.create_once(Absence, id, given, make)
    if fresh:
        _announce(by, PeopleTag.ABSENCE_RECORDED, row)
    return queries.absence(row.id)


@transaction.atomic
def end_absence(*, by: Principal, absence: UUID) -> dict[str, Any]:
    """End it now (or call it off before it began). By the absent person, or by who may record it."""
    row = (
        Absence.objects.select_for_update(no_key=True)
        .select_related("user")
        .filter(id=absence, cancelled_at=None)
        .first()
    )
    if row is None or not _may_end(by, row):
        raise NotFound(Words("没有这条离岗登记，或不在您的范围内。", "There is no such absence in your scope."))
    now = clock.now()
    if row.ends > now:
        if row.starts < now:
            Absence.objects.filter(id=absence).update(ends=now)
        else:
            Absence.objects.filter(id=absence).update(cancelled_at=now)
        _announce(by, PeopleTag.ABSENCE_ENDED, row)
    return queries.absence(absence)


def _may_end(by: Principal, row: Absence) -> bool:
    if row.user_id == by.id:
        return True
    if not by.may(PeoplePermission.ABSENCES_MANAGE):
        return False
    try:
        _check_reach(by, row.user_id, row.starts, row.ends)
    except (Forbidden, NotFound):
        return False
    return True


def _check_reach(by: Principal, user: UUID, starts: datetime, ends: datetime) -> None:
    """Forbidden unless each post of the absent person in that time is under a post of ``by`` that may do this."""
    if by.kind == "system":
        return
    span = rules.Span(starts, ends)
    held = [p for p in Post.objects.filter(user_id=user) if span.overlaps(p.span) and p.role not in ADMINISTRATORS]
    if not held:
        access.user_within(by.scope(PeoplePermission.ABSENCES_MANAGE), user)
    for post in held:
        reach = [g.scope for g in by.grants if Role(post.role) in rules.MAY_RECORD_ABSENCE.get(g.role, frozenset())]
        if not any(
            access.covers_post(s, area=post.area_id, grid=post.grid_id, unit=post.unit_id, everywhere=post.everywhere)
            for s in reach
        ):
            raise Forbidden(
                Words(
                    f"此人的岗位“{post.title}”不在您的管理范围内，请由安全管理员登记。",
                    f"The person's post “{post.title}” is not under yours; ask a security administrator.",
                )
            )


def _no_chain(user: UUID, deputy: UUID, starts: datetime, ends: datetime) -> None:
    found = rows.one(
        """SELECT a.user_id = %(deputy)s AS deputy_away, a.starts, a.ends, u.name FROM people_absence a
           JOIN people_user u ON u.id = a.user_id
           WHERE a.cancelled_at IS NULL AND a.starts < %(ends)s AND a.ends > %(starts)s
             AND (a.user_id = %(deputy)s OR a.deputy_id = %(user)s) LIMIT 1""",
        {"user": user, "deputy": deputy, "starts": starts, "ends": ends},
    )
    if found is None:
        return
    if found["deputy_away"]:
        raise Conflict(
            Words("代理人在该时间也离岗，请另选代理人。", "The deputy is absent at that time too; choose another.")
        )
    raise Conflict(
        Words(
            f"此人在该时间正代理{found['name']}的岗位，请先为{found['name']}另行安排代理人。",
            f"At that time this person stands in for {found['name']}; find another deputy for {found['name']} first.",
        )
    )


def _announce(by: Principal, tag: PeopleTag, row: Absence) -> None:
    body = {
        "login": row.user.login,
        "deputy": row.deputy.login,
        "starts": row.starts.isoformat(),
        "ends": row.ends.isoformat(),
    }
    ledger.append(by=by, tag=tag, kind="absence", subject=row.id, body=body)
    for person in (row.user_id, row.deputy_id):
        outbox.emit(PeopleEvent.POST_CHANGED, kind="user", subject=person, body={"act": str(tag)})
