"""Help for who takes a report in, similar cases of one that is there, and one act on many cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from pydantic import Field, ValidationError

from wangge.domain.cases import actions, intake, queries
from wangge.domain.cases.actions.report import Placed
from wangge.domain.cases.acts_api import BODIES, Version, given_of
from wangge.domain.cases.batch_api import AnswerOut
from wangge.domain.cases.rules import acts
from wangge.domain.cases.schemas import STAFF_CHANNELS, PointIn
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.problems import Conflict, Invalid, Problem
from wangge.kernel.web.api import Router, language_of
from wangge.kernel.web.schemas import Input, Output, WordsOut
from wangge.kernel.web.validation import faults

MOST_AT_ONCE = 100


class IntakeIn(Input):
    """What is known of a report so far."""

    text: Annotated[str, Field(max_length=5000)] = ""
    title: Annotated[str, Field(max_length=80)] = ""
    point: PointIn | None = None
    street: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    category: UUID | None = None
    urgency: Literal["normal", "urgent", "emergency"] | None = None
    channel: STAFF_CHANNELS = "worker"


class PlaceOut(Output):
    district: str
    street: str
    community: str | None
    grid: str | None


class IntakeSuggestionOut(Output):
    category: UUID
    name: str
    name_en: str
    score: float


class DeskOut(Output):
    """The centre or workstation that has the case first, by category and channel."""

    unit: UUID
    unit_name: str
    unit_name_en: str


class IntakeRouteOut(Output):
    """The unit that would get it, by which rule (null: the duty of the category), and why."""

    unit: UUID
    unit_name: str
    unit_name_en: str
    rule: UUID | None
    automatic: bool
    why: WordsOut


class SimilarOut(Output):
    """A case that may be the same matter; ``score`` 0–1, ``why``: what speaks for it."""

    id: UUID
    number: str
    title: str
    status: str
    reported_at: datetime
    score: float
    why: list[WordsOut]


class EarlierOut(Output):
    id: UUID
    number: str
    title: str
    status: str
    category: UUID
    reported_at: datetime
    closed_at: datetime | None


class IntakeOut(Output):
    """``problem``: why the place cannot be told. ``limits``: when each stage would be due if it began now."""

    place: PlaceOut | None
    problem: dict[str, Any] | None
    suggestions: list[IntakeSuggestionOut]
    category: UUID | None
    urgency: str
    desk: DeskOut | None
    route: IntakeRouteOut | None
    limits: dict[str, datetime]
    similar: list[SimilarOut]
    earlier: list[EarlierOut]


class NearbyOut(Output):
    similar: list[SimilarOut]
    earlier: list[EarlierOut]


class OneOf(Input):
    case: UUID
    version: Version | None = None


class ManyIn(Input):
    """One act with the same inputs on many cases, each with the version that was shown."""

    act: Literal[tuple(str(a) for a in acts())]  # type: ignore[valid-type]
    cases: Annotated[list[OneOf], Field(min_length=1, max_length=MOST_AT_ONCE)]
    given: dict[str, Any] = {}


class ManyOut(Output):
    answers: list[AnswerOut]


def _similar(found: list[intake.Similar]) -> list[dict[str, Any]]:
    return [
        {k: s.case[k] for k in ("id", "number", "title", "status", "reported_at")}
        | {"score": s.score, "why": [w._asdict() for w in s.why]}
        for s in found
    ]


def _route(route: Any, named: dict[UUID, dict[str, Any]]) -> dict[str, Any] | None:
    if route is None:
        return None
    return named[route.unit_id] | {
        "rule": route.route_id,
        "automatic": route.automatic,
        "why": route.why._asdict(),
    }


def add_routes(router: Router) -> None:
    @router.post(
        "/cases/intake",
        permission=CasePermission.REPORT,
        response=IntakeOut,
        summary="While a report is written: its grid, category, unit, limits, and similar cases. Nothing is stored",
    )
    def help_intake(request: HttpRequest, body: IntakeIn) -> Any:
        given = body.model_dump(exclude={"point"})
        seen = intake.preview(
            by=request.principal, point=(body.point.lon, body.point.lat) if body.point else None, **given
        )
        units = [u for u in (seen["desk"], seen["route"] and seen["route"].unit_id) if u]
        named = {
            unit: {"unit": unit, "unit_name": name, "unit_name_en": name_en}
            for unit, (name, name_en) in intake.names_of(units).items()
        }
        return seen | {
            "place": seen["place"] and seen["place"].levels,
            "problem": seen["problem"] and seen["problem"].as_json(language_of(request)),
            "category": seen["category"] and seen["category"].id,
            "suggestions": [_suggestion(s) for s in seen["suggestions"]],
            "desk": seen["desk"] and named[seen["desk"]],
            "route": _route(seen["route"], named),
            "similar": _similar(seen["similar"]),
        }

    @router.get(
        "/cases/{uuid:case}/nearby",
        permission=CasePermission.READ,
        response=NearbyOut,
        summary="Cases that may be the same matter, and earlier ones at this place",
    )
    def nearby(request: HttpRequest, case: UUID) -> Any:
        by = request.principal
        row = queries.visible(by=by, case=case)
        point = None if row["lon"] is None else (row["lon"], row["lat"])
        place = Placed(row["district"], row["street"], row["community"], row["grid"], row["grid_version"])
        text = f"{row['title']} {row['text']}"
        found = intake.similar(by=by, point=point, place=place, text=text, category=row["category"], but=case)
        return {
            "similar": _similar(found),
            "earlier": intake.earlier_here(by=by, point=point, but=case) if point else [],
        }

    @router.post(
        "/cases/many",
        permission=CasePermission.READ,
        response=ManyOut,
        summary="One act on many cases; each is answered by itself, and one that fails stops no other",
    )
    def many(request: HttpRequest, body: ManyIn) -> Any:
        act = next(a for a in acts() if a == body.act)
        language = language_of(request)
        answers = []
        for one in body.cases:
            try:
                checked = BODIES[act].model_validate({**body.given, "version": one.version or 1})
                done = actions.perform(
                    by=request.principal, act=act, case=one.case, version=one.version, given=given_of(checked)
                )
                answers.append({"id": one.case, "outcome": "applied", "state": queries.state(done), "problem": None})
            except ValidationError as error:
                raise Invalid.fields(*faults(error, "body", "given")) from error
            except Problem as problem:
                outcome = "conflict" if isinstance(problem, Conflict) else "rejected"
                state = problem.extra.get("current") if isinstance(problem, Conflict) else None
                answers.append(
                    {"id": one.case, "outcome": outcome, "state": state, "problem": problem.as_json(language)}
                )
        return {"answers": answers}


def _suggestion(found: Any) -> dict[str, Any]:
    from wangge.domain.catalog import queries as catalog

    category = catalog.category(found.category)
    assert category is not None
    return {
        "category": found.category,
        "name": category.name,
        "name_en": category.name_en or category.name,
        "score": round(float(found.score), 3),
    }
