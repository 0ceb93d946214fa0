"""The portal over HTTP. No route needs a log-in; those of one report need its number and code::

Authorization: Report 4403040102026112100007:K7QM3-XF29P
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query, Status

from wangge.domain.cases.schemas import Latitude, Longitude
from wangge.domain.evidence import tus_api
from wangge.domain.evidence.actions import Promise
from wangge.domain.evidence.api import bytes_of
from wangge.domain.people.rules import network_of
from wangge.domain.portal import actions, door, limits, queries, rules
from wangge.domain.portal import schemas as s
from wangge.domain.portal.tags import PortalPermission
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.web.address import client_address
from wangge.kernel.web.api import PUBLIC, Router, language_of
from wangge.kernel.words import Words

router = Router(tags=["portal"])
PAGE = "/portal/track"
Month = Annotated[
    str | None, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="2026-10; the last whole month by default")
]


def network(request: HttpRequest) -> str:
    return network_of(client_address(request))


def entered(request: HttpRequest) -> door.Resident:
    """Who asks, by number and code. Raises NotFound."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    number, _, secret = value.strip().partition(":")
    if scheme.lower() != "report" or not secret:
        raise NotFound(door.UNKNOWN)
    return door.enter(number=number.strip(), secret=secret.strip(), network=network(request))


def _files(given: list[s.FileIn]) -> tuple[Promise, ...]:
    return tuple(Promise(**file.model_dump()) for file in given)


def _taken(taken: actions.Taken) -> Status:
    link = f"{PAGE}?{urlencode({'number': taken.number, 'code': taken.code})}"
    return Status(201 if taken.made else 200, {"number": taken.number, "code": taken.code, "link": link})


def _proof(request: HttpRequest) -> str:
    return request.headers.get("Proof", "")[:300]


_PROVED: dict[str, Any] = {
    "responses": {428: {"$ref": "#/components/responses/Problem"}},
    "parameters": [
        {
            "name": "Proof",
            "in": "header",
            "schema": {"type": "string"},
            "description": "Wanted while the portal is flooded, after 428: `<challenge>:<n>` (docs/portal.md)",
        }
    ],
}
_TWICE = {200: s.TakenOut, 201: s.TakenOut}

# — before and with a report ———————————————————————————————————————————————————————————————————————————————————————————————


@router.post("/portal/before", permission=PUBLIC, response=s.BeforeOut, summary="While a report is written: its place, what it may be, and similar ones nearby. Nothing is kept")  # fmt: skip
def before(request: HttpRequest, body: s.BeforeIn) -> Any:
    limits.take(rules.LOOKS_OF_NETWORK, network(request))
    point = (body.point.lon, body.point.lat) if body.point else None
    found = queries.before(text=body.text, point=point, street=body.street, category=body.category)
    return found | {"problem": found["problem"] and found["problem"].as_json(language_of(request))}


@router.get(
    "/portal/kinds", permission=PUBLIC, response=list[s.GroupedKindOut], summary="What can be reported, by group"
)
def kinds(request: HttpRequest) -> Any:
    return queries.kinds()


@router.get(
    "/portal/streets",
    permission=PUBLIC,
    response=list[s.PortalStreetOut],
    summary="Streets, for who cannot point at a map",
)
def streets(request: HttpRequest) -> Any:
    return queries.streets()


@router.get("/portal/where", permission=PUBLIC, response=s.WhereOut, summary="The grid that holds a position")
def where(request: HttpRequest, lon: Longitude, lat: Latitude) -> Any:
    return queries.where((lon, lat))


@router.get(
    "/portal/hours",
    permission=PUBLIC,
    response=list[s.OpenDayOut],
    summary="When the centres are open, today and the six days after",
)
def hours(request: HttpRequest) -> Any:
    return queries.hours()


@router.post("/portal/reports", permission=PUBLIC, response=_TWICE, summary="Report something; sent again with the same id and secret it answers the same number and code", openapi_extra=_PROVED)  # fmt: skip
def report(request: HttpRequest, body: s.PortalReportIn) -> Any:
    given = body.model_dump(exclude={"point", "evidence"})
    point = (body.point.lon, body.point.lat) if body.point else None
    said = actions.Given(**given, point=point, evidence=_files(body.evidence))
    return _taken(actions.report(given=said, network=network(request), proof=_proof(request)))


@router.post(
    "/portal/me-too",
    permission=PUBLIC,
    response=_TWICE,
    summary="Follow a similar report, with a number and code of one's own",
    openapi_extra=_PROVED,
)
def me_too(request: HttpRequest, body: s.MeTooIn) -> Any:
    return _taken(actions.me_too(**body.model_dump(), network=network(request), proof=_proof(request)))


