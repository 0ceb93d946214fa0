"""The layout for Citus: which tables are spread over the nodes by district, which every node has, which stay with the coordinator.

Everything below a case has the case's district in front of its key, so that a case lies on one node with all that belongs to it. The rules
that hold this are checked on the catalogue, without Citus (``faults``); ``statements`` is the SQL for a server that has it (docs/scaling.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wangge.kernel.db import rows

DISTRIBUTED = (
    "cases_case",
    "cases_step",
    "cases_assignment",
    "cases_clock",
    "cases_party",
    "cases_request",
    "cases_demand",
    "cases_link",
    "cases_mark",
    "cases_follower",
    "evidence_item",
    "search_document",
    "stats_entry",
    "stats_cell",
    "stats_own",
    "stats_times",
)
"""By ``district``, all beside ``cases_case``, which comes first."""

REFERENCE = (
    "places_area",
    "places_areaborder",
    "places_gridlayer",
    "places_grid",
    "places_gridversion",
    "places_membership",
    "people_unit",
    "people_user",
    "people_post",
    "people_absence",
    "catalog_category",
    "catalog_limit",
    "catalog_route",
    "catalog_calendarday",
    "catalog_officehours",
    "catalog_state",
)
"""Small, seldom written, and joined by what is asked of cases: each node has a copy. In the order of their foreign keys."""

LOCAL = {
    "one order for the whole installation": (
        *("ledger_entry", "ledger_link", "ledger_batch", "ledger_personal", "ledger_erasure", "ledger_check"),
        *("outbox_event", "outbox_cursor", "outbox_stuck"),
        *("exchange_message", "exchange_inbox", "exchange_link", "exchange_partner", "exchange_received", "exchange_figure"),
        *("notices_matrix", "notices_rule", "notices_webhook", "notices_delivery"),
    ),
    "of one person or one sender, not of a district": (
        *("people_session", "people_token", "people_credential", "people_identity", "people_ssomapping", "people_throttle"),
        *("notices_notice", "notices_preference", "notices_confirmation", "notices_message"),
        *("cases_operation", "evidence_upload", "views_view", "portal_ban", "portal_phone_code", "portal_use"),
    ),
    "few rows, and joined with no case": (
        *("cases_counter", "cases_order_import", "cases_order_mapping", "maps_pack", "places_plannedchange"),
        *("templates_template", "stats_check", "jobs_state", "django_migrations"),
    ),
    "procrastinate's own": (
        *("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers"),
    ),
}  # fmt: skip
"""Why → tables of the coordinator alone."""

ACROSS = {
    "cases_case_id": "ids are random: the client makes them once, and sends them again with the same place",
    "cases_case_number": "a number begins with its street's code, so it cannot come up in two districts",
    "cases_follower_code": "256 random bits",
    "evidence_item_once": "an upload is taken by one case: the upload's own row, with the coordinator, says by which",
}
"""Unique keys without the district, which no node could check alone: there they become plain indexes. Why nothing is lost by it."""

CUT = {
    "evidence_item_of_upload": "uploads lie with the coordinator: they are there before anybody knows the district",
}
"""Foreign keys from a node to the coordinator, which Citus does not have."""


@dataclass(frozen=True)
class Key:
    name: str
    table: str
    columns: tuple[str, ...]
    primary: bool
    constraint: bool


def unique_keys() -> list[Key]:
    """The unique keys of the distributed tables."""
    found = rows.all(
        """SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS "table", i.indisprimary AS primary,
                  EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u')) AS "constraint",
                  ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY n (number, at)
                        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.number ORDER BY n.at) AS columns
           FROM pg_index i WHERE i.indisunique AND i.indrelid::regclass::text = ANY(%(tables)s) ORDER BY 2, 1""",
        {"tables": list(DISTRIBUTED)},
        using="owner",
    )
    return [Key(r["name"], r["table"], tuple(r["columns"]), r["primary"], r["constraint"]) for r in found]


def faults() -> list[str]:
    """What in the schema stands against the layout, a sentence each; empty when all is well."""
    return [*_unplaced(), *_districts(), *_keys(), *_foreign_keys(), *_numbered()]


def _unplaced() -> Iterator[str]:
    placed = [*DISTRIBUTED, *REFERENCE, *(table for some in LOCAL.values() for table in some)]
    found = rows.all(
        """SELECT relname::text AS name FROM pg_class
           WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace""",
        using="owner",
    )
    there = {row["name"] for row in found}
    yield from (f"{table}: has no place in the layout" for table in sorted(there - set(placed)))
    yield from (f"{table}: has a place in the layout and is not there" for table in sorted(set(placed) - there))
    yield from (f"{table}: has two places" for table in sorted({t for t in placed if placed.count(t) > 1}))


def _districts() -> Iterator[str]:
    """Tables that lie together are spread by columns of one type, never empty."""
    found = rows.all(
        """SELECT attrelid::regclass::text AS name FROM pg_attribute
           WHERE attname = 'district' AND attnotnull AND format_type(atttypid, atttypmod) = 'character varying(6)'""",
        using="owner",
    )
    fit = {row["name"] for row in found}
    yield from (f"{table}: has no district, or one that may be empty" for table in DISTRIBUTED if table not in fit)


def _keys() -> Iterator[str]:
    known = unique_keys()
    for key in known:
        if key.primary and key.columns[:1] != ("district",):
            yield f"{key.table}: its primary key ({', '.join(key.columns)}) does not begin with the district"
        elif "district" not in key.columns and key.name not in ACROSS:
            yield f"{key.table}: the unique key {key.name} ({', '.join(key.columns)}) is without the district"
    yield from (f"{name}: excepted, and not there" for name in ACROSS.keys() - {key.name for key in known})


def _foreign_keys() -> Iterator[str]:
    found = rows.all(
        """SELECT conname::text AS name, conrelid::regclass::text AS "from", confrelid::regclass::text AS "to",
                  (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) = 'district'
                  AND (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]) = 'district' AS beside
           FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY 2, 1""",
        using="owner",
    )
    for key in found:
        to_distributed = key["to"] in DISTRIBUTED
        if key["from"] in DISTRIBUTED and not (
            (to_distributed and key["beside"]) or key["to"] in REFERENCE or key["name"] in CUT
        ):
            yield f"{key['from']}: the foreign key {key['name']} leads to {key['to']} on another node"
        if key["from"] not in DISTRIBUTED and to_distributed:
            yield f"{key['from']}: the foreign key {key['name']} leads to rows that lie on many nodes"
    yield from (f"{name}: excepted, and not there" for name in CUT.keys() - {key["name"] for key in found})


def _numbered() -> Iterator[str]:
    """A sequence is one place that all nodes would ask."""
    found = rows.all(
        """SELECT a.attrelid::regclass::text AS name, a.attname::text AS "column" FROM pg_attribute a
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attrelid::regclass::text = ANY(%(tables)s)
             AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%%nextval%%')""",
        {"tables": list(DISTRIBUTED)},
        using="owner",
    )
    yield from (f"{row['name']}: {row['column']} is numbered by a sequence" for row in found)


