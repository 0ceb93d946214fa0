"""Accounts: made, changed, closed and opened again; first passwords."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, passwords, queries, rules
from wangge.domain.people.actions.posts import close_posts
from wangge.domain.people.actions.sessions import end_all_of, forget_failures
from wangge.domain.people.models import Credential, Unit, User
from wangge.domain.people.tags import PeopleEvent, PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.problems import Forbidden, Invalid
from wangge.kernel.words import Words

LOGIN = re.compile(r"[\w.@+-]{2,64}")
LOGIN_TAKEN = Invalid.field("body.login", "taken", "登录名已被使用", "This log-in name is taken.")
NOT_ONESELF = Words(
    "不能为自己办理，请由另一位安全管理员办理。",
    "Nobody does this for themselves; another security administrator has to.",
)


@transaction.atomic
def add_user(
    *, by: Principal, id: UUID, login: str, name: str, unit: UUID | None = None, language: str = "zh"
) -> tuple[dict[str, Any], str | None]:
    """A new account with a first password that must be changed. Returns the account and the password: it is shown this once; a
    repeated call gives None. An account without a unit is nobody's but a security administrator's for everywhere."""
    scope = by.require(PeoplePermission.USERS_MANAGE)
    login = rules.normal_login(login)
    if not LOGIN.fullmatch(login):
        raise Invalid.field(
            "body.login",
            "format",
            "登录名为 2–64 个字母、数字或 . _ - @ +",
            "A log-in name is 2–64 letters, digits or . _ - @ +.",
        )
    if unit is None:
        access.require_everything(scope)
    else:
        home_unit(scope, unit)
    password = passwords.random_password()
    now = clock.now()

    def make(digest: bytes) -> User:
        made = User.objects.create(
            id=id, login=login, name=name, unit_id=unit, language=language, created_at=now, created_hash=digest
        )
        Credential.objects.create(
            user=made, password=passwords.hashed_random(password), password_at=now, must_change=True
        )
        return made

    given = {"login": login, "name": name, "unit": unit, "language": language}
    with access.refusing({"people_user_login_key": LOGIN_TAKEN}):
        user, fresh = access.create_once(User, id, given, make)
    if fresh:
        ledger.append(by=by, tag=PeopleTag.USER_ADDED, kind="user", subject=user.id, body={"login": login})
        _changed(user.id, PeopleTag.USER_ADDED)
    return queries.user(user.id), password if fresh else None


@transaction.atomic
def change_user(*, by: Principal, user: UUID, version: int, **changes: Any) -> dict[str, Any]:
    """Change ``name``, ``language`` or ``unit``. The log-in never changes: the ledger speaks of it."""
    scope = by.require(PeoplePermission.USERS_MANAGE)
    row = access.account_within(scope, user)
    if row.version != version:
        raise access.changed(queries.user(user))
    if "unit" in changes:
        if changes["unit"] is None:
            access.require_everything(scope)
        else:
            home_unit(scope, changes["unit"])
        changes["unit_id"] = changes.pop("unit")
    fields = sorted(k.removesuffix("_id") for k, v in changes.items() if getattr(row, k) != v)
    if fields:
        User.objects.filter(id=user).update(version=version + 1, **changes)
        ledger.append(
            by=by,
            tag=PeopleTag.USER_CHANGED,
            kind="user",
            subject=user,
            body={"login": row.login, "fields": fields},
        )
        _changed(user, PeopleTag.USER_CHANGED)
    return queries.user(user)


def set_language(*, by: Principal, language: str) -> None:
    """One's own language: ``zh`` or ``en``."""
    if language not in ("zh", "en"):
        raise Invalid.field("body.language", "unknown", "语言为 zh 或 en", "The language is zh or en.")
    User.objects.filter(id=by.id).update(language=language)


@transaction.atomic
def deactivate_user(*, by: Principal, user: UUID, version: int) -> dict[str, Any]:
    """Close the account: its posts end now, its sessions end, its deputyships give nothing. Work in hand is handed over first
    (``hand_over``). Nobody closes their own."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    if by.id == user:
        raise Forbidden(NOT_ONESELF)
    if row.version != version:
        raise access.changed(queries.user(user))
    if row.active:
        User.objects.filter(id=user).update(active=False, version=version + 1)
        ended = close_posts(by, row, clock.now())
        end_all_of(by, user, "deactivated")
        ledger.append(
            by=by,
            tag=PeopleTag.USER_DEACTIVATED,
            kind="user",
            subject=user,
            body={"login": row.login, "posts": ended},
        )
        _changed(user, PeopleTag.USER_DEACTIVATED)
    return queries.user(user)


@transaction.atomic
def reactivate_user(*, by: Principal, user: UUID, version: int) -> dict[str, Any]:
    """Open a closed account again. It comes back without posts."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    if by.id == user:
        raise Forbidden(NOT_ONESELF)
    if row.version != version:
        raise access.changed(queries.user(user))
    if not row.active:
        User.objects.filter(id=user).update(active=True, version=version + 1)
        ledger.append(by=by, tag=PeopleTag.USER_REACTIVATED, kind="user", subject=user, body={"login": row.login})
        _changed(user, PeopleTag.USER_REACTIVATED)
    return queries.user(user)


@transaction.atomic
def reset_password(*, by: Principal, user: UUID) -> str:
    """A new first password, shown this once; the sessions end and a lock-out is lifted."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    if by.id == user:
        raise Forbidden(NOT_ONESELF)
    password = passwords.random_password()
    set_first_password(user, password)
    end_all_of(by, user, "password-reset")
    forget_failures("person", row.login)
    ledger.append(by=by, tag=PeopleTag.PASSWORD_RESET, kind="user", subject=user, body={"login": row.login})
    return password


@transaction.atomic
def unlock_user(*, by: Principal, user: UUID) -> None:
    """Lift a lock-out before its time."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    forget_failures("person", row.login)
    forget_failures("factor", str(user))
    ledger.append(by=by, tag=PeopleTag.USER_UNLOCKED, kind="user", subject=user, body={"login": row.login})


def set_first_password(user: UUID, password: str) -> None:
    """Store a random password that must be changed at the first log-in."""
    Credential.objects.update_or_create(
        user_id=user,
        defaults={
            "password": passwords.hashed_random(password),
            "password_at": clock.now(),
            "must_change": True,
        },
    )


def home_unit(scope: Any, unit: UUID) -> Unit:
    """The unit somebody is to be employed by, in the asker's scope."""
    found = Unit.objects.filter(id=unit, active=True).first()
    if found is None or not (unit in scope.units or access.covers_code(scope, found.area_id)):
        raise Invalid.field(
            "body.unit", "unknown", "没有这个单位，或不在您的范围内", "There is no such unit in your scope."
        )
    return found


def _changed(user: UUID, tag: PeopleTag) -> None:
    outbox.emit(PeopleEvent.USER_CHANGED, kind="user", subject=user, body={"act": str(tag)})
