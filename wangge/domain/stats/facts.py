"""SQL that says what cases count: from ``cases_case`` and what lies below it, as they are now. The only place where facts are made.

An entry is one case on one day. Which days and what on each of them is a list of sources, each with the measures it gives; their sum by
case and day is the entry.
"""

from __future__ import annotations

from collections.abc import Iterable

from wangge.domain.stats.rules import BY_DAY, DURATIONS, GRAINS, LEVELS, MEASURES, OWN_BY, PLEASED_FROM, STAGES

DETAILS = (
    "version", "street", "community", "grid", "status", "category", "channel", "level", "lead", "person",
)  # fmt: skip
"""Columns that every entry of a case repeats."""
ENTRY = ("district", '"case"', "day", *DETAILS, *DURATIONS, *MEASURES)

# A level is the length of an area's code. Who resolved on the spot did it in the grid, whoever the case belongs to.
_LEVEL = """CASE WHEN self_resolved THEN 'grid' ELSE
    CASE coalesce(length(lead_area), length(holder_area), 9) WHEN 15 THEN 'grid' WHEN 12 THEN 'community' WHEN 9 THEN 'street'
         WHEN 6 THEN 'district' ELSE 'city' END END"""
_CASES = f"""
    SELECT x.*, {_LEVEL} AS level FROM (
        SELECT c.district, c.id, c.version, c.street, c.community, c.grid, c.status, coalesce(c.final_category, c.category) AS category,
               c.channel, c.lead, c.reported_at, c.closed_at, c.overdue_at, c.self_resolved, c.returns, c.rework, c.reopened,
               c.extensions, c.follow_up, c.rating,
               (SELECT u.area FROM people_unit u WHERE u.id = c.lead) AS lead_area,
               (SELECT u.area FROM people_unit u WHERE u.id = c.holder) AS holder_area,
               (SELECT min(s.at) FROM cases_step s WHERE s.district = c.district AND s."case" = c.id
                  AND s.act IN ('accept', 'reject', 'self_resolve')) AS answered_at,
               g.dispatched_at, g.resolved_at, coalesce(g.person, CASE WHEN c.self_resolved THEN c.reporter END) AS person
        FROM cases_case c CROSS JOIN LATERAL (
            SELECT min(a.assigned_at) AS dispatched_at, max(a.resolved_at) AS resolved_at,
                   (array_agg(coalesce(a.resolved_by, a.taken_by) ORDER BY a.assigned_at DESC, a.id DESC))[1] AS person
            FROM cases_assignment a WHERE a.district = c.district AND a."case" = c.id AND a.kind = 'lead') g
        WHERE {{which}}) x"""
_CLOCKS = """
    SELECT c.*, k.stage, k.due_at, k.outcome = 'met' AS met,
           k.outcome = 'missed' OR (k.outcome = 'running' AND k.paused_at IS NULL AND k.rung >= 2) AS missed,
           row_number() OVER (PARTITION BY c.district, c.id, k.stage = 'handle' ORDER BY k.started_at DESC, k.id DESC) = 1
               AND k.stage = 'handle' AS last_handle
    FROM c JOIN cases_clock k ON k.district = c.district AND k."case" = c.id"""

_DROPPED = "status IN ('rejected', 'merged', 'withdrawn', 'void')"
_CLOSED = "status IN ('closed', 'archived')"
_REACHED = "follow_up IN ('satisfied', 'dissatisfied')"


def _minutes(first: str, last: str) -> str:
    """Whole minutes; a time that an import has before the other counts as none."""
    return f"greatest(0, floor(extract(epoch FROM {last} - {first}) / 60))::int"


SOURCES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    # (rows, condition, moment, what they give)
    ("c", "true", "reported_at", {
        "reported": "1", "dropped": f"({_DROPPED})::int", "open": "(closed_at IS NULL)::int", "solved": f"({_CLOSED})::int",
        "late": "(overdue_at IS NOT NULL)::int", "self_resolved": "self_resolved::int", "returned": "(returns > 0)::int",
        "returns": "returns", "rework": "rework", "reopened": "reopened", "extensions": "extensions",
    }),
    ("c", "answered_at IS NOT NULL", "answered_at", {"responded": "1", "response": _minutes("reported_at", "answered_at")}),
    ("c", "closed_at IS NOT NULL", "closed_at", {
        "ended": "1", "closed": f"({_CLOSED})::int", "in_time": f"({_CLOSED} AND overdue_at IS NULL)::int",
        "wanted": f"({_CLOSED} AND follow_up <> 'not_wanted')::int", "reached": f"({_CLOSED} AND {_REACHED})::int",
        **{f"closed_{level}": f"({_CLOSED} AND level = '{level}')::int" for level in LEVELS},
        "accepted_result": f"({_CLOSED} AND follow_up = 'satisfied')::int",
        "pleased": f"({_CLOSED} AND follow_up = 'satisfied' AND coalesce(rating, 5) >= {PLEASED_FROM})::int",
        "rated": f"({_CLOSED} AND {_REACHED} AND rating IS NOT NULL)::int",
        "rating": f"CASE WHEN {_CLOSED} AND {_REACHED} THEN rating END",
        "handling": f"CASE WHEN {_CLOSED} AND resolved_at IS NOT NULL THEN {_minutes('dispatched_at', 'resolved_at')} END",
        "total": f"CASE WHEN {_CLOSED} THEN {_minutes('reported_at', 'closed_at')} END",
    }),
    ("k", "met OR missed", "due_at", {
        **{f"met_{s}": f"(met AND stage = '{s}')::int" for s in STAGES},
        **{f"missed_{s}": f"(missed AND stage = '{s}')::int" for s in STAGES},
        "should_close": f"(last_handle AND NOT {_DROPPED})::int", "should_closed": f"(last_handle AND {_CLOSED})::int",
        "should_in_time": f"(last_handle AND {_CLOSED} AND overdue_at IS NULL)::int",
    }),
)  # fmt: skip
_MEASURED = (*DURATIONS, *MEASURES)


