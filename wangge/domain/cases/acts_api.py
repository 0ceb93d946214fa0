"""One route for each act, made from the table of acts: its path, its body, its permission, its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from pydantic import Field, create_model

from wangge.domain.cases import actions, queries
from wangge.domain.cases.rules import TABLE, Act, Input, Kind, acts, inputs_of, outcomes
from wangge.domain.cases.schemas import PointIn, StateOut
from wangge.domain.cases.tags import CasePermission
from wangge.domain.evidence.actions.attach import Promise
from wangge.domain.evidence.schemas import EvidenceIn
from wangge.kernel.web.api import Router
from wangge.kernel.web.schemas import Input as Body
from wangge.kernel.web.schemas import Moment, Version

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: Annotated[str, Field(max_length=2000)],
    Kind.LONG_TEXT: Annotated[str, Field(max_length=5000)],
    Kind.POINT: PointIn,
    Kind.CATEGORY: UUID,
    Kind.UNIT: UUID,
    Kind.UNITS: Annotated[list[UUID], Field(max_length=20)],
    Kind.CASE: UUID,
    Kind.REQUEST: UUID,
    Kind.DEMAND: UUID,
    Kind.TIME: Moment,
    Kind.RATING: Annotated[int, Field(ge=1, le=5)],
    Kind.FLAG: bool,
    Kind.TAGS: Annotated[list[Annotated[str, Field(max_length=30)]], Field(max_length=20)],
    Kind.EVIDENCE: Annotated[list[EvidenceIn], Field(max_length=20)],
    Kind.FILES: Annotated[list[UUID], Field(max_length=20)],
}


def type_of(given: Input) -> Any:
    """The schema's type of an input."""
    return Literal[tuple(str(c) for c in given.choices)] if given.choices else _TYPES[given.kind]


def body_of(act: Act) -> type[Body]:
    """The schema of an act's body. ``version`` is the one that was shown: if something happened since that one must know of, the answer
    is 409 with the present state. A quiet act needs none."""
    quiet = all(row.quiet for row in TABLE if row.act == act)
    fields: dict[str, Any] = {"version": (Version | None, None) if quiet else (Version, ...)}
    if outcomes(act):
        fields["outcome"] = (Literal[outcomes(act)], ...)
    for given in inputs_of(act):
        fields[given.name] = (type_of(given), ...) if given.required else (type_of(given) | None, None)
    name = "".join(part.title() for part in act.split("_")) + "In"
    return create_model(name, __base__=Body, __doc__=f"{act.words.zh}. {act.words.en}.", **fields)


BODIES: dict[Act, type[Body]] = {act: body_of(act) for act in acts()}
PATHS: dict[Act, str] = {act: act.replace("_", "-") for act in acts()}


def given_of(body: Body) -> dict[str, Any]:
    """What a body gives an act: points as (lon, lat), without the version."""
    given = {name: getattr(body, name) for name in type(body).model_fields if name != "version"}
    return {k: plain(v) for k, v in given.items()}


def plain(value: Any) -> Any:
    """A point as (lon, lat), files as the promises that they are."""
    if isinstance(value, PointIn):
        return value.lon, value.lat
    if isinstance(value, list) and value and isinstance(value[0], EvidenceIn):
        return [Promise(**file.model_dump()) for file in value]
    return value


def add_routes(router: Router) -> None:
    """POST /cases/{case}/<act> for every act of the table."""
    for act in acts():
        permission = CasePermission(next(row.permission for row in TABLE if row.act == act))
        router.post(
            f"/cases/{{uuid:case}}/{PATHS[act]}",
            permission=permission,
            response=StateOut,
            summary=f"{act.words.zh} {act.words.en}",
        )(_view(act))


def _view(act: Act) -> Callable[..., Any]:
    def view(request: HttpRequest, case: UUID, body: Any) -> Any:
        done = actions.perform(by=request.principal, act=act, case=case, version=body.version, given=given_of(body))
        return queries.state(done)

    view.__name__ = f"act_{act}"
    view.__annotations__ = {"request": HttpRequest, "case": UUID, "body": BODIES[act], "return": Any}
    return view
