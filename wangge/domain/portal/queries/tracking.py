"""How a case goes, for who follows it: dates, units by their public names, plain sentences. Nothing internal: no note of a step, no person,
no other reporter, no text but one's own and what was cleared for the public."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from wangge.domain.cases.queries.case import FACTS, LISTS
from wangge.domain.cases.rules import OPEN, Act, Ask, Status
from wangge.domain.evidence.rules import Kind, State
from wangge.domain.portal import door, rules
from wangge.domain.portal.actions.speaking import possible
from wangge.domain.portal.door import Resident
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

PLACES = """(SELECT a.name FROM places_area a WHERE a.code = {c}.street) AS street_name,
    (SELECT a.name_en FROM places_area a WHERE a.code = {c}.street) AS street_name_en,
    (SELECT a.name FROM places_area a WHERE a.code = {c}.community) AS community_name,
    (SELECT a.name_en FROM places_area a WHERE a.code = {c}.community) AS community_name_en,
    (SELECT k.name FROM catalog_category k WHERE k.id = coalesce({c}.final_category, {c}.category)) AS kind_name,
    (SELECT k.name_en FROM catalog_category k WHERE k.id = coalesce({c}.final_category, {c}.category)) AS kind_name_en"""
_UNITS = """(SELECT u.name FROM people_unit u WHERE u.id = {u}) AS unit_name, (SELECT u.name_en FROM people_unit u WHERE u.id = {u}) AS unit_name_en"""
_WHO = "CASE WHEN c.status IN ('reported', 'accepted') THEN c.holder ELSE coalesce(c.lead, c.holder) END"

_CASE = f"""
    SELECT c.*, {FACTS}, {PLACES.format(c="c")}, {_UNITS.format(u=f"({_WHO})")},
        (SELECT coalesce(jsonb_agg(jsonb_build_object('at', t.at, 'act', t.act, 'outcome', t.outcome, 'note', t.note, 'before', t.before,
                'told', t.note <> '' OR t.data -> 'files' <> '[]'::jsonb, 'due', coalesce(t.data ->> 'due_at', t.data ->> 'review_at'),
                'unit_name', u.name, 'unit_name_en', u.name_en) ORDER BY t.at, t.id), '[]')
         FROM cases_step t LEFT JOIN people_unit u ON u.id = t.unit WHERE t.district = c.district AND t."case" = c.id) AS steps,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('text', q.text, 'asked_at', q.asked_at, 'answer', q.answer, 'answered_at', q.answered_at)
                ORDER BY q.asked_at, q.id), '[]')
         FROM cases_request q WHERE q.district = c.district AND q."case" = c.id AND q.kind = %(question)s) AS questions,
        (SELECT coalesce(jsonb_agg(i.id ORDER BY i.at, i.id), '[]')
         FROM evidence_item i JOIN evidence_upload u ON u.id = i.id
         WHERE i.district = c.district AND i."case" = c.id AND i.cleared_at IS NOT NULL AND u.state = %(ready)s) AS photos
    FROM cases_case c WHERE c.id = ANY(%(cases)s)"""
_JSON = (*LISTS, "steps", "questions", "photos")


def follow(*, who: Resident) -> dict[str, Any]:
    """Everything that is told of a case: one statement, for a merged one with the case that it became part of."""
    wanted = [case for case in (who.case, who.main) if case]
    values = {"cases": wanted, "question": str(Ask.QUESTION), "ready": str(State.READY)}
    with acting(SYSTEM):
        found = {row["id"]: row | {n: orjson.loads(row[n]) for n in _JSON} for row in rows.all(_CASE, values)}
    own, row = found[who.case], found[who.subject]
    mine = who.kind == "reporter"
    now, zone = clock.now(), settings.CONFIG.zone
    acts = possible(row) if mine else frozenset()
    if who.main:
        acts &= {Act.FOLLOW_UP, Act.REOPEN}
    return {
        "number": own["number"],
        "mine": mine,
        "text": own["text"] if mine else None,
        "address": own["address"] if mine else None,
        "confidential": own["confidential"] if mine else False,
        "kind": named(row, "kind"),
        "place": place_said(own),
        "reported_at": own["reported_at"],
        "status": row["status"],
        "open": row["status"] in OPEN,
        "now": rules.stands(row, unit=_unit(row), zone=zone, now=now, asked=Act.FOLLOW_UP in acts)._asdict(),
        "unit": (_unit(row) or rules.UNIT)._asdict(),
        "due_at": row["review_at"] if row["status"] == Status.SUSPENDED else row["due_at"],
        "together": own["status"] == Status.MERGED,
        "steps": _steps(own, row, mine),
        "questions": own["questions"] if mine else [],
        "answer": row["public_text"],
        "photos": row["photos"],
        "follow_up": row["follow_up"] if mine else None,
        "rating": row["rating"] if mine else None,
        "may": sorted(acts),
    }


def _steps(own: rows.Row, main: rows.Row, mine: bool) -> list[dict[str, Any]]:
    """The timeline in plain words: one's own case until it became part of another, and of that what happened from then on."""
    steps = own["steps"]
    if own["id"] != main["id"]:
        merged = max((s["at"] for s in steps if s["act"] == Act.MERGE), default="")
        steps = steps + [s for s in main["steps"] if datetime.fromisoformat(s["at"]) > datetime.fromisoformat(merged)]
    now, told = clock.now(), []
    for step in steps:
        due = datetime.fromisoformat(step["due"]) if step["due"] else None
        said = rules.step_says(step | {"due": due}, unit=_unit(step), zone=settings.CONFIG.zone, now=now)
        if said is None:
            continue
        # The reason of a rejection is written for who asked, and for nobody else.
        why = step["note"] if mine and step["act"] in (Act.REJECT, Act.WITHDRAW) else ""
        told.append({"at": step["at"], "text": said._asdict(), "why": why})
    return told


