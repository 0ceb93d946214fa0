"""上报: a matter enters the loop. Sent twice with the same id and content, it is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError

from wangge.domain.cases import queries
from wangge.domain.cases.actions import clocks
from wangge.domain.cases.actions.captured import capture_data
from wangge.domain.cases.actions.move import Effects, add_step, required_text
from wangge.domain.cases.actions.wanted import ON_THE_SPOT, short_of
from wangge.domain.cases.rules import Act, Channel, Stage, Status, Urgency
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.evidence.actions.attach import Promise, attach_parts
from wangge.domain.evidence.rules import Role as EvidenceRole
from wangge.domain.places import queries as places
from wangge.kernel import clock, crypto
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.db.statement import Statement, recoverable
from wangge.kernel.ids import body_hash, uuid7
from wangge.kernel.problems import FieldError, Forbidden, Invalid
from wangge.kernel.words import Words


@dataclass(frozen=True)
class Reporter:
    """Who asked, when it is not the member of staff who reports. Stored encrypted."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Report:
    """What is reported. Either ``point`` ((lon, lat), WGS 84) or ``street`` (9 digits) says where; both is best.

    ``category``: a category's id, or None to have it suggested from the text. ``reported_at``: when it was seen or said, if not now.
    """

    text: str
    id: UUID = field(default_factory=uuid7)
    title: str = ""
    category: UUID | None = None
    urgency: str | None = None
    channel: Channel = Channel.WORKER
    point: tuple[float, float] | None = None
    accuracy_m: float | None = None
    street: str | None = None
    address: str = ""
    reporter: Reporter | None = None
    confidential: bool = False
    wants_answer: bool = True
    reported_at: datetime | None = None
    source: str = ""
    source_number: str | None = None
    evidence: tuple[Promise, ...] = ()

    @cached_property
    def hash(self) -> bytes:
        """Of everything but the id: the same call sent again has the same."""
        return body_hash(
            {
                "text": self.text,
                "title": self.title,
                "category": self.category and str(self.category),
                "urgency": self.urgency,
                "channel": str(self.channel),
                "point": self.point and [repr(float(v)) for v in self.point],
                "accuracy_m": None if self.accuracy_m is None else repr(float(self.accuracy_m)),
                "street": self.street,
                "address": self.address,
                "reporter": self.reporter and [self.reporter.name, self.reporter.phone],
                "confidential": self.confidential,
                "wants_answer": self.wants_answer,
                "reported_at": self.reported_at and self.reported_at.isoformat(),
                "source": [self.source, self.source_number],
                "evidence": [[str(p.id), p.sha256] for p in self.evidence],
            }
        )


def report(*, by: Principal, report: Report) -> tuple[Row, bool]:
    """Take a report in. Returns the case and whether this call made it (False: it was here already, with the same content).

    Raises Invalid for wrong input, and for an id that was used with other content.
    """
    by.require(CasePermission.REPORT)
    try:
        return _taken_in(by, report)
    except Invalid:
        # What was right when it was sent first need not be so any more: its files have become the case's, its category was retired.
        if _same(report) is None:
            raise
        return _known(by, report), False


class Judged(NamedTuple):
    """A report that may be taken in, and what was found of it. ``at``: when it was seen or said."""

    place: Placed
    category: catalog.CategoryOf
    urgency: str
    confidential: bool
    at: datetime


def judge(*, by: Principal, report: Report, is_street: Callable[[str], bool] = places.is_street) -> Judged:
    """Every check of a report that asks nothing of what is stored of cases and files. Raises Invalid, or Forbidden for the area."""
    text = required_text("text", report.text, Words("情况描述", "Description"), most=5000)
    place = place_of(report, is_street)
    if by.kind == "token" and not by.scope(CasePermission.REPORT).covers(**place.levels):
        raise Forbidden(Words("此令牌不能上报到这个区域。", "This token may not report into this area."))
    category = report.category or catalog.suggest(text=text, title=report.title)
    found = catalog.category(category)
    if found is None:
        raise Invalid.field(
            "body.category", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired."
        )
    urgency = report.urgency or found.urgency
    if urgency not in list(Urgency):
        raise Invalid.field("body.urgency", "unknown", "紧急程度不正确。", "This urgency is not known.")
    reported = report.reported_at or clock.now()
    if reported > clock.now():
        raise Invalid.field(
            "body.reported_at", "future", "上报时间晚于当前时间。", "The time of reporting lies in the future."
        )
    return Judged(place, found, urgency, report.confidential or found.confidential, reported)


