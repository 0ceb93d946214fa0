"""The only ways to a unit, a user or a post for somebody who wants to act on it: found within the asker's scope, or not found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import IntegrityError, models, transaction

from wangge.domain.people.models import Post, Unit, User
from wangge.kernel import clock
from wangge.kernel.access import Columns, Scope
from wangge.kernel.db import rows
from wangge.kernel.ids import body_hash
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from wangge.kernel.words import Words

M = TypeVar("M", bound=models.Model)

UNIT_COLUMNS = Columns(grid=None, units=("id",))
POST_COLUMNS = Columns(units=("unit_id",), persons=("user_id",))

NO_UNIT = Words("没有这个单位，或不在您的范围内。", "There is no such unit, or it is outside your scope.")
NO_USER = Words("没有这个账号，或不在您的范围内。", "There is no such account, or it is outside your scope.")
NO_POST = Words("没有这个岗位，或不在您的范围内。", "There is no such post, or it is outside your scope.")
CHANGED = Words(
    "内容已被他人修改，请按最新内容重试。", "Somebody changed this meanwhile; look at the present state and try again."
)


# — scope ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def covered_above(scope: Scope) -> list[str]:
    """The cities and provinces whose every district is in ``scope``: who holds all of a city holds the city's own offices too."""
    if not scope.districts:
        return []
    found = rows.all(
        """
        WITH mine AS (SELECT unnest(%(districts)s::text[]) AS code),
        cities AS (
            SELECT d.parent AS code FROM places_area d LEFT JOIN mine ON mine.code = d.code
            WHERE d.level = 'district'
              AND d.parent IN (SELECT a.parent FROM places_area a JOIN mine USING (code))
            GROUP BY d.parent HAVING bool_and(mine.code IS NOT NULL)
        ),
        provinces AS (
            SELECT c.parent AS code FROM places_area c LEFT JOIN cities ON cities.code = c.code
            WHERE c.level = 'city' AND c.parent IN (SELECT a.parent FROM places_area a JOIN cities USING (code))
            GROUP BY c.parent HAVING bool_and(cities.code IS NOT NULL)
        )
        SELECT code FROM cities WHERE code IS NOT NULL UNION SELECT code FROM provinces WHERE code IS NOT NULL
        """,
        {"districts": sorted(scope.districts)},
    )
    return sorted(r["code"] for r in found)


def covers_code(scope: Scope, code: str) -> bool:
    """Whether an area's or a grid's code lies wholly in ``scope``."""
    if scope.everything:
        return True
    if len(code) < 6:
        return code in covered_above(scope)
    return scope.covers(
        district=code[:6],
        street=code[:9] if len(code) >= 9 else None,
        community=code[:12] if len(code) >= 12 else None,
        grid=code if len(code) == 15 else None,
    )


def covers_post(scope: Scope, *, area: str | None, grid: str | None, unit: UUID | None, everywhere: bool) -> bool:
    """Whether a post with this scope lies wholly in ``scope``."""
    if everywhere or scope.everything:
        return scope.everything
    if area or grid:
        return covers_code(scope, area or grid or "")
    if unit in scope.units:
        return True
    code = rows.value("SELECT area FROM people_unit WHERE id = %(unit)s", {"unit": unit})
    return code is not None and covers_code(scope, code)


def units_in(alias: str, scope: Scope, params: dict[str, Any]) -> str:
    """The predicate "this row of people_unit is in ``scope``"."""
    if scope.everything:
        return "(TRUE)"
    params["scope_above"] = covered_above(scope)
    return f"({scope.sql(alias, params, UNIT_COLUMNS)} OR {alias}.area = ANY(%(scope_above)s))"


def posts_in(alias: str, unit_alias: str, scope: Scope, params: dict[str, Any]) -> str:
    """The predicate "this post is in ``scope``"; ``unit_alias`` is its left-joined unit."""
    if scope.everything:
        return "(TRUE)"
    params["scope_above"] = covered_above(scope)
    return (
        f"({scope.sql(alias, params, POST_COLUMNS)} OR coalesce({alias}.area = ANY(%(scope_above)s), FALSE)"
        f" OR {scope.sql(unit_alias, params, UNIT_COLUMNS)} OR coalesce({unit_alias}.area = ANY(%(scope_above)s), FALSE))"
    )


def users_in(alias: str, scope: Scope, params: dict[str, Any]) -> str:
    """The predicate "this user is employed by a unit in ``scope``, or holds a post in it now or later"."""
    if scope.everything:
        return "(TRUE)"
    return f"""(EXISTS (SELECT 1 FROM people_unit home WHERE home.id = {alias}.unit_id AND {units_in("home", scope, params)})
        OR EXISTS (SELECT 1 FROM people_post held LEFT JOIN people_unit at ON at.id = held.unit_id
                   WHERE held.user_id = {alias}.id AND (held.ends IS NULL OR held.ends > now())
                     AND {posts_in("held", "at", scope, params)}))"""


