"""Staff from a workbook: every bad row is named; nothing happens unless it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from wangge.domain.people import access, passwords, rules, sheet
from wangge.domain.people.actions.load import NewPost, NewStaff, insert_staff
from wangge.domain.people.actions.users import LOGIN
from wangge.domain.people.models import Post, Unit, User
from wangge.domain.people.tags import PeoplePermission, PeopleTag
from wangge.domain.places.models import Area, Grid
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, Scope
from wangge.kernel.access.roles import ADMINISTRATORS
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

ROLE_NAMES = {name.casefold(): role for role in rules.ROLE_SCOPES for name in (str(role), role.words.zh, role.words.en)}
PHONE = re.compile(r"[0-9+()\-* ,/转分机ext.]{0,40}")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell and what would do. ``row`` is as the workbook counts."""

    row: int
    column: Words
    code: str
    message: Words


@dataclass
class Report:
    dry_run: bool
    rows: int
    good: int = 0
    users: int = 0
    posts: int = 0
    faults: list[Fault] = field(default_factory=list)
    passwords: list[tuple[str, str]] = field(default_factory=list)


@transaction.atomic
def import_staff(*, by: Principal, content: bytes, dry_run: bool = True, accept_good_rows: bool = False) -> Report:
    """Read a workbook (``sheet.COLUMNS``), check every row, and unless ``dry_run`` make the accounts and posts.

    With bad rows nothing is made (Invalid with all of them) unless ``accept_good_rows``. Known log-ins get posts only. New accounts get a
    first password each, in the report, shown this once. Administrators are not made from a workbook.
    """
    scope = by.require(PeoplePermission.USERS_MANAGE)
    by.require(PeoplePermission.POSTS_MANAGE)
    given = sheet.read(content)
    check = _Check(by, scope, given)
    people: dict[str, NewStaff] = {}
    report = Report(dry_run=dry_run, rows=len(given))
    for number, values in given:
        before = len(check.faults)
        person = check.row(number, values)
        if len(check.faults) > before or person is None:
            continue
        report.good += 1
        known = people.get(person.login)
        people[person.login] = (
            NewStaff(person.login, person.name, known.posts + person.posts, known.unit, id=known.id)
            if known
            else person
        )
    report.faults = check.faults
    existing = frozenset(u.id for u in check.users.values())
    report.users = sum(p.id not in existing for p in people.values())
    report.posts = sum(len(p.posts) for p in people.values())
    if dry_run:
        return report
    if report.faults and not accept_good_rows:
        raise Invalid(
            Words(
                f"有 {len(report.faults)} 处错误，未导入任何内容。请更正后重试，或选择只导入正确的行。",
                f"{len(report.faults)} mistakes: nothing was imported. Correct them, or ask for the good rows only.",
            ),
            errors=[FieldError(f"row[{f.row}].{f.column.en}", f.code, f.message) for f in report.faults],
        )
    _make(by, report, list(people.values()), existing)
    return report


def _make(by: Principal, report: Report, people: list[NewStaff], existing: frozenset[UUID]) -> None:
    made = []
    for person in people:
        if person.id in existing:
            made.append(person)
            continue
        password = passwords.random_password()
        report.passwords.append((person.login, password))
        made.append(
            NewStaff(
                person.login,
                person.name,
                person.posts,
                person.unit,
                password_hash=passwords.hashed_random(password),
                must_change=True,
                id=person.id,
            )
        )
    insert_staff(made, existing=existing)
    ledger.append_many(
        by=by,
        tag=PeopleTag.USER_ADDED,
        kind="user",
        items=[ledger.Item(p.id, None, {"login": p.login}) for p in made if p.id not in existing],
    )
    ledger.append_many(
        by=by,
        tag=PeopleTag.POST_GIVEN,
        kind="post",
        items=[
            ledger.Item(
                post.id,
                (post.area or post.grid or "")[:6] or None,
                {
                    "login": p.login,
                    "title": post.title or post.role.words.zh,
                    "role": str(post.role),
                    "scope": post.area or post.grid or str(post.unit),
                },
            )
            for p in made
            for post in p.posts
        ],
    )
    ledger.append(
        by=by,
        tag=PeopleTag.STAFF_IMPORTED,
        kind="staff",
        body={"users": report.users, "posts": report.posts, "bad": report.rows - report.good},
    )


