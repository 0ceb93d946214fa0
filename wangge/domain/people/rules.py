"""What is true of people whatever the database says: tables of words, which role goes with which scope, time arithmetic.

Pure: no Django, no database.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from wangge.kernel.access.roles import ADMINISTRATORS, ALL_STAFF, GRID_STAFF, Role
from wangge.kernel.words import Words

UNIT_KINDS = {
    "centre": Words("网格化服务管理中心", "Centre"),
    "department": Words("职能部门", "Department"),
    "workstation": Words("社区工作站", "Community workstation"),
    "company": Words("企业", "Company"),
    "volunteers": Words("志愿服务队", "Volunteer team"),
}

DUTIES = {
    "grid_centre": Words("网格化服务管理", "Grid service management"),
    "urban_management": Words("城市管理", "Urban management"),
    "police": Words("公安", "Police"),
    "fire": Words("消防救援", "Fire and rescue"),
    "market": Words("市场监管", "Market supervision"),
    "housing": Words("住房保障", "Housing"),
    "construction": Words("建设工程", "Construction"),
    "water": Words("水务", "Water"),
    "ecology": Words("生态环境", "Ecology and environment"),
    "traffic": Words("交通运输", "Traffic and transport"),
    "health": Words("卫生健康", "Health"),
    "civil_affairs": Words("民政", "Civil affairs"),
    "justice": Words("司法行政", "Justice"),
    "labour": Words("人力资源和社会保障", "Labour and social security"),
    "education": Words("教育", "Education"),
    "culture": Words("文化旅游体育", "Culture, tourism and sport"),
    "emergency": Words("应急管理", "Emergency management"),
    "veterans": Words("退役军人事务", "Veterans"),
    "disabled": Words("残疾人服务", "Services for the disabled"),
    "party_mass": Words("党群服务", "Party and mass services"),
    "property": Words("物业服务", "Property services"),
    "power": Words("供电", "Power supply"),
    "gas": Words("燃气", "Gas supply"),
    "telecom": Words("通信", "Telecommunications"),
    "sanitation": Words("环境卫生", "Sanitation"),
    "greening": Words("园林绿化", "Parks and greening"),
    "agriculture": Words("农业农村", "Agriculture"),
    "petition": Words("信访", "Petitions"),
}

ScopeKind = Literal["area", "grid", "unit", "everywhere"]
SCOPE_KINDS: dict[str, Words] = {
    "area": Words("区划（含全部下级）", "An area and all below it"),
    "grid": Words("网格", "A grid"),
    "unit": Words("单位", "A unit"),
    "everywhere": Words("全部", "Everywhere"),
}

# A chief grid head (总网格长) answers for a whole community: grid staff may be posted to an area too.
ROLE_SCOPES: dict[Role, frozenset[str]] = {
    **dict.fromkeys(GRID_STAFF, frozenset({"grid", "area"})),
    Role.WORKSTATION: frozenset({"area"}),
    Role.OPERATOR: frozenset({"area"}),
    Role.HANDLER: frozenset({"unit"}),
    Role.UNIT_LEADER: frozenset({"unit"}),
    Role.SUPERVISOR: frozenset({"area"}),
    Role.LEADER: frozenset({"area"}),
    Role.ANALYST: frozenset({"area"}),
    **dict.fromkeys(ADMINISTRATORS, frozenset({"area", "everywhere"})),
}

# How long an area's code may be for a role; roles that are not named may be posted to any level.
ROLE_AREA_DIGITS: dict[Role, frozenset[int]] = {
    Role.WORKSTATION: frozenset({12}),
    Role.GRID_WORKER: frozenset({12}),
    Role.GRID_HEAD: frozenset({9, 12}),
    Role.GRID_DEPUTY: frozenset({9, 12}),
    Role.GRID_ASSISTANT: frozenset({12}),
}

# The usual titles of the trade and the role each gives. A title is free text; these are offered.
TITLES: dict[str, tuple[Role, Words]] = {
    "chief_grid_head": (Role.GRID_HEAD, Words("总网格长", "Chief grid head")),
    "grid_head": (Role.GRID_HEAD, Words("网格长", "Grid head")),
    "deputy_grid_head": (Role.GRID_DEPUTY, Words("副网格长", "Deputy grid head")),
    "grid_assistant": (Role.GRID_ASSISTANT, Words("网格长助理", "Assistant to the grid head")),
    "grid_worker": (Role.GRID_WORKER, Words("网格员", "Grid worker")),
    "part_time_grid_worker": (Role.GRID_WORKER, Words("兼职网格员", "Part-time grid worker")),
    "information_officer": (Role.GRID_WORKER, Words("信息员", "Information officer")),
    "patroller": (Role.PATROLLER, Words("巡查员", "Patroller")),
    "liaison": (Role.HANDLER, Words("联络员", "Liaison officer")),
    "supervisor": (Role.SUPERVISOR, Words("督查员", "Supervisor")),
}

# Whom a resident looks for first on a grid's card.
CARD_ORDER = [str(r) for r in (Role.GRID_HEAD, Role.GRID_DEPUTY, Role.GRID_ASSISTANT, Role.GRID_WORKER, Role.PATROLLER)]

# Rights that wait behind a second factor (outside the demo): people who decide for many, and who decide about rights.
SECOND_FACTOR_ROLES = frozenset({Role.OPERATOR}) | ADMINISTRATORS

# Who may record whose absence, besides the security administrator: the role of the one who records → roles of the absent.
MAY_RECORD_ABSENCE: dict[Role, frozenset[Role]] = {
    Role.SECURITY_ADMIN: ALL_STAFF - ADMINISTRATORS,
    Role.UNIT_LEADER: frozenset({Role.HANDLER}),
    Role.OPERATOR: GRID_STAFF | {Role.WORKSTATION},
    Role.WORKSTATION: GRID_STAFF,
    Role.GRID_HEAD: GRID_STAFF - {Role.GRID_HEAD},
}


def scope_kind(*, area: str | None, grid: str | None, unit: object | None, everywhere: bool) -> ScopeKind | None:
    """The one kind of scope that is given; None when none or more than one is."""
    given = [k for k, v in (("area", area), ("grid", grid), ("unit", unit), ("everywhere", everywhere)) if v]
    return given[0] if len(given) == 1 else None  # type: ignore[return-value]


def scope_fault(
    role: Role, *, area: str | None, grid: str | None, unit: object | None, everywhere: bool
) -> Words | None:
    """Why this role cannot be posted to this scope, with what would do; None when it can."""
    allowed = ROLE_SCOPES.get(role)
    if allowed is None:
        return Words(
            f"“{role.words.zh}”不是人员岗位，请使用访问令牌。",
            f"“{role.words.en}” is no post of a person: make a token instead.",
        )
    kinds = [SCOPE_KINDS[k] for k in SCOPE_KINDS if k in allowed]
    kind = scope_kind(area=area, grid=grid, unit=unit, everywhere=everywhere)
    if kind is None or kind not in allowed:
        return Words(
            f"“{role.words.zh}”的岗位范围须且只能是：{'或'.join(k.zh for k in kinds)}。",
            f"A post as {role.words.en.lower()} needs exactly one scope: {' or '.join(k.en.lower() for k in kinds)}.",
        )
    digits = ROLE_AREA_DIGITS.get(role)
    if kind == "area" and digits and len(area or "") not in digits:
        levels = {9: Words("街道", "a street"), 12: Words("社区", "a community")}
        return Words(
            f"“{role.words.zh}”的区划须是：{'或'.join(levels[d].zh for d in sorted(digits))}。",
            f"The area of a post as {role.words.en.lower()} must be {' or '.join(levels[d].en for d in sorted(digits))}.",
        )
    return None


class Span(NamedTuple):
    """A half-open stretch of time; ``ends`` None is open."""

    starts: datetime
    ends: datetime | None

    def holds(self, moment: datetime) -> bool:
        return self.starts <= moment and (self.ends is None or moment < self.ends)

    def overlaps(self, other: Span) -> bool:
        return (self.ends is None or other.starts < self.ends) and (other.ends is None or self.starts < other.ends)


def two_administrators(roles: Iterable[Role]) -> tuple[Role, Role] | None:
    """The first two different administrator roles among ``roles``: one person may not hold them together."""
    held = sorted({r for r in roles if r in ADMINISTRATORS})
    return (held[0], held[1]) if len(held) > 1 else None


# --- log-in ---------------------------------------------------------------------------------------------------------------


class Throttle(NamedTuple):
    """``free`` failures cost nothing; each one after that doubles the wait from ``first`` up to ``longest``. Failures are
    forgotten after ``window`` without a new one."""

    free: int
    first: timedelta
    longest: timedelta
    window: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long the next attempt must wait after so many failures in a row."""
        over = failures - self.free
        if over < 0:
            return timedelta(0)
        return min(self.first * 2 ** min(over, 20), self.longest)


