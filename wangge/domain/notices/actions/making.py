"""Notices are made from outbox events: one statement finds whom the matrix names and who may see the case now, one writes what leaves by
mail or SMS, one or two what other systems get. However many persons, cases and events. Called as SYSTEM, in the relay's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from wangge.domain.cases.rules import Urgency
from wangge.domain.notices import people_sql
from wangge.domain.notices.rules import PERSONAL, event_of, masked_title, payload, quiet_until
from wangge.domain.notices.tags import NoticeEvent
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.outbox.relay import Event

FRESH = timedelta(days=3)
"""What happened longer ago is history that was imported, or was asleep in a queue: nobody is told of it as news."""
NEWEST = "(SELECT max(version) FROM notices_matrix)"

# LIMIT 1 says to the planner what it cannot know: each event has one case and one step. With an estimate of one row for all of them it would
# join everything that follows by nested loops (measured on tables without statistics:
# 67 s for 500 events of which 21 persons each were told).
_TOLD = """
    told AS MATERIALIZED (
        SELECT h.pos, h.event, t.at AS step_at, t.actor, t.data, t.after, c.*
        FROM unnest(%(pos)s::bigint[], %(district)s::text[], %(case)s::uuid[], %(step)s::uuid[], %(event)s::text[])
            AS h(pos, district, "case", step, event)
        CROSS JOIN LATERAL (SELECT * FROM cases_case k WHERE k.district = h.district AND k.id = h."case" LIMIT 1) c
        CROSS JOIN LATERAL (SELECT * FROM cases_step k WHERE k.district = h.district AND k.id = h.step LIMIT 1) t
        WHERE t.at > %(since)s
    )"""

# The rest of a statement with a part ``made``: the live stream is told that there are new ones, and each comes with its person's wishes.
HINTED = """hinted AS (
        INSERT INTO outbox_event (event, kind, subject) SELECT DISTINCT %(made)s, 'notice', person FROM made WHERE in_app
    )
    SELECT m.id, m.event, m."case", m.facts::text AS facts, f.quiet_from, f.quiet_to, coalesce(f.off, '{}') AS off,
           f.email_confirmed_at IS NOT NULL AS email, f.mobile_confirmed_at IS NOT NULL AS sms
    FROM made m LEFT JOIN notices_preference f ON f.person = m.person"""

# A person is told once of an event, however many posts they hold. Who did it knows it already.
_NOTICES = f"""
    WITH {_TOLD},
    wanted AS MATERIALIZED (
        SELECT c.*, r.who FROM told c JOIN (SELECT DISTINCT event, who FROM notices_rule WHERE version = {NEWEST} AND who <> 'subscriber') r
            ON r.event = c.event
    ),
    named AS ({people_sql.related("wanted")}),
    {people_sql.held("named")},
    chosen AS (
        SELECT n.pos, n.person, array_agg(DISTINCT n.who) AS why, array_agg(DISTINCT r.channel) AS channels,
               coalesce(array_agg(DISTINCT r.channel) FILTER (WHERE r.mandatory), '{{}}') AS mandatory
        FROM named n JOIN told c ON c.pos = n.pos
        JOIN notices_rule r ON r.version = {NEWEST} AND r.event = c.event AND r.who = n.who
        WHERE n.person IS NOT NULL AND n.person IS DISTINCT FROM c.actor GROUP BY n.pos, n.person
    ),
    made AS (
        INSERT INTO notices_notice (id, person, pos, event, why, district, "case", facts, in_app, at)
        SELECT gen_random_uuid(), k.person, k.pos, c.event, k.why, c.district, c.id,
               jsonb_build_object('status', c.after, 'due_at', c.due_at, 'urgency', c.urgency, 'channels', k.channels, 'mandatory', k.mandatory),
               'in_app' = ANY(k.channels), %(now)s
        FROM chosen k JOIN told c ON c.pos = k.pos WHERE {people_sql.may_see("k.person")}
        ON CONFLICT (person, pos) DO NOTHING RETURNING id, person, event, "case", in_app, facts
    ),
    {HINTED}"""

_SYSTEMS = f"""
    WITH {_TOLD}
    SELECT c.pos, c.event, c.step_at, c.after, w.id AS webhook, c.id, c.number, c.title, c.confidential, c.version, c.urgency, c.channel,
           coalesce(c.final_category, c.category) AS category, c.district, c.street, c.community, c.grid, c.lead, c.holder, c.stage, c.due_at
    FROM told c JOIN notices_rule r ON r.version = {NEWEST} AND r.event = c.event AND r.who = 'subscriber'
    JOIN notices_webhook w ON w.active AND (w.events = '{{}}' OR c.event = ANY(w.events))
        AND (w.areas = '{{}}' OR c.district = ANY(w.areas) OR c.street = ANY(w.areas) OR c.community = ANY(w.areas))
    JOIN people_token k ON k.id = w.token_id AND k.revoked_at IS NULL AND k.expires_at > %(now)s AND %(read)s = ANY(k.permissions)
        AND (k.everywhere OR k.areas && ARRAY[c.community, c.street, c.district, left(c.district, 4), left(c.district, 2)]::varchar[]
             OR c.grid = ANY(k.grids) OR k.units && (array_remove(ARRAY[c.lead, c.holder], NULL) || c.assisting || c.asked))
    WHERE NOT EXISTS (SELECT 1 FROM notices_delivery d WHERE d.webhook_id = w.id AND d.pos = c.pos)
    ORDER BY c.pos"""


def tell(events: Sequence[Event]) -> int:
    """Make the notices of these events and what is to be sent of them. Returns how many notices; a repeat makes none."""
    heard = _heard(events)
    if not heard["pos"]:
        return 0
    now = clock.now()
    common = heard | {"now": now, "since": now - FRESH}
    made = rows.all(_NOTICES, common | people_sql.params(now) | {"made": str(NoticeEvent.MADE)}, prepared=True)
    queue_personal(made, now)
    _queue_systems(rows.all(_SYSTEMS, common | {"read": "cases.read"}, prepared=True), now)
    return len(made)


def _heard(events: Sequence[Event]) -> dict[str, list[Any]]:
    """The events somebody may be told of, as columns."""
    found: dict[str, list[Any]] = {"pos": [], "district": [], "case": [], "step": [], "event": []}
    for event in events:
        what = event_of(event.body.get("act", ""), event.body.get("outcome"))
        if what is not None and event.subject and event.body.get("step"):
            for name, value in zip(
                found, (event.pos, event.district, event.subject, UUID(event.body["step"]), str(what)), strict=True
            ):
                found[name].append(value)
    return found


def queue_personal(made: list[rows.Row], now: Any) -> None:
    """What goes to addresses of persons: to who has confirmed one and has not opted out, after their quiet hours unless it is urgent."""
    waiting: dict[str, list[Any]] = {"id": [], "channel": [], "notice": [], "event": [], "case": [], "next_at": []}
    for row in made:
        facts = orjson.loads(row["facts"])
        for channel in PERSONAL:
            if channel not in facts["channels"] or not row[channel]:
                continue
            if channel in row["off"] and channel not in facts["mandatory"]:
                continue
            quiet = None
            if facts["urgency"] == Urgency.NORMAL:
                quiet = quiet_until(now, row["quiet_from"], row["quiet_to"], settings.CONFIG.zone)
            for name, value in zip(
                waiting, (uuid7(), str(channel), row["id"], row["event"], row["case"], quiet or now), strict=True
            ):
                waiting[name].append(value)
    if waiting["id"]:
        rows.run(
            """INSERT INTO notices_delivery (id, channel, notice_id, event, "case", next_at, made_at, status)
               SELECT *, %(now)s, 'waiting' FROM unnest(%(id)s::uuid[], %(channel)s::text[], %(notice)s::uuid[], %(event)s::text[],
                   %(case)s::uuid[], %(next_at)s::timestamptz[]) ON CONFLICT DO NOTHING""",
            waiting | {"now": now},
        )


_OPEN_FIELDS = (
    "id",
    "number",
    "version",
    "urgency",
    "channel",
    "category",
    "district",
    "street",
    "community",
    "grid",
    "lead",
    "holder",
)


def _queue_systems(found: list[rows.Row], now: Any) -> None:
    """What goes to other systems: the body is made now and stays, so that every try sends the same."""
    waiting: dict[str, list[Any]] = {"id": [], "webhook": [], "event": [], "pos": [], "case": [], "body": []}
    for row in found:
        key = uuid7()
        case = {name: row[name] for name in _OPEN_FIELDS} | {
            "status": row["after"],
            "due_at": row["due_at"],
            "title": masked_title(row["title"], confidential=row["confidential"]),
        }
        body = orjson.dumps(
            payload(event=row["event"], delivery=str(key), at=row["step_at"], case=case), default=str
        ).decode()
        for name, value in zip(waiting, (key, row["webhook"], row["event"], row["pos"], row["id"], body), strict=True):
            waiting[name].append(value)
    if waiting["id"]:
        rows.run(
            """INSERT INTO notices_delivery (id, webhook_id, event, pos, "case", body, channel, next_at, made_at, status)
               SELECT *, 'webhook', %(now)s, %(now)s, 'waiting' FROM unnest(%(id)s::uuid[], %(webhook)s::uuid[], %(event)s::text[],
                   %(pos)s::bigint[], %(case)s::uuid[], %(body)s::text[]) ON CONFLICT DO NOTHING""",
            waiting | {"now": now},
        )
