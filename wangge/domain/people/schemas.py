"""What comes in and goes out over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from wangge.domain.people import rules
from wangge.kernel.access import Role
from wangge.kernel.web.schemas import Input, Moment, Output, Version

Name = Annotated[str, Field(min_length=1, max_length=60)]
Phone = Annotated[
    str,
    Field(max_length=40, pattern=r"^[0-9+()\-* ,/转分机ext.]*$", description="of the post or office, never private"),
]
AreaCode = Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")]
GridCode = Annotated[str, Field(pattern=r"^[0-9]{15}$")]
Language = Literal["zh", "en"]
UnitKind = Literal["centre", "department", "workstation", "company", "volunteers"]
assert set(UnitKind.__args__) == set(rules.UNIT_KINDS)  # type: ignore[attr-defined]
PostRole = Annotated[Role, Field(description="Any role but `integration`")]


# — log-in —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


Secret = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1000)]
"""A password counts as it was typed, blanks at its ends too."""


class LogInIn(Input):
    login: str = Field(min_length=1, max_length=200)
    password: Secret
    as_token: bool = Field(
        False, description="Answer the session's token instead of setting a cookie: for clients without cookies"
    )


class LogInOut(Output):
    session: UUID
    pending: str | None = Field(
        description="`second_factor`, `password` or `second_factor_setup`: what is still to be done; null: logged in"
    )
    expires: datetime
    token: str | None = None


class SsoWayOut(Output):
    name: str = Field(description="What to write on the button; empty: single sign-on")


class WaysOut(Output):
    """How one logs in here."""

    password: bool
    sso: SsoWayOut | None


class LoggedOutOut(Output):
    next: str | None = Field(description="where the browser goes so that the provider's session ends too")


class CodeIn(Input):
    code: str = Field(min_length=6, max_length=20)


class PasswordIn(Input):
    password: Secret


class NewPasswordIn(Input):
    current: Secret
    new: Secret


class MeIn(Input):
    language: Language


class FactorOut(Output):
    secret: str
    uri: str
    qr_svg: str


class RecoveryOut(Output):
    recovery_codes: list[str] = Field(description="Shown this once; each works once")


class SessionOut(Output):
    id: UUID
    created_at: datetime
    last_seen: datetime
    ends: datetime = Field(description="when it ends if nothing is asked any more")
    address: str | None
    device: str
    current: bool


class EndedOut(Output):
    ended: int


class ScopeOut(Output):
    everything: bool
    districts: list[str]
    streets: list[str]
    communities: list[str]
    grids: list[str]
    units: list[UUID]


class PostOut(Output):
    id: UUID
    user: UUID
    user_name: str
    role: str
    title: str
    title_en: str
    area: str | None
    area_name: str | None
    area_name_en: str | None
    grid: str | None
    grid_name: str | None
    grid_name_en: str | None
    unit: UUID | None
    unit_name: str | None
    unit_name_en: str | None
    everywhere: bool
    starts: datetime
    ends: datetime | None
    phone: str
    public: bool
    version: int


class HeldOut(PostOut):
    deputising: bool = Field(description="held for an absent colleague")


class MeOut(Output):
    id: UUID | None
    kind: str
    login: str
    name: str
    language: str
    pending: str | None
    roles: list[str]
    posts: list[HeldOut]
    permissions: list[str]
    scope: ScopeOut


class DeviceIn(Input):
    """``device``: made by the phone when it is first logged in on, and kept there."""

    device: UUID


class DeviceKeysOut(Output):
    """32 bytes each in base64, the present one first; the others are of before the installation's keys were changed."""

    keys: list[str]


# — units ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class UnitOut(Output):
    id: UUID
    name: str
    name_en: str
    kind: str
    duty: str
    area: str
    area_name: str
    area_name_en: str
    parent: UUID | None
    phone: str
    supervision_phone: str
    active: bool
    version: int


class TreeUnitOut(UnitOut):
    depth: int
    path: list[UUID]


class UnitIn(Input):
    id: UUID
    name: str = Field(min_length=1, max_length=120)
    name_en: str = Field("", max_length=200)
    kind: UnitKind
    duty: str = Field(max_length=24)
    area: AreaCode
    parent: UUID | None = None
    phone: Phone = ""
    supervision_phone: Phone = ""


class UnitChange(Input):
    version: Version
    name: str = Field(None, min_length=1, max_length=120)
    name_en: str = Field(None, max_length=200)
    kind: UnitKind = None
    duty: str = Field(None, max_length=24)
    parent: UUID | None = None
    phone: Phone = None
    supervision_phone: Phone = None