BY_PERSON = Throttle(free=5, first=timedelta(minutes=1), longest=timedelta(hours=1), window=timedelta(hours=24))
# A whole street office may sit behind one address: a network is given far more than a person.
BY_NETWORK = Throttle(free=50, first=timedelta(minutes=1), longest=timedelta(minutes=15), window=timedelta(hours=1))


def network_of(address: str | None) -> str:
    """What counts as one network: an IPv4 address, or the /64 of an IPv6 one (a household or office has a whole /64)."""
    try:
        ip = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def network_allowed(address: str | None, networks: Iterable[str]) -> bool:
    """Whether ``address`` lies in one of ``networks`` (CIDR); an empty list allows every address."""
    allowed = [ipaddress.ip_network(n, strict=False) for n in networks]
    if not allowed:
        return True
    try:
        ip = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip.version == n.version and ip in n for n in allowed)


def normal_login(login: str) -> str:
    """One person, one spelling: NFKC, case-folded, no blanks around. ``ＷＡＮＧ `` and ``wang`` are the same person."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


class Life(NamedTuple):
    """How long a session may lie idle, and how long it may last at all."""

    idle: timedelta
    absolute: timedelta


DESK_LIFE = Life(idle=timedelta(minutes=30), absolute=timedelta(hours=12))
# A phone in the field is locked by its owner and may be without a network for a shift.
FIELD_LIFE = Life(idle=timedelta(hours=12), absolute=timedelta(days=14))


def session_life(roles: Iterable[Role]) -> Life:
    """The stricter life unless every post of the person is one of grid staff."""
    held = frozenset(roles)
    return FIELD_LIFE if held and held <= GRID_STAFF else DESK_LIFE


Step = Literal["second_factor", "password", "second_factor_setup"]


def pending_step(*, has_factor: bool, passed: bool, must_change: bool, required: bool) -> Step | None:
    """What a log-in still lacks before it may do anything, in the order it is asked for. ``passed``: a second factor was shown in
    this session, here or to the provider of single sign-on."""
    if has_factor and not passed:
        return "second_factor"
    if must_change:
        return "password"
    if required and not (has_factor or passed):
        return "second_factor_setup"
    return None


STEP_WORDS: dict[str, Words] = {
    "second_factor": Words(
        "请输入动态验证码或恢复码以完成登录。", "Enter the code of your authenticator, or a recovery code."
    ),
    "password": Words("首次登录请先修改密码。", "Choose a new password before you go on."),
    "second_factor_setup": Words(
        "您的岗位须使用双因素登录，请先绑定动态验证码。",
        "Your post needs a second factor: set up an authenticator first.",
    ),
}

# A slip of paper in a drawer is no password for ever; a roll-out of some weeks is possible.
FIRST_PASSWORD_HOLDS = timedelta(days=30)
MIN_PASSWORD = 10
MAX_PASSWORD = 128