# — finding ————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def unit_within(scope: Scope, unit: UUID) -> Unit:
    """The unit, locked until the act ends. NotFound when it is not in ``scope``."""
    found = Unit.objects.select_for_update(no_key=True).filter(id=unit).first()
    if found is None or not (unit in scope.units or covers_code(scope, found.area_id)):
        raise NotFound(NO_UNIT)
    return found


def user_within(scope: Scope, user: UUID) -> User:
    """The user, locked until the act ends. NotFound when not in ``scope``."""
    params: dict[str, Any] = {"user": user}
    seen = rows.value(
        f"SELECT 1 FROM people_user u WHERE u.id = %(user)s AND {users_in('u', scope, params)}",
        params,
    )
    found = User.objects.select_for_update(no_key=True).filter(id=user).first() if seen else None
    if found is None:
        raise NotFound(NO_USER)
    return found


def account_within(scope: Scope, user: UUID) -> User:
    """The user whose account is to be changed. Forbidden when they hold a post outside ``scope``, now or later: who may reset a
    password may become that person, and must not become more than they may appoint."""
    found = user_within(scope, user)
    if not scope.everything:
        now = clock.now()
        for post in Post.objects.filter(user=found):
            open_post = post.ends is None or post.ends > now
            if open_post and not covers_post(
                scope, area=post.area_id, grid=post.grid_id, unit=post.unit_id, everywhere=post.everywhere
            ):
                raise Forbidden(
                    Words(
                        f"此人还担任您管理范围以外的岗位（{post.title}），请由上级安全管理员办理。",
                        f"The person also holds a post outside your scope ({post.title}); ask the security administrator above you.",
                    )
                )
    return found


def post_within(scope: Scope, post: UUID) -> Post:
    """The post with its user, locked until the act ends. NotFound when not in ``scope``."""
    found = (
        Post.objects.select_for_update(of=("self",), no_key=True).select_related("user", "unit").filter(id=post).first()
    )
    if found is None or not covers_post(
        scope, area=found.area_id, grid=found.grid_id, unit=found.unit_id, everywhere=found.everywhere
    ):
        raise NotFound(NO_POST)
    return found


def active_user(user: UUID, path: str) -> User:
    """A user who is to be given something; Invalid at ``path`` when there is none or the account is not active."""
    found = User.objects.select_for_update(no_key=True).filter(id=user, active=True).first()
    if found is None:
        raise Invalid.field(
            path, "unknown", "没有这个人员，或账号已停用", "There is no such person, or the account is not active."
        )
    return found


def require_everything(scope: Scope) -> None:
    if not scope.everything:
        raise Forbidden(
            Words(
                "只有负责全部区域的安全管理员可以这样做。", "Only a security administrator for everywhere may do this."
            )
        )


# — writing ————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def create_once(model: type[M], key: UUID, payload: Mapping[str, Any], make: Callable[[bytes], M]) -> tuple[M, bool]:
    """Make the row with the client's ``key`` once: a repeated call finds the row, the same key with another body is Invalid.

    Returns the row and whether it was made now.
    """
    digest = body_hash(orjson.loads(orjson.dumps(dict(payload), default=str)))
    found = model.objects.filter(pk=key).first()
    if found is None:
        try:
            with transaction.atomic():
                return make(digest), True
        except IntegrityError as error:
            if constraint_of(error) != f"{model._meta.db_table}_pkey":
                raise
            found = model.objects.get(pk=key)
    if bytes(found.created_hash or b"") != digest:  # type: ignore[attr-defined]
        raise Invalid.field(
            "body.id",
            "reused",
            "这个 id 已用于另一内容，请换一个新的 id",
            "This id was used for something else; make a new one.",
        )
    return found, False


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


@contextmanager
def refusing(problems: Mapping[str, Problem]) -> Iterator[None]:
    """Say what a named database constraint means when it refuses. The block must be the last of its savepoint."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        problem = problems.get(constraint_of(error) or "")
        if problem is None:
            raise
        # A copy: the constant is shared by all threads, and an exception carries its traceback.
        raise type(problem)(problem.detail, list(problem.errors), dict(problem.extra)) from error


def changed(current: Mapping[str, Any]) -> Conflict:
    """409 with the present state."""
    return Conflict(CHANGED, extra={"current": orjson.loads(orjson.dumps(dict(current), default=str))})