class _Check:
    """Checks rows against what is in the database, read once for the whole workbook."""

    def __init__(self, by: Principal, scope: Scope, given: list[tuple[int, dict[str, str | date]]]) -> None:
        self.by, self.scope = by, scope
        self.faults: list[Fault] = []
        self.zone = ZoneInfo(settings.CONFIG.zone)
        codes = {str(v.get("scope", "")) for _, v in given}
        logins = {rules.normal_login(str(v.get("login", ""))) for _, v in given}
        names = {str(v.get(k, "")).partition("@")[0] for _, v in given for k in ("unit", "scope")}
        self.users = {u.login: u for u in User.objects.filter(login__in=logins)}
        self.areas = set(Area.objects.filter(code__in=codes, valid_to=None).values_list("code", flat=True))
        self.grids = set(Grid.objects.filter(code__in=codes, retired_at=None).values_list("code", flat=True))
        self.units: dict[str, list[Unit]] = {}
        for unit in Unit.objects.filter(name__in=names, active=True):
            self.units.setdefault(unit.name, []).append(unit)
        held = Post.objects.filter(user__in=self.users.values()).exclude(ends__lte=clock.now())
        self.held = {(p.user_id, p.role, p.area_id, p.grid_id, p.unit_id) for p in held}
        self.seen: dict[str, NewStaff] = {}
        self.reach: dict[Any, bool] = {}
        self.visible: dict[UUID, bool] = {}

    def row(self, number: int, values: dict[str, str | date]) -> NewStaff | None:
        """The person with one post that the row says; None, and faults, when it does not hold."""

        def fault(key: str, code: str, zh: str, en: str) -> None:
            self.faults.append(Fault(number, _COLUMN[key], code, Words(zh, en)))

        before = len(self.faults)
        for column in sheet.COLUMNS:
            if column.required and not values.get(column.key):
                fault(column.key, "missing", f"{column.words.zh}不能为空", f"{column.words.en} is missing.")
        if len(self.faults) > before:
            return None
        login, name = rules.normal_login(str(values["login"])), str(values["name"])
        if not LOGIN.fullmatch(login):
            fault(
                "login",
                "format",
                f"登录名“{login}”格式不对",
                f"The log-in “{login}” is not possible; see the heading's note.",
            )
        if len(name) > 60:
            fault("name", "long", "姓名最多 60 字", "A name has at most 60 characters.")
        role = ROLE_NAMES.get(str(values["role"]).casefold())
        if role is None:
            fault(
                "role",
                "unknown",
                f"没有角色“{values['role']}”，请从下拉列表选择",
                f"There is no role “{values['role']}”; choose from the list.",
            )
        elif role in ADMINISTRATORS:
            fault(
                "role",
                "administrator",
                "管理员岗位须单独任命，不能导入",
                "Administrators are appointed one by one, not imported.",
            )
        home = self._unit(str(values.get("unit", "")), "unit", fault) if values.get("unit") else None
        place = self._place(str(values["scope"]), fault)
        phone, public = str(values.get("phone", "")), str(values.get("public", "")).casefold()
        if not PHONE.fullmatch(phone):
            fault("phone", "format", "岗位电话最多 40 个数字与符号", "A phone has at most 40 digits and signs.")
        if public not in YES_NO:
            fault("public", "format", "公示请填 是 或 否", "Public is yes or no.")
        starts = self._starts(values.get("starts", ""), fault)
        if len(self.faults) > before or role is None or place is None:
            return None
        error = rules.scope_fault(role, everywhere=False, **place)
        if error:
            fault("scope", "scope", error.zh, error.en)
            return None
        if not self._covers(place):
            fault("scope", "outside", "岗位范围超出您的管理范围", "The scope is outside yours.")
        key = (role, *place.values())
        known = self.users.get(login)
        first = self.seen.get(login)
        if known is not None:
            self._known_user(known, name, key, fault)
        elif first is not None and first.name != name:
            fault(
                "name",
                "differs",
                f"同一登录名前面的姓名是“{first.name}”",
                f"This log-in was “{first.name}” in an earlier row.",
            )
        elif first is None and home is None and not self.scope.everything:
            fault("unit", "missing", "新人员须填写所属单位", "A new person needs an employer.")
        if first is not None and any((p.role, p.area, p.grid, p.unit) == key for p in first.posts):
            fault("scope", "twice", "与前面的行重复", "The same post is in an earlier row.")
        if len(self.faults) > before:
            return None
        post = NewPost(
            role,
            title=str(values.get("title", ""))[:40],
            phone=phone,
            public=public in sheet.YES,
            starts=starts,
            **place,
        )
        person = NewStaff(
            login,
            name,
            (post,),
            home.id if home else None,
            id=known.id if known else first.id if first else uuid7(),
        )
        self.seen[login] = NewStaff(login, name, (*(first.posts if first else ()), post), person.unit, id=person.id)
        return person

    def _known_user(self, known: User, name: str, key: tuple[Any, ...], fault: Any) -> None:
        if known.id not in self.visible:
            params: dict[str, Any] = {"id": known.id}
            sql = f"SELECT 1 FROM people_user u WHERE u.id = %(id)s AND {access.users_in('u', self.scope, params)}"
            self.visible[known.id] = access.rows.value(sql, params) is not None
        if known.id == self.by.id:
            fault("login", "self", "不能任命自己", "Nobody appoints themselves.")
        elif not self.visible[known.id] or not known.active:
            fault("login", "taken", "登录名已被使用", "This log-in name is taken.")
        elif known.name != name:
            fault(
                "name",
                "differs",
                "登录名已有，但姓名不同；请核对",
                "The log-in exists with another name; check which is right.",
            )
        elif (known.id, *key) in self.held:
            fault("scope", "held", "此人已担任该岗位", "The person holds this post already.")

    def _place(self, text: str, fault: Any) -> dict[str, Any] | None:
        if re.fullmatch(r"[0-9]{15}", text):
            if text not in self.grids:
                fault("scope", "unknown", f"没有网格 {text}，或已停用", f"There is no grid {text} in use.")
                return None
            return {"area": None, "grid": text, "unit": None}
        if text.isdigit():
            if text not in self.areas:
                fault("scope", "unknown", f"没有区划 {text}", f"There is no area {text}.")
                return None
            return {"area": text, "grid": None, "unit": None}
        unit = self._unit(text, "scope", fault)
        return {"area": None, "grid": None, "unit": unit.id} if unit else None

    def _unit(self, text: str, column: str, fault: Any) -> Unit | None:
        name, _, area = text.partition("@")
        found = [u for u in self.units.get(name, []) if not area or u.area_id == area]
        if not found:
            fault(column, "unknown", f"没有单位“{text}”", f"There is no unit “{text}”.")
        elif len(found) > 1:
            some = "、".join(f"{name}@{u.area_id}" for u in found[:4])
            fault(
                column,
                "ambiguous",
                f"有多个同名单位，请写作：{some}",
                f"Several units have this name; write one of {some}.",
            )
        elif column == "unit" and not self._covers({"area": found[0].area_id, "grid": None, "unit": None}):
            fault(column, "outside", "所属单位不在您的管理范围内", "The employer is outside your scope.")
        return found[0] if len(found) == 1 else None

    def _starts(self, value: str | date, fault: Any) -> datetime | None:
        if value == "":
            return None
        if not isinstance(value, date):
            try:
                value = date.fromisoformat(value.replace("/", "-").replace(".", "-"))
            except ValueError:
                fault(
                    "starts",
                    "date",
                    f"日期“{value}”无法识别，请写作 2026-11-20",
                    f"“{value}” is no date; write 2026-11-20.",
                )
                return None
        return datetime(value.year, value.month, value.day, tzinfo=self.zone)

    def _covers(self, place: dict[str, Any]) -> bool:
        key = tuple(place.values())
        if key not in self.reach:
            self.reach[key] = access.covers_post(self.scope, everywhere=False, **place)
        return self.reach[key]


YES_NO = sheet.YES | sheet.NO
_COLUMN = {c.key: c.words for c in sheet.COLUMNS}