# — users ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class UserOut(Output):
    id: UUID
    login: str
    name: str
    language: str
    unit: UUID | None
    unit_name: str | None
    unit_name_en: str | None
    active: bool
    must_change: bool
    second_factor: bool
    has_password: bool
    created_at: datetime
    version: int


class UserIn(Input):
    id: UUID
    login: str = Field(min_length=2, max_length=64)
    name: Name
    unit: UUID | None = None
    language: Language = "zh"


class UserMadeOut(Output):
    user: UserOut
    password: str | None = Field(
        description="The first password, shown this once; null when the call was a repeated one"
    )


class UserChange(Input):
    version: Version
    name: Name = None
    unit: UUID | None = None
    language: Language = None


class FirstPasswordOut(Output):
    password: str


# — posts ——————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class RoleOut(Output):
    role: str
    name: str
    scopes: list[str]
    second_factor: bool
    titles: list[str]
    permissions: list[str]


class PostIn(Input):
    id: UUID
    user: UUID
    role: PostRole
    area: AreaCode | None = None
    grid: GridCode | None = None
    unit: UUID | None = None
    everywhere: bool = False
    title: str = Field("", max_length=40)
    title_en: str = Field("", max_length=60)
    starts: Moment | None = None
    ends: Moment | None = None
    phone: Phone = ""
    public: bool = False


class PostChange(Input):
    version: Version
    title: str = Field(None, min_length=1, max_length=40)
    title_en: str = Field(None, max_length=60)
    phone: Phone = None
    public: bool = None


class PostEnd(Input):
    version: Version
    at: Moment | None = None


class HandOver(Input):
    version: Version
    id: UUID = Field(description="of the successor's post")
    to: UUID
    at: Moment | None = None
    phone: Phone | None = None


class HandedPost(Input):
    post: UUID
    version: Version
    id: UUID = Field(description="of the successor's post")


class HandAllOver(Input):
    to: UUID
    at: Moment | None = None
    posts: list[HandedPost] = Field(min_length=1, max_length=200)


class AbsenceIn(Input):
    id: UUID
    user: UUID
    deputy: UUID
    starts: Moment
    ends: Moment


class AbsenceOut(Output):
    id: UUID
    user: UUID
    user_name: str
    deputy: UUID
    deputy_name: str
    starts: datetime
    ends: datetime
    cancelled_at: datetime | None


# — tokens —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class TokenIn(Input):
    name: str = Field(min_length=1, max_length=80)
    permissions: list[str] = Field(max_length=60)
    expires_at: Moment
    areas: list[AreaCode] = Field([], max_length=200)
    grids: list[GridCode] = Field([], max_length=200)
    units: list[UUID] = Field([], max_length=200)
    everywhere: bool = False
    networks: list[str] = Field([], max_length=50)


class TokenOut(Output):
    id: UUID
    name: str
    hint: str
    permissions: list[str]
    areas: list[str]
    grids: list[str]
    units: list[UUID]
    everywhere: bool
    networks: list[str]
    created_at: datetime
    expires_at: datetime
    last_used: datetime | None
    last_address: str | None
    revoked_at: datetime | None


class TokenMadeOut(Output):
    id: UUID
    name: str
    permissions: list[str]
    expires_at: datetime
    token: str = Field(description="Shown this once")


# — the public card ————————————————————————————————————————————————————————————————————————————————————————————————————————


class CardPersonOut(Output):
    title: str
    title_en: str
    name: str
    phone: str
    deputy: str | None = Field(description="who stands in while this person is away")


class CardOut(Output):
    code: str
    name: str
    name_en: str
    district: str
    district_name: str | None
    district_name_en: str | None
    street: str
    street_name: str | None
    street_name_en: str | None
    community: str
    community_name: str | None
    community_name_en: str | None
    border: dict[str, Any] | None = Field(description="GeoJSON geometry, WGS 84")
    staff: list[CardPersonOut]
    supervision_unit: str | None
    supervision_unit_en: str | None
    supervision_phone: str | None


# — import —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class RowFaultOut(Output):
    row: int = Field(description="as the workbook counts, the heading being row 1")
    column: str
    code: str
    message: str


class FirstPasswordRow(Output):
    login: str
    password: str


class StaffImportOut(Output):
    dry_run: bool
    rows: int
    good: int
    users: int
    posts: int
    faults: list[RowFaultOut]
    passwords: list[FirstPasswordRow] = Field(description="First passwords of new accounts, shown this once")
