"""What comes in and goes out over the API of single sign-on."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from wangge.domain.people.schemas import AreaCode, GridCode
from wangge.kernel.access import Role
from wangge.kernel.web.schemas import Input, Output

ClaimName = Annotated[
    str, Field(min_length=1, max_length=100, description="of a claim; dots lead into objects: `realm_access.roles`")
]


class SsoRuleIn(Input):
    """Whoever's `claim` is or holds `value` gets the post."""

    id: UUID = Field(description="made by the client, kept as long as the rule: the posts it gave name it")
    claim: ClaimName
    value: str = Field(min_length=1, max_length=200)
    role: Role
    area: AreaCode | None = None
    grid: GridCode | None = None
    unit: UUID | None = None
    place_claim: ClaimName | None = Field(
        None, description="a claim that holds codes of areas or grids, instead of one place for all"
    )
    title: str = Field("", max_length=40)


class SsoMappingIn(Input):
    version: int = Field(ge=0, description="of the mapping this one was made from")
    login_claim: ClaimName = "preferred_username"
    name_claim: ClaimName = "name"
    link_by_login: bool = Field(
        False, description="Tie an account to whoever's log-in claim is its log-in name: only when nobody can choose it"
    )
    create_accounts: bool = Field(False, description="Make an account for whoever a rule gives a post")
    rules: Annotated[list[SsoRuleIn], Field(max_length=500)]


class SsoRuleOut(Output):
    id: UUID
    claim: str
    value: str
    role: str
    area: str | None
    grid: str | None
    unit: UUID | None
    place_claim: str | None
    title: str


class SsoMappingOut(Output):
    version: int
    login_claim: str
    name_claim: str
    link_by_login: bool
    create_accounts: bool
    rules: list[SsoRuleOut]


class SsoTryIn(Input):
    claims: dict[str, Any] = Field(description="as they stand in the provider's identity token")


class SsoDueOut(Output):
    rule: UUID
    role: str
    area: str | None
    grid: str | None
    unit: UUID | None
    title: str


class SsoTriedOut(Output):
    login: str
    name: str
    posts: list[SsoDueOut]
    second_factor: bool


class IdentityIn(Input):
    subject: str | None = Field(min_length=1, max_length=255)