# — one report —————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/portal/report", permission=PUBLIC, response=s.ProgressOut, summary="How one's report goes, by number and code"
)
def progress(request: HttpRequest) -> Any:
    return queries.follow(who=entered(request))


@router.post("/portal/report/answer", permission=PUBLIC, response=s.ProgressOut, summary="Answer what the centre asked")
def answer(request: HttpRequest, body: s.ReportAnswerIn) -> Any:
    who = entered(request)
    actions.answer(who=who, note=body.note, evidence=_files(body.evidence))
    return queries.follow(who=who)


@router.post("/portal/report/follow-up", permission=PUBLIC, response=s.ProgressOut, summary="Say whether it is solved")
def follow_up(request: HttpRequest, body: s.SolvedIn) -> Any:
    who = entered(request)
    actions.follow_up(who=who, **body.model_dump())
    return queries.follow(who=who)


@router.post("/portal/report/withdraw", permission=PUBLIC, response=s.ProgressOut, summary="Take one's report back")
def withdraw(request: HttpRequest, body: s.WhyIn) -> Any:
    who = entered(request)
    actions.withdraw(who=who, note=body.note)
    return queries.follow(who=who)


@router.post(
    "/portal/report/reopen", permission=PUBLIC, response=s.ProgressOut, summary="Have it dealt with anew, once"
)
def reopen(request: HttpRequest, body: s.WhyIn) -> Any:
    who = entered(request)
    actions.reopen(who=who, note=body.note)
    return queries.follow(who=who)


_BYTES: dict[str, Any] = {"responses": {200: {"description": "The picture"}, 206: {"description": "A part"}, 304: {"description": "Unchanged"}}}  # fmt: skip


@router.get(
    "/portal/photos/{uuid:upload}/thumb",
    permission=PUBLIC,
    summary="A small copy of a photo that was cleared",
    openapi_extra=_BYTES,
)
def photo_thumb(request: HttpRequest, upload: UUID) -> Any:
    row = queries.photo(upload)
    return bytes_of(request, row["thumb"], "image/jpeg", f"{upload}-thumb", inline=True)


@router.get(
    "/portal/photos/{uuid:upload}/public",
    permission=PUBLIC,
    summary="A photo that was cleared for the public",
    openapi_extra=_BYTES,
)
def photo_public(request: HttpRequest, upload: UUID) -> Any:
    row = queries.photo(upload)
    return bytes_of(request, row["public"], row["public_type"], str(upload), inline=True)


@contextmanager
def _uploads(request: HttpRequest, upload: UUID) -> Iterator[Principal]:
    """The resident, for a file that their report or answer has promised, and for no other."""
    who = entered(request)
    with door.opened(who) as by:
        if not rows.value(
            """SELECT 1 FROM evidence_item i JOIN evidence_upload u ON u.id = i.id
               WHERE i.id = %(id)s AND i."case" = %(case)s AND u.owner = %(by)s""",
            {"id": upload, "case": who.case, "by": by.id},
        ):
            raise NotFound(Words("这份附件不属于您的反映。", "This file was not announced with your report."))
        yield by


tus_api.add_routes(router, at="/portal/uploads", permission=PUBLIC, who=_uploads)

# — by phone ———————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.post(
    "/portal/phone/code",
    permission=PUBLIC,
    response={204: None},
    summary="Send a code to a mobile number",
    openapi_extra=_PROVED,
)
def phone_code(request: HttpRequest, body: s.PhoneIn) -> Any:
    actions.send_code(phone=body.phone, network=network(request), language=language_of(request), proof=_proof(request))
    return Status(204, None)


@router.post(
    "/portal/phone/prove", permission=PUBLIC, response=s.TicketOut, summary="The code that came: the phone is proved"
)
def phone_prove(request: HttpRequest, body: s.PhoneCodeIn) -> Any:
    ticket, until = actions.prove(phone=body.phone, code=body.code, network=network(request))
    return {"ticket": ticket, "until": until}


@router.post(
    "/portal/mine",
    permission=PUBLIC,
    response=list[s.MineOut],
    summary="What was reported or followed with a phone that was proved",
)
def mine(request: HttpRequest, body: s.TicketIn) -> Any:
    return queries.mine(ticket=body.ticket)


# — my data ————————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.post(
    "/portal/own-data",
    permission=PUBLIC,
    response=s.OwnDataOut,
    summary="What is held on a phone that was proved, and who has looked at it",
)
def own_data(request: HttpRequest, body: s.OwnDataIn) -> Any:
    limits.take(rules.LOOKS_OF_NETWORK, network(request))
    return queries.held(**body.model_dump())