def statements() -> list[str]:
    """The SQL that makes the layout, for the owner on the coordinator. Writers have to be away: each call copies its table."""
    listed = [
        "SET citus.enable_unsafe_triggers = on",  # cases_marked writes beside its case, on the same node
        "SET citus.multi_shard_modify_mode = 'sequential'",  # foreign keys lead to tables that every node has
    ]
    listed += [f"ALTER TABLE evidence_item DROP CONSTRAINT {name}" for name in CUT]
    for key in unique_keys():
        if key.name in ACROSS:
            columns = ", ".join(f'"{c}"' for c in key.columns)
            drop = f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}" if key.constraint else f"DROP INDEX {key.name}"
            listed += [drop, f"CREATE INDEX {key.name} ON {key.table} ({columns})"]
    listed += [f"SELECT create_reference_table('{table}')" for table in REFERENCE]
    first, *rest = DISTRIBUTED
    listed.append(f"SELECT create_distributed_table('{first}', 'district')")
    listed += [f"SELECT create_distributed_table('{table}', 'district', colocate_with => '{first}')" for table in rest]
    return listed


def has_citus() -> bool:
    return rows.value("SELECT to_regproc('create_reference_table') IS NOT NULL", using="owner")


def apply() -> None:
    """Run ``statements``, all or nothing."""
    from django.db import transaction

    with transaction.atomic(using="owner"):
        for statement in statements():
            rows.run(statement, using="owner")
