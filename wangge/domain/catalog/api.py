"""Rules over HTTP: categories, limits, the work calendar, routes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Status
from pydantic import Field

from wangge.domain.catalog import actions, queries, rules
from wangge.domain.catalog import schemas as s
from wangge.domain.catalog.store import CategoryOf, snapshot
from wangge.domain.catalog.tables import read_categories
from wangge.domain.catalog.tags import CatalogPermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.clock.calendar import WorkCalendar
from wangge.kernel.problems import NotFound
from wangge.kernel.web.api import Router
from wangge.kernel.web.schemas import VersionIn

router = Router(tags=["rules"])
READ, EDIT = CatalogPermission.READ, CatalogPermission.EDIT


def _category(c: CategoryOf) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(c).items() if k != "path"}


def _by_id(category: UUID) -> CategoryOf:
    found = snapshot().categories.get(category)
    if found is None:
        raise NotFound(queries.NO_CATEGORY)
    return found


# — categories —————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/categories", permission=READ, response=s.CategoriesOut, summary="The tree of categories, flat and by code"
)
def list_categories(request: HttpRequest, retired: bool = False) -> Any:
    return {"items": [_category(c) for c in queries.categories(retired=retired)], "stamp": snapshot().stamp}


@router.get(
    "/categories/search", permission=READ, response=s.CategoriesOut, summary="By code, name, initials or keyword"
)
def search_categories(
    request: HttpRequest,
    q: Annotated[str, Query(..., min_length=1, max_length=60)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Any:
    return {"items": [_category(c) for c in queries.search(q, most=limit)], "stamp": snapshot().stamp}


@router.get("/categories/table", permission=READ, summary="All categories in use as CSV, in the form that is imported")
def table(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(queries.table().encode(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="categories.csv"'
    return answer


@router.post(
    "/categories/table",
    permission=EDIT,
    response=s.CategoriesImportOut,
    summary="Import categories from CSV, all or nothing",
)
def import_table(request: HttpRequest, payload: s.TableIn) -> Any:
    rows, errors = read_categories(payload.text)
    dry_run = payload.dry_run or bool(errors)
    added, changed, more = actions.import_categories(by=_by(request), table=rows, dry_run=dry_run)
    found = sorted([*errors, *more])
    shown = [{"line": e.line, "column": e.column, "message": e.words._asdict()} for e in found]
    return {"added": added, "changed": changed, "dry_run": payload.dry_run, "errors": shown}


@router.post(
    "/categories/suggest", permission=READ, response=list[s.SuggestionOut], summary="Categories that words speak of"
)
def suggest(request: HttpRequest, payload: s.SuggestIn) -> Any:
    found = queries.suggestions(text=payload.text, title=payload.title)
    named = [(x, _by_id(x.category)) for x in found]
    return [
        {**x._asdict(), "code": c.code, "name": c.name, "name_en": c.name_en, "words": list(x.words)} for x, c in named
    ]


@router.post("/categories", permission=EDIT, response={201: s.CategoryOut}, summary="Add a category")
def add_category(request: HttpRequest, payload: s.CategoryIn) -> Any:
    given = payload.model_dump()
    given = {k: v for k, v in given.items() if v is not None or k == "parent"}
    actions.add_category(by=_by(request), **given)
    return Status(201, _category(_by_id(payload.id)))


@router.get(
    "/categories/{category}", permission=READ, response=s.CategoryOut, summary="One category, also a retired one"
)
def get_category(request: HttpRequest, category: UUID) -> Any:
    return _category(_by_id(category))


@router.patch("/categories/{category}", permission=EDIT, response=s.CategoryOut, summary="Change a category")
def change_category(request: HttpRequest, category: UUID, payload: s.CategoryChange) -> Any:
    changes = {k: v for k, v in payload.model_dump(exclude_unset=True).items() if v is not None and k != "version"}
    actions.change_category(by=_by(request), category=category, version=payload.version, **changes)
    return _category(_by_id(category))


@router.post(
    "/categories/{category}/retire", permission=EDIT, response=s.CategoryOut, summary="Take a category out of use"
)
def retire_category(request: HttpRequest, category: UUID, payload: VersionIn) -> Any:
    actions.retire_category(by=_by(request), category=category, version=payload.version)
    return _category(_by_id(category))


# — limits —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/limits",
    permission=READ,
    response=list[s.LimitOut],
    summary="Limits that hold for a category, or the general ones",
)
def list_limits(request: HttpRequest, category: UUID | None = None) -> Any:
    return queries.limits_of(category)


@router.get(
    "/limits/history",
    permission=READ,
    response=list[s.LimitVersion],
    summary="Limits that a category itself, or the general ones, have had, the newest first",
)
def limit_history(request: HttpRequest, category: UUID | None = None) -> Any:
    return queries.limit_history(category)


@router.put("/limits", permission=EDIT, response=list[s.LimitOut], summary="Set a limit from now on")
def set_limit(request: HttpRequest, payload: s.LimitIn) -> Any:
    actions.set_limit(by=_by(request), **payload.model_dump())
    return queries.limits_of(payload.category)


@router.post("/limits/remove", permission=EDIT, response=list[s.LimitOut], summary="End a category's own limit")
def remove_limit(request: HttpRequest, payload: s.LimitGone) -> Any:
    actions.remove_limit(by=_by(request), **payload.model_dump())
    return queries.limits_of(payload.category)


# — calendar ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


Year = Annotated[int, Field(ge=2000, le=2100)]
CALENDAR = CatalogPermission.CALENDAR


@router.get("/calendar/hours", permission=READ, response=list[s.HoursOut], summary="Office hours by season")
def list_hours(request: HttpRequest) -> Any:
    return queries.hours()


@router.put(
    "/calendar/hours", permission=CALENDAR, response=list[s.HoursOut], summary="Set the office hours from a day on"
)
def set_hours(request: HttpRequest, payload: s.HoursIn) -> Any:
    actions.set_hours(by=_by(request), **payload.model_dump())
    return queries.hours()


@router.post("/calendar/due", permission=READ, response=s.DueOut, summary="When so much time from a moment is over")
def due(request: HttpRequest, payload: s.DueIn) -> Any:
    calendar = queries.calendar()
    end = calendar.add(payload.start, payload.amount, payload.unit)
    return {
        "due": end,
        "rests": _rests(calendar, calendar.local_day(payload.start), calendar.local_day(end), payload.unit),
    }


def _rests(calendar: WorkCalendar, first: date, last: date, unit: str) -> list[date]:
    if unit not in ("work_hour", "work_day"):
        return []
    days = (first + timedelta(days=i) for i in range(min((last - first).days + 1, 366)))
    return [d for d in days if not calendar.is_working_day(d)]


@router.put("/calendar/days", permission=CALENDAR, response=s.Changed, summary="Enter or remove exceptional days")
def set_days(request: HttpRequest, payload: s.DaysIn) -> Any:
    return {"changed": actions.set_days(by=_by(request), days=[actions.Day(**d.model_dump()) for d in payload.days])}


@router.post(
    "/calendar/import", permission=CALENDAR, response=s.Changed, summary="Holidays of a year from the kept library"
)
def import_year(request: HttpRequest, payload: s.YearIn) -> Any:
    changed = actions.import_year(by=_by(request), year=payload.year, dry_run=payload.dry_run)
    return {"changed": len(changed), "dry_run": payload.dry_run}


@router.get("/calendar/{year}", permission=READ, response=s.YearOut, summary="The exceptional days of a year")
def year(request: HttpRequest, year: Year) -> Any:
    days = queries.days_of(year)
    working = queries.calendar().working_days_between(date(year - 1, 12, 31), date(year, 12, 31))
    return {"year": year, "known": bool(days), "working_days": working, "days": days}


# — routes —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


ROUTES = CatalogPermission.ROUTES


@router.get(
    "/routes", permission=READ, response=s.RoutesOut, summary="Rules in force, each with what keeps it from working"
)
def list_routes(request: HttpRequest) -> Any:
    return {"items": queries.routes()}


@router.post("/routes", permission=ROUTES, response={201: s.RouteOut}, summary="Add a rule")
def add_route(request: HttpRequest, payload: s.RouteIn) -> Any:
    actions.add_route(by=_by(request), **payload.model_dump())
    return Status(201, queries.routes(rule=payload.id)[0])


@router.post("/routes/explain", permission=READ, response=s.ExplainOut, summary="Who would get such a case, and why")
def explain(request: HttpRequest, payload: s.ExplainIn) -> Any:
    place = queries.Place(**payload.place.model_dump())
    choice = queries.choose_route(payload.category, place, payload.at or clock.now())
    desk = queries.entry_desk(_by_id(payload.category), payload.channel, place)
    found = queries.named("desk", desk) | queries.named("unit", choice and choice.unit_id)
    if choice is None:
        why = {
            "zh": "没有适用的派遣规则，也没有承担该职责的单位。",
            "en": "No rule applies, and no unit holds the duty.",
        }
        return found | {
            "route": None,
            "automatic": False,
            "runner_up": None,
            "why": why,
        }
    return found | {
        "route": choice.route_id,
        "automatic": choice.automatic,
        "runner_up": choice.runner_up,
        "why": choice.why._asdict(),
    }


@router.post(
    "/routes/dry-run",
    permission=ROUTES,
    response=s.TryOut,
    summary="What changed rules would have done with given cases",
)
def dry_run(request: HttpRequest, payload: s.TryIn) -> Any:
    scope = _by(request).require(ROUTES)
    add = [actions.check_route(scope, given.model_dump(), rule=None, ending=payload.remove) for given in payload.add]
    samples = [
        queries.Sample(x.category, queries.Place(**x.place.model_dump()), x.at or clock.now()) for x in payload.samples
    ]
    return queries.told(queries.compare_routes(samples, add=add, remove=payload.remove))


@router.get("/routes/{rule}", permission=READ, response=s.RoutesOut, summary="All versions of a rule, the newest first")
def route_history(request: HttpRequest, rule: UUID) -> Any:
    return {"items": queries.routes(rule=rule)}


@router.put("/routes/{rule}", permission=ROUTES, response=s.RouteOut, summary="The next version of a rule")
def change_route(request: HttpRequest, rule: UUID, payload: s.RouteChange) -> Any:
    given = payload.model_dump()
    number = given.pop("number")
    actions.change_route(by=_by(request), rule=rule, number=number, **given)
    return queries.routes(rule=rule)[0]


@router.post("/routes/{rule}/end", permission=ROUTES, response=s.RouteOut, summary="End a rule")
def end_route(request: HttpRequest, rule: UUID, payload: s.NumberIn) -> Any:
    actions.end_route(by=_by(request), rule=rule, number=payload.number)
    return queries.routes(rule=rule)[0]


@router.get(
    "/rules/words",
    permission=READ,
    response=dict[str, dict[str, s.BothWords]],
    summary="Names of the values used in rules",
)
def words(request: HttpRequest) -> Any:
    from wangge.domain.people.rules import DUTIES

    tables = {
        "urgency": rules.URGENCIES, "stage": rules.STAGES, "unit": rules.UNITS, "group": rules.GROUPS, "entry_level": rules.ENTRY_LEVELS,
        "channel": rules.CHANNELS,
        "day_kind": rules.DAY_KINDS, "evidence_at": rules.EVIDENCE_AT, "evidence_kind": rules.EVIDENCE_KINDS, "duty": DUTIES,
    }  # fmt: skip
    return {name: {k: w._asdict() for k, w in table.items()} for name, table in tables.items()}


def _by(request: HttpRequest) -> Principal:
    return request.principal  # type: ignore[attr-defined]