@router.post(
    "/portal/own-data/correct",
    permission=PUBLIC,
    response=s.CorrectedOut,
    summary="Put name or phone right in the reports that were made with this phone",
)
def correct_own_data(request: HttpRequest, body: s.CorrectIn) -> Any:
    limits.take(rules.LOOKS_OF_NETWORK, network(request))
    return {"reports": actions.correct(**body.model_dump())}


@router.post(
    "/portal/own-data/erase",
    permission=PUBLIC,
    response=_TWICE,
    summary="Ask for name and phone to be erased: a case of its own kind, with a number and code",
    openapi_extra=_PROVED,
)
def erase_own_data(request: HttpRequest, body: s.ErasureIn) -> Any:
    asked = actions.ask_erasure(
        **body.model_dump(), network=network(request), language=language_of(request), proof=_proof(request)
    )
    return _taken(asked)


# — for everybody ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def _month(month: str | None) -> date:
    return date.fromisoformat(f"{month}-01") if month else queries.last_month()


@router.get(
    "/portal/figures", permission=PUBLIC, response=s.OpenFiguresOut, summary="Reported, closed and in time, by street"
)
def figures(request: HttpRequest, month: Month = None) -> Any:
    limits.take(rules.LOOKS_OF_NETWORK, network(request))
    chosen = _month(month)
    found = queries.figures(chosen)
    return {"month": chosen, "few": rules.FEW, "few_closed": rules.FEW_CLOSED, "streets": found}


_GEOJSON: dict[str, Any] = {"responses": {200: {"description": "GeoJSON", "content": {"application/geo+json": {}}}}}
_CSV: dict[str, Any] = {"responses": {200: {"description": "CSV, UTF-8", "content": {"text/csv": {}}}}}


def _open(request: HttpRequest, month: str | None) -> list[dict[str, Any]]:
    limits.take(rules.LOOKS_OF_NETWORK, network(request))
    return queries.open_cases(_month(month))


def _file(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@router.get(
    "/portal/open/cases.geojson",
    permission=PUBLIC,
    summary="The de-identified cases of a month as GeoJSON",
    openapi_extra=_GEOJSON,
)
def open_geojson(request: HttpRequest, month: Month = None) -> Any:
    features = [
        {
            "type": "Feature",
            "geometry": case["point"] and {"type": "Point", "coordinates": case["point"]},
            "properties": {k: v for k, v in case.items() if k != "point"},
        }
        for case in _open(request, month)
    ]
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    return _file(HttpResponse(body, content_type="application/geo+json"), f"cases-{_month(month):%Y-%m}.geojson")


@router.get("/portal/open/cases.csv", permission=PUBLIC, summary="The same as CSV", openapi_extra=_CSV)
def open_csv(request: HttpRequest, month: Month = None) -> Any:
    text = io.StringIO()
    names = [
        "month",
        "kind",
        "kind_name",
        "kind_name_en",
        "place",
        "place_name",
        "place_name_en",
        "closed",
        "in_time",
        "answer",
        "lon",
        "lat",
    ]
    writer = csv.DictWriter(text, names, extrasaction="ignore")
    writer.writeheader()
    for case in _open(request, month):
        lon, lat = case["point"] or ("", "")
        # a cell that begins like a formula is run by spreadsheets
        safe = "'" + case["answer"] if case["answer"][:1] in ("=", "+", "-", "@") else case["answer"]
        writer.writerow(
            case
            | {"lon": lon, "lat": lat, "answer": safe, "closed": int(case["closed"]), "in_time": int(case["in_time"])}
        )
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    return _file(answer, f"cases-{_month(month):%Y-%m}.csv")


# — who may not ————————————————————————————————————————————————————————————————————————————————————————————————————————————


@router.get(
    "/portal/bans",
    permission=PortalPermission.BANS,
    response=list[s.BanOut],
    summary="Who is kept from the portal, newest first",
)
def bans(request: HttpRequest) -> Any:
    return queries.bans(by=request.principal)


@router.post("/portal/bans", permission=PortalPermission.BANS, response=s.BanOut, summary="Keep a network or a phone from reporting, for a reason and a while")  # fmt: skip
def ban(request: HttpRequest, body: s.BanIn) -> Any:
    return actions.ban(by=request.principal, **body.model_dump())


@router.post(
    "/portal/bans/{uuid:ban}/lift", permission=PortalPermission.BANS, response=s.BanOut, summary="Let them report again"
)
def lift(request: HttpRequest, ban: UUID) -> Any:
    return actions.lift(by=request.principal, id=ban)
