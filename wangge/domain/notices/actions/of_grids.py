"""Notices of planned changes of grids that could not take effect: to who planned one and to those who look after the grids there. One statement
finds and writes them, another what leaves by mail or SMS. Called as SYSTEM, in the relay's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from wangge.domain.notices import people_sql
from wangge.domain.notices.actions.making import FRESH, HINTED, NEWEST, queue_personal
from wangge.domain.notices.rules import Event as What
from wangge.domain.notices.tags import NoticeEvent
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.outbox.relay import Event

_NOTICES = f"""
    WITH told AS MATERIALIZED (
        SELECT h.pos, g.* FROM unnest(%(pos)s::bigint[], %(change)s::uuid[]) AS h(pos, change) JOIN places_plannedchange g ON g.id = h.change
    ),
    named AS (
        SELECT g.pos, 'planner' AS who, g.planned_by AS person FROM told g WHERE g.planned_by IS NOT NULL
        UNION ALL SELECT g.pos, 'administrator', k.person FROM told g CROSS JOIN LATERAL ({people_sql.keepers("g")}) k
    ),
    {people_sql.held("named", "keepers")},
    chosen AS (
        SELECT n.pos, n.person, array_agg(DISTINCT n.who) AS why, array_agg(DISTINCT r.channel) AS channels,
               coalesce(array_agg(DISTINCT r.channel) FILTER (WHERE r.mandatory), '{{}}') AS mandatory
        FROM named n JOIN notices_rule r ON r.version = {NEWEST} AND r.event = %(event)s AND r.who = n.who GROUP BY n.pos, n.person
    ),
    made AS (
        INSERT INTO notices_notice (id, person, pos, event, why, district, change, facts, in_app, at)
        SELECT gen_random_uuid(), k.person, k.pos, %(event)s, k.why, g.district, g.id,
               jsonb_build_object('urgency', 'normal', 'channels', k.channels, 'mandatory', k.mandatory), 'in_app' = ANY(k.channels), %(now)s
        FROM chosen k JOIN told g ON g.pos = k.pos WHERE {people_sql.may_keep("k.person", "g")}
        ON CONFLICT (person, pos) DO NOTHING RETURNING id, person, event, "case", in_app, facts
    ),
    {HINTED}"""


def tell_of_grids(events: Sequence[Event]) -> int:
    """Make the notices of changes that failed. Returns how many; a repeat makes none."""
    now = clock.now()
    heard = [e for e in events if e.subject and e.at > now - FRESH]
    if not heard:
        return 0
    given = {"pos": [e.pos for e in heard], "change": [e.subject for e in heard], "event": str(What.GRIDS_FAILED)}
    made = rows.all(_NOTICES, given | people_sql.params(now) | {"made": str(NoticeEvent.MADE)})
    queue_personal(made, now)
    return len(made)
