"""What happens to a partner's cases becomes messages to it: one statement finds them, one writes them, one queues what is pushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases.rules import Act
from wangge.domain.exchange.actions.partners import EVENT
from wangge.domain.exchange.rules import OUT, MessageKind, masked
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.outbox.relay import Event

_ACTS = {str(act): kind for act, kind in OUT.items()}

# LIMIT 1: as in notices, the planner cannot know that each event has one case and one step.
_HEARD = """
    SELECT h.pos, p.id AS partner, p.states::text AS states, c.id AS "case", c.number, c.source_number AS "order", c.result, h.due AS due_at,
           t.act, t.at, t.note, u.name AS unit
    FROM unnest(%(pos)s::bigint[], %(district)s::text[], %(case)s::uuid[], %(step)s::uuid[], %(due)s::timestamptz[])
        AS h(pos, district, "case", step, due)
    CROSS JOIN LATERAL (SELECT * FROM cases_case k WHERE k.district = h.district AND k.id = h."case" LIMIT 1) c
    JOIN exchange_partner p ON p.source = c.source AND p.active
    CROSS JOIN LATERAL (SELECT * FROM cases_step k WHERE k.district = h.district AND k.id = h.step LIMIT 1) t
    LEFT JOIN people_unit u ON u.id = coalesce(t.unit, c.lead)
    WHERE c.source_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM exchange_message m WHERE m.partner_id = p.id AND m.pos = h.pos)
    ORDER BY h.pos"""


def tell(events: Sequence[Event]) -> int:
    """Say to partners how their cases go on. Called as SYSTEM, in the relay's transaction. Returns how many messages."""
    heard = [e for e in events if e.subject and e.body.get("step") and e.body.get("act") in _ACTS]
    if not heard or not rows.value("SELECT EXISTS (SELECT 1 FROM exchange_partner WHERE active)"):
        return 0
    found = rows.all(
        _HEARD,
        {
            "pos": [e.pos for e in heard],
            "district": [e.district for e in heard],
            "case": [e.subject for e in heard],
            "step": [UUID(e.body["step"]) for e in heard],
            "due": [e.body.get("due_at") for e in heard],  # as it was then
        },
    )
    return write(
        {
            "partner": row["partner"],
            "case": row["case"],
            "pos": row["pos"],
            "kind": _ACTS[row["act"]],
            "states": orjson.loads(row["states"]),
            "at": row["at"],
            "said": {"order": row["order"], "case": row["number"]} | _content(row),
        }
        for row in found
    )


def _content(row: rows.Row) -> dict[str, Any]:
    """What a partner is told besides that it happened: what is meant for who called, never what is said among ourselves."""
    match Act(row["act"]):
        case Act.CLOSE:
            return {"text": masked(row["result"])}
        case Act.REJECT | Act.VOID | Act.SUSPEND:
            return {"text": masked(row["note"])}
        case Act.DISPATCH | Act.DESIGNATE | Act.REASSIGN:
            return {"unit": row["unit"], "due_at": row["due_at"]}
        case Act.EXTEND:
            return {"text": masked(row["note"]), "due_at": row["due_at"]}
        case _:
            return {}


# What is pushed goes the way of all webhooks, in order for each case by the message's number.
_WRITE = f"""
    WITH made AS (
        INSERT INTO exchange_message (id, partner_id, "case", pos, kind, body, answer, made_at, made_by, answer_note, their_number)
        SELECT id, partner, "case", pos, kind, body, answer, at, made_by, '', ''
        FROM json_to_recordset(%(rows)s::json) AS r(n int, id uuid, partner uuid, "case" uuid, pos bigint, kind text, body text, answer text,
                                                    at timestamptz, made_by uuid)
        ORDER BY n RETURNING seq, id, partner_id, "case", body, made_at
    )
    INSERT INTO notices_delivery (id, webhook_id, event, pos, "case", body, channel, next_at, made_at, status)
    SELECT m.id, w.id, '{EVENT}', m.seq, m."case", m.body, 'webhook', m.made_at, m.made_at, 'waiting'
    FROM made m JOIN exchange_partner p ON p.id = m.partner_id JOIN notices_webhook w ON w.id = p.webhook AND w.active"""


def write(messages: Iterable[Mapping[str, Any]], *, made_by: UUID | None = None) -> int:
    """Write messages and queue those that are pushed. Each: ``partner``, ``case``, ``pos`` (None: a person asked), ``kind``, ``states``
    of the partner, ``at`` (aware), ``said``, optionally ``id`` and ``answer``. In the caller's transaction. Returns how many."""
    listed = [_row(m) for m in messages]
    if not listed:
        return 0
    # One writer at a time for each partner, until the end of the transaction, so that numbers rise in the order of commits.
    for partner in sorted({str(m["partner"]) for m in listed}):
        rows.run("SELECT pg_advisory_xact_lock(hashtextextended(%(partner)s, 5))", {"partner": partner})
    now = clock.now()
    rows.run_many(_WRITE, [{"n": n, "at": now, "made_by": made_by} | row for n, row in enumerate(listed)], default=str)
    return len(listed)


def _row(message: Mapping[str, Any]) -> dict[str, Any]:
    key, kind, at = message.get("id") or uuid7(), MessageKind(message["kind"]), message["at"]
    assert isinstance(at, datetime)
    body = {
        "id": key,
        "type": "exchange",
        "kind": kind,
        "state": message["states"].get(kind, kind.words.zh),
        "at": at.isoformat(),
        **message["said"],
    }
    return {
        "id": key,
        "partner": message["partner"],
        "case": message["case"],
        "pos": message["pos"],
        "kind": str(kind),
        "body": orjson.dumps(body, default=str).decode(),
        "answer": message.get("answer", ""),
    }