def _taken_in(by: Principal, report: Report) -> tuple[Row, bool]:
    place, found, urgency, confidential, reported = judge(by=by, report=report)
    planned = clocks.plan(category=found.id, urgency=urgency, stage=Stage.ACCEPT, at=reported)
    s = Statement()
    s.cte("known", "SELECT 1 FROM cases_case WHERE id = %(id)s", id=report.id)
    s.cte(
        "entry",
        """SELECT id FROM people_unit WHERE active AND kind IN ('centre', 'workstation') AND area = ANY(%(areas)s)
           ORDER BY array_position(%(areas)s, area), kind, id LIMIT 1""",
        areas=found.entry_areas(report.channel, place),
    )
    day = reported.astimezone(ZoneInfo(settings.CONFIG.zone)).date()
    s.cte(
        "counted",
        """INSERT INTO cases_counter AS n (street, day, last) SELECT %(street)s, %(day)s, 1 WHERE NOT EXISTS (SELECT 1 FROM known)
           ON CONFLICT (street, day) DO UPDATE SET last = n.last + 1 RETURNING n.last""",
        street=place.street,
        day=day,
    )
    columns = fresh(
        report,
        by=by,
        place=place,
        category=found.id,
        urgency=urgency,
        confidential=confidential,
        planned=planned,
        at=reported,
    )
    s.cte(
        "made",
        f"""INSERT INTO cases_case (number, first_receiver, holder, received_at, {", ".join(columns)})
            SELECT %(prefix)s || lpad(counted.last::text, 5, '0'), (SELECT id FROM entry), (SELECT id FROM entry), clock_timestamp(),
                   {", ".join(f"%({name})s" for name in columns)}
            FROM counted RETURNING *""",
        prefix=f"{place.street}{day:%Y%m%d}",
        **columns,
    )
    clocks.start(s, source="made", planned=planned, at=reported)
    asked_by = party(report.reporter, place.district, report.id)
    if asked_by is not None:
        s.cte(
            "party",
            f"""INSERT INTO cases_party ({", ".join(f'"{name}"' for name in asked_by)})
                SELECT {", ".join(f"%({name})s" for name in asked_by)} FROM made""",
            **asked_by,
        )
    attached = attach_parts(by=by, source="made", evidence=report.evidence, role=EvidenceRole.REPORT, at=clock.now())
    short = short_at_report(report, found.id, attached.kinds)
    for name, (sql, params) in attached.parts.items():
        s.cte(name, sql, **params)
    add_step(
        s,
        source="made",
        by=by,
        move_act=Act.REPORT,
        outcome=None,
        before=None,
        effects=Effects(data=said(report, place, reported, short)),
        at=reported,
    )
    try:
        with recoverable():
            made = s.fetch("SELECT * FROM made")
    except IntegrityError as error:
        made = None
        # A twin that was written at the same moment is met at its id, or at the files that it promised.
        if "cases_case_id" not in str(error) and "cases_case_pkey" not in str(error) and _same(report) is None:
            raise
    return (made, True) if made else (_known(by, report), False)


def _known(by: Principal, report: Report) -> Row:
    """The case that has this id already: the same report sent again, or a clash."""
    row = _same(report)
    if row is None:
        raise Invalid.field(
            "body.id",
            "id_reused",
            "这个编号（id）已用于另一条内容不同的上报，请换用新编号重新提交。",
            "This id was used for a report with other content; send it again with a new id.",
        )
    return queries.visible(by=by, case=row["id"])


def _same(report: Report) -> Row | None:
    return rows.one(
        "SELECT id FROM cases_case WHERE id = %(id)s AND body_hash = %(hash)s", {"id": report.id, "hash": report.hash}
    )


