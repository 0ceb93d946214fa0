"""Units, roles, and the public card of a grid."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query

from wangge.domain.people import queries, rules, schemas
from wangge.domain.people.actions import units
from wangge.domain.people.api.router import router
from wangge.domain.people.tags import PeoplePermission
from wangge.kernel.access import Role, grants_of
from wangge.kernel.web.api import PUBLIC, SIGNED_IN, language_of
from wangge.kernel.web.paging import DEFAULT, MOST, Page
from wangge.kernel.web.schemas import VersionIn

Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/public/grids/{code}/card", permission=PUBLIC, response=schemas.CardOut, summary="我的网格 · My grid")
def grid_card(request: HttpRequest, code: Annotated[str, Path(pattern=r"^[0-9]{15}$")]) -> dict[str, Any]:
    """Border, people with the phones of their posts, and where to complain. Needs no log-in."""
    return queries.grid_card(code)


@router.get(
    "/roles", permission=SIGNED_IN, response=list[schemas.RoleOut], summary="角色与权限 · Roles and permissions"
)
def roles(request: HttpRequest) -> list[dict[str, Any]]:
    """What each role may do, to which scopes it may be posted (none: it is a token's), and the usual titles."""
    language = language_of(request)
    return [
        {
            "role": role,
            "name": role.words.say(language),
            "scopes": sorted(rules.ROLE_SCOPES.get(role, ())),
            "second_factor": role in rules.SECOND_FACTOR_ROLES,
            "titles": [words.say(language) for r, words in rules.TITLES.values() if r is role],
            "permissions": sorted(grants_of(role)),
        }
        for role in Role
    ]


@router.get("/units", permission=PeoplePermission.UNITS_READ, response=Page[schemas.UnitOut], summary="单位 · Units")
def list_units(
    request: HttpRequest,
    area: str | None = None,
    below: bool = True,
    kind: str | None = None,
    duty: str | None = None,
    q: str | None = None,
    active: bool | None = True,
    after: str | None = None,
    limit: Limit = DEFAULT,
) -> dict[str, Any]:
    return queries.units(
        by=request.principal, area=area, below=below, kind=kind, duty=duty, q=q, active=active, after=after, limit=limit
    )


@router.get(
    "/units/tree",
    permission=PeoplePermission.UNITS_READ,
    response=list[schemas.TreeUnitOut],
    summary="单位树 · Tree of units",
)
def unit_tree(request: HttpRequest, root: UUID | None = None) -> list[dict[str, Any]]:
    """Active units, parents before their children."""
    return queries.unit_tree(by=request.principal, root=root)


@router.get(
    "/units/{unit}", permission=PeoplePermission.UNITS_READ, response=schemas.UnitOut, summary="一个单位 · One unit"
)
def one_unit(request: HttpRequest, unit: UUID) -> dict[str, Any]:
    return queries.unit(unit)


@router.post(
    "/units", permission=PeoplePermission.UNITS_MANAGE, response=schemas.UnitOut, summary="新增单位 · Add a unit"
)
def add_unit(request: HttpRequest, payload: schemas.UnitIn) -> dict[str, Any]:
    return units.add_unit(by=request.principal, **payload.model_dump())


@router.patch(
    "/units/{unit}",
    permission=PeoplePermission.UNITS_MANAGE,
    response=schemas.UnitOut,
    summary="修改单位 · Change a unit",
)
def change_unit(request: HttpRequest, unit: UUID, payload: schemas.UnitChange) -> dict[str, Any]:
    return units.change_unit(by=request.principal, unit=unit, **payload.model_dump(exclude_unset=True))


@router.post(
    "/units/{unit}/retire",
    permission=PeoplePermission.UNITS_MANAGE,
    response=schemas.UnitOut,
    summary="停用单位 · Retire a unit",
)
def retire_unit(request: HttpRequest, unit: UUID, payload: VersionIn) -> dict[str, Any]:
    """Refused (409) while somebody holds a post in it or units are below it; the answer names them."""
    return units.retire_unit(by=request.principal, unit=unit, version=payload.version)
