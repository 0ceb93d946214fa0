"""The reports of one batch, written together: one statement a table, however many they are.

Only what is plain is done here: a report that is valid, was never sent before, and has nothing to do with another operation of its batch.
Whatever is not, and everything if the database refuses any of it, is left to be done one by one, where each is answered by itself.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import transaction

from wangge.domain.cases import bulk, queries
from wangge.domain.cases.actions.captured import captured
from wangge.domain.cases.actions.dispatching import by_itself
from wangge.domain.cases.actions.report import Judged, Report, judge, short_at_report
from wangge.domain.cases.rules.capture import Capture
from wangge.domain.cases.tags import CasePermission
from wangge.domain.catalog import queries as catalog
from wangge.domain.evidence.actions.attach import Files, attach_many, attachable
from wangge.domain.evidence.rules import Role
from wangge.domain.places import queries as places
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Problem

log = logging.getLogger("wangge.cases")

FEWEST = 2


class Sent(NamedTuple):
    """A report and the operation that brings it; ``digest``: of what it is to do."""

    operation: UUID
    digest: bytes
    report: Report
    capture: Capture | None = None


State = dict[str, Any]


def report_together(*, by: Principal, sent: Sequence[Sent]) -> dict[UUID, State]:
    """Take in those of ``sent`` that are plain, in their order. Returns what their operations are answered with; the others are not done."""
    if len(sent) < FEWEST or not by.may(CasePermission.REPORT):
        return {}
    try:
        with transaction.atomic():
            return _report(by, _plain(by, sent))
    except Exception as error:  # one of them is the cause: by itself it will say so, and hurt no other
        log.warning("reports of a batch are done one by one", extra={"count": len(sent), "error": type(error).__name__})
        return {}


class Plain(NamedTuple):
    """A report that nothing speaks against, and what was found of it."""

    sent: Sent
    judged: Judged
    short: list[str]


def _plain(by: Principal, sent: Sequence[Sent]) -> list[Plain]:
    fresh = _never_sent(sent)
    files = attachable(by=by, lists=[s.report.evidence for s in fresh], role=Role.REPORT)
    is_street = cache(places.is_street)
    found = []
    for one, kinds in zip(fresh, files, strict=True):
        if kinds is not None:
            try:
                judged = judge(by=by, report=one.report, is_street=is_street)
                found.append(Plain(one, judged, short_at_report(one.report, judged.category.id, kinds)))
            except Problem:
                continue
    return found


def _never_sent(sent: Sequence[Sent]) -> list[Sent]:
    """Those whose case is not known, and which have no file or id in common with one another."""
    known = rows.all("SELECT id FROM cases_case WHERE id = ANY(%(ids)s)", {"ids": [s.report.id for s in sent]})
    seen = {row["id"] for row in known}
    used = Counter(key for s in sent for key in keys_of(s.report))
    return [s for s in sent if s.report.id not in seen and all(used[key] == 1 for key in keys_of(s.report))]


def keys_of(report: Report) -> tuple[UUID, ...]:
    """The ids by which reports can be in each other's way: the case's and those of its files."""
    return (report.id, *(p.id for p in report.evidence))


def _report(by: Principal, plain: Sequence[Plain]) -> dict[UUID, State]:
    claimed = _claim(by, [p.sent for p in plain])
    mine = [p for p in plain if p.sent.operation in claimed]
    told = [_told(by, p) for p in mine]
    bulk.insert(told, by=by)
    attach_many(
        by=by,
        cases=[Files(p.judged.place.district, p.sent.report.id, p.sent.report.evidence) for p in mine],
        role=Role.REPORT,
        at=clock.now(),
    )
    # What a rule does by itself is an act like any other, with its own entry.
    states = {p.sent.operation: queries.state(by_itself(t.case)) for p, t in zip(mine, told, strict=True)}
    rows.run(
        """UPDATE cases_operation o SET answer = g.answer::jsonb
           FROM unnest(%(ids)s::uuid[], %(answers)s::text[]) AS g (id, answer) WHERE o.actor = %(actor)s AND o.id = g.id""",
        {
            "actor": by.id,
            "ids": list(states),
            "answers": [orjson.dumps(state, default=str).decode() for state in states.values()],
        },
    )
    return states


def _claim(by: Principal, sent: Sequence[Sent]) -> set[UUID]:
    """Take the operations' ids, in one order, so that two batches never wait for each other; one that a twin took meanwhile is its own."""
    ordered = sorted(sent, key=lambda s: s.operation)
    taken = rows.all(
        """INSERT INTO cases_operation (actor, id, body_hash, at)
           SELECT %(actor)s, id, hash, %(at)s FROM unnest(%(ids)s::uuid[], %(hashes)s::bytea[]) AS g (id, hash)
           ON CONFLICT (actor, id) DO NOTHING RETURNING id""",
        {
            "actor": by.id,
            "at": clock.now(),
            "ids": [s.operation for s in ordered],
            "hashes": [s.digest for s in ordered],
        },
    )
    return {row["id"] for row in taken}


def _told(by: Principal, plain: Plain) -> bulk.Told:
    (_, _, report, capture), judged, short = plain
    history = bulk.History(
        by=by,
        report=report,
        place=judged.place,
        category=judged.category.id,
        urgency=judged.urgency,
        confidential=judged.confidential,
        reported_at=judged.at,
        holder=catalog.entry_desk(judged.category, report.channel, judged.place),
        short=short,
    )
    with captured(capture):
        return bulk.tell(history)