def fresh(
    report: Report,
    *,
    by: Principal,
    place: Placed,
    category: UUID,
    urgency: str,
    confidential: bool,
    planned: clocks.Plan,
    at: datetime,
) -> dict[str, Any]:
    """The columns of a case that was reported just now, but for its number and its desk."""
    text = report.text.strip()
    return {
        "id": report.id,
        **place.levels,
        "grid_version": place.grid_version,
        "status": str(Status.REPORTED),
        "version": 1,
        "urgency": urgency,
        "channel": str(report.channel),
        "category": category,
        "title": (report.title.strip() or text.replace("\n", " "))[:80],
        "text": text,
        "address": report.address[:200],
        "lon": report.point and report.point[0],
        "lat": report.point and report.point[1],
        "accuracy_m": report.accuracy_m,
        "confidential": confidential,
        "wants_answer": report.wants_answer,
        "reporter": by.id if by.kind == "user" else None,
        "stage": str(planned.stage),
        "due_at": planned.due_at,
        "reported_at": at,
        "changed_at": at,
        "result": "",
        "source": report.source,
        "source_number": report.source_number,
        "body_hash": report.hash,
    }


def short_at_report(report: Report, category: UUID, kinds: Counter[str]) -> list[str]:
    """What is missing of the evidence that the category wants with a report, as ``short_of``; raises Invalid for what this one must bring."""
    return short_of(category, "report", kinds, binding=report.channel in ON_THE_SPOT)


def said(report: Report, place: Placed, at: datetime, short: Sequence[str] = ()) -> dict[str, Any]:
    """The data of the report's step, as the timeline and the ledger have it. ``at``: when it was seen; ``short``: what is missing of the
    evidence."""
    data: dict[str, Any] = {"channel": str(report.channel), "grid": place.grid, "content_sha256": report.hash.hex()}
    if report.evidence:
        data["evidence"] = [str(p.id) for p in report.evidence]
    lon, lat = report.point or (None, None)
    data |= capture_data(seen_at=at, lon=lon, lat=lat, reports=True)
    return data | ({"evidence_short": list(short)} if short else {})


def party(reporter: Reporter | None, district: str, case: UUID) -> dict[str, Any] | None:
    """The row of who asked, encrypted; None when nobody is named."""
    if reporter is None or not (reporter.name.strip() or reporter.phone.strip()):
        return None
    row = uuid7()

    def sealed(column: str, value: str) -> bytes | None:
        return crypto.seal(value, crypto.Place.of("cases_party", column, row)) if value else None

    return {
        "district": district,
        "id": row,
        "case": case,
        "name_sealed": sealed("name_sealed", reporter.name.strip()),
        "phone_sealed": sealed("phone_sealed", reporter.phone.strip()),
        "phone_hash": crypto.lookup_hash("phone", reporter.phone) if reporter.phone.strip() else None,
    }


@dataclass(frozen=True)
class Placed:
    """Where a case is, as its level columns say it."""

    district: str
    street: str
    community: str | None = None
    grid: str | None = None
    grid_version: UUID | None = None

    @property
    def levels(self) -> dict[str, str | None]:
        return {"district": self.district, "street": self.street, "community": self.community, "grid": self.grid}


def place_of(report: Report, is_street: Callable[[str], bool] = places.is_street) -> Placed:
    """The grid of the point; without a point (待定位), or with one outside all grids, the street that was given."""
    if report.point is not None:
        found = grid_at(report.point)
        if isinstance(found, Placed):
            return found
        if report.street is None:
            raise Invalid.fields(found)
    if report.street is None:
        raise Invalid.field(
            "body.street",
            "missing",
            "请给出位置，或至少选择所在街道。",
            "Give a position, or at least choose the street it belongs to.",
        )
    if not is_street(report.street):
        raise Invalid.field(
            "body.street",
            "unknown",
            f"没有代码为 {report.street} 的街道或镇。",
            f"There is no street or town with the code {report.street}.",
        )
    return Placed(district=report.street[:6], street=report.street)


def grid_at(point: tuple[float, float]) -> Placed | FieldError:
    """Where a point lies: its base grid's levels, or the field error that names the nearest grid."""
    hit = places.locate([point], layers=["base"])[0]["base"]
    if isinstance(hit, places.Outside):
        return places.outside_error("body.point", hit)
    return Placed(hit.district, hit.street, hit.community, hit.code, hit.version_id)