def named(row: rows.Row, name: str) -> dict[str, str] | None:
    zh = row[f"{name}_name"]
    return {"zh": zh, "en": row[f"{name}_name_en"] or zh} if zh else None


def _unit(row: rows.Row) -> Words | None:
    return Words(row["unit_name"], row["unit_name_en"] or row["unit_name"]) if row["unit_name"] else None


def place_said(row: rows.Row) -> dict[str, str]:
    """Street and community: the grid's number says nothing to who lives there."""
    parts = [p for p in (named(row, "street"), named(row, "community")) if p]
    return {"zh": "".join(p["zh"] for p in parts), "en": ", ".join(p["en"] for p in reversed(parts))}


def mine(*, ticket: str) -> list[dict[str, Any]]:
    """What was reported or followed with the phone of a ticket, newest first. One statement. Raises NotFound for a ticket that is over."""
    phone = door.phone_of(ticket)
    if phone is None:
        raise NotFound(Words("手机验证已失效，请重新验证。", "The phone has to be proved again."))
    with acting(SYSTEM):
        found = rows.all(
            f"""SELECT f.kind AS follows, c.number, c.reported_at, m.status, m.due_at, m.review_at, m.follow_up, {PLACES.format(c="c")},
                       {_UNITS.format(u=f"({_WHO.replace('c.', 'm.')})")}
                FROM cases_follower f JOIN cases_case c ON c.district = f.district AND c.id = f."case"
                JOIN cases_case m ON m.district = c.district AND m.id = coalesce(c.merged_into, c.id)
                WHERE f.phone_hash = %(phone)s ORDER BY c.reported_at DESC, c.id DESC LIMIT 100""",
            {"phone": phone},
        )
    now, zone = clock.now(), settings.CONFIG.zone
    return [
        {
            "number": row["number"],
            "mine": row["follows"] == "reporter",
            "kind": named(row, "kind"),
            "place": place_said(row),
            "reported_at": row["reported_at"],
            "status": row["status"],
            "open": row["status"] in OPEN,
            "now": rules.stands(row, unit=_unit(row), zone=zone, now=now, asked=row["follows"] == "reporter")._asdict(),
        }
        for row in found
    ]


def photo(upload: UUID) -> rows.Row:
    """A photo that an operator cleared for the public. NotFound for any other, always alike."""
    with acting(SYSTEM):
        found = rows.one(
            """SELECT u.id, u.public, u.public_type, u.thumb FROM evidence_item i JOIN evidence_upload u ON u.id = i.id
               WHERE u.id = %(id)s AND i.cleared_at IS NOT NULL AND u.state = %(ready)s AND u.kind = %(photo)s""",
            {"id": upload, "ready": str(State.READY), "photo": str(Kind.PHOTO)},
        )
    if found is None:
        raise NotFound(Words("没有这张照片，或未公开。", "There is no such photo, or it is not public."))
    return found