def entries(which: str) -> str:
    """The entries of the cases ``which`` (SQL over ``cases_case c``), with the columns of ``ENTRY``; needs the parameter ``zone``."""
    parts = []
    for rows, condition, moment, gives in SOURCES:
        values = ", ".join(
            f"{gives.get(name, 'NULL::int' if name in DURATIONS else '0')} AS {name}" for name in _MEASURED
        )
        parts.append(
            f"SELECT district, id, ({moment} AT TIME ZONE %(zone)s)::date AS day, {values} FROM {rows} WHERE {condition}"
        )
    sums = ", ".join(f"max({n}) AS {n}" if n in DURATIONS else f"coalesce(sum({n}), 0)::int AS {n}" for n in _MEASURED)
    return f"""
        WITH c AS MATERIALIZED ({_CASES.format(which=which)}), k AS ({_CLOCKS}),
             counted AS (SELECT district, id, day, {sums} FROM ({" UNION ALL ".join(parts)}) p GROUP BY district, id, day)
        SELECT n.district, n.id AS "case", n.day, {", ".join(f"c.{d}" for d in DETAILS)}, {", ".join(f"n.{m}" for m in _MEASURED)}
        FROM counted n JOIN c ON c.district = n.district AND c.id = n.id"""


KEYS = {
    "all": "''",
    "status": "status",
    "category": "category::text",
    "channel": "channel",
    "level": "level",
    "community": "coalesce(community, '')",
    "grid": "coalesce(grid, '')",
    "unit": "coalesce(lead::text, '')",
    "person": "coalesce(person::text, '')",
}
"""The key of each dimension, over an entry's columns."""


def start_sql(grain: str, day: str = "day") -> str:
    """``rules.start_of`` in SQL."""
    return {
        "day": day,
        "five": f"(date_trunc('month', {day})::date + least((extract(day FROM {day})::int - 1) / 5, 5) * 5)",
        "month": f"date_trunc('month', {day})::date",
        "year": f"date_trunc('year', {day})::date",
    }[grain]


CELL = ("district", "dimension", "grain", "start", "street", "key")


def cells(source: str) -> str:
    """The cells that the entries ``source`` (a FROM item) add up to, of streets and of districts."""
    return f"{street_cells(source)} UNION ALL {district_cells(source)}"


def street_cells(source: str) -> str:
    """Days are kept for the whole alone: a table of one dimension takes the rest of its period from the entries. Summed first by the shortest
    span that a dimension has: months and years are made of those."""
    grains = ", ".join(f"('{grain}', {start_sql(grain)})" for grain in GRAINS)
    return f"""
        SELECT e.district, e.dimension, g.grain, g.start, e.street, e.key, {_SUMS}
        FROM (SELECT e.district, e.street, d.dimension, d.key, CASE d.dimension WHEN 'all' THEN e.day ELSE {start_sql("five")} END AS day, {_SUMS}
              FROM {source} e CROSS JOIN LATERAL (VALUES {_named(KEYS)}) d (dimension, key) GROUP BY 1, 2, 3, 4, 5) e
             CROSS JOIN LATERAL (VALUES {grains}) g (grain, start)
        WHERE g.grain <> 'day' OR e.dimension = 'all'
        GROUP BY e.district, e.dimension, g.grain, g.start, e.street, e.key"""


def district_cells(source: str) -> str:
    """Of a district, whose street is '': each day by the dimensions of few values."""
    return f"""
        SELECT e.district, d.dimension, 'day' AS grain, e.day AS start, '' AS street, d.key, {_SUMS}
        FROM {source} e CROSS JOIN LATERAL (VALUES {_named(BY_DAY)}) d (dimension, key) GROUP BY 1, 2, 3, 4, 5, 6"""


OWN = ("district", "owner", "dimension", "start", "key")
OWNERS = {"community": "community", "unit": "lead::text"}
"""Whose sums are kept of themselves, over an entry's columns; none where there is none."""


def own_sums(source: str, owners: Iterable[str] = OWNERS) -> str:
    """The sums that the entries ``source`` (a FROM item) add up to for their communities and lead units: of days for the whole, of months by a
    dimension. There are few of a community or a unit: neither has sums of years."""
    return " UNION ALL ".join(
        f"""
        SELECT e.district, {OWNERS[kind]} AS owner, d.dimension, CASE d.dimension WHEN 'all' THEN e.day ELSE {start_sql("month")} END AS start,
               d.key, {_SUMS}
        FROM {source} e CROSS JOIN LATERAL (VALUES {_named(("all", *OWN_BY[kind]))}) d (dimension, key)
        WHERE {OWNERS[kind]} IS NOT NULL GROUP BY 1, 2, 3, 4, 5"""
        for kind in owners
    )


def _named(dimensions: Iterable[str]) -> str:
    return ", ".join(f"('{name}', {KEYS.get(name, name)})" for name in dimensions)


_SUMS = ", ".join(f"sum(e.{m})::int AS {m}" for m in MEASURES)
NOT_NOTHING = " OR ".join(f"{m} <> 0" for m in MEASURES)
