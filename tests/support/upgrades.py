"""What a migration of a running installation may do: rules over its SQL. ``docs/operations-upgrade.md`` gives the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sqlparse

OLD_CODE = "the release before still uses it: stop using it in one release, take it away in the next"
SCANS = "reads the whole table while nobody may write"
NEW_CONDITION = "a condition that rows of the release before may not meet"
BY_A_JOB = "changes rows of a table under one lock: let a job do it in batches"

RULES: tuple[tuple[str, str], ...] = (
    (r"^(DROP TABLE|TRUNCATE)\b", OLD_CODE),
    (r"^ALTER TABLE .* (DROP COLUMN|RENAME)\b", OLD_CODE),
    (r"^ALTER (TABLE|INDEX|VIEW|TYPE|FUNCTION) .* RENAME\b", OLD_CODE),
    (r"^ALTER TABLE .* ALTER COLUMN \S+ (SET DATA )?TYPE\b", "rewrites the table, or refuses what the release before writes"),
    (r"^ALTER TABLE .* SET NOT NULL", f"{SCANS}; {NEW_CONDITION}"),
    (r"^ALTER TABLE .* ADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL", "the release before does not write it: give it a db_default"),
    (
        r"^ALTER TABLE .* ADD COLUMN .*\bDEFAULT \(?(gen_random_uuid|uuidv7|random|clock_timestamp|nextval)\b",
        "rewrites the table: each row gets a value of its own",
    ),
    (r"^ALTER TABLE .* ADD COLUMN .*\bREFERENCES\b", f"{SCANS}: add the key NOT VALID"),
    (r"^ALTER TABLE .* DROP DEFAULT", "the release before does not write the column and leans on its default"),
    (r"^ALTER TABLE .* ADD (CONSTRAINT \S+ )?(CHECK|FOREIGN KEY)(?!.*NOT VALID)", f"{SCANS}: add it NOT VALID; {NEW_CONDITION}"),
    (r"^ALTER TABLE .* ADD (CONSTRAINT \S+ )?(CHECK|FOREIGN KEY).*NOT VALID", NEW_CONDITION),
    (r"^ALTER TABLE .* ADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)(?!.* USING INDEX)", f"{SCANS}; {NEW_CONDITION}"),
    (r"^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", "nobody may write while it is made: CONCURRENTLY"),
    (r"^CREATE UNIQUE INDEX", NEW_CONDITION),
    (r"^ALTER TABLE .* (ENABLE|FORCE) ROW LEVEL SECURITY|^CREATE POLICY|^DROP POLICY|^ALTER POLICY", "changes what the release before sees"),
    (r"^(UPDATE|DELETE|MERGE|INSERT)\b", BY_A_JOB),
    (r"^(LOCK|CLUSTER|VACUUM FULL|REINDEX (?!.*CONCURRENTLY))\b", SCANS),
    (r"^CREATE OR REPLACE FUNCTION", "changes what the release before calls"),
    (r"^CREATE (OR REPLACE )?TRIGGER", "runs in the writes of the release before, too"),
)  # fmt: skip


def faults(statements: Sequence[str], *, atomic: bool = True) -> list[str]:
    """What is wrong with a migration's SQL, as ``statement: reason``; tables that it makes itself nobody uses yet."""
    found = [one for text in statements for one in _plain(text)]
    made = {m[1] for s in found if (m := re.match(r"CREATE TABLE (?:IF NOT EXISTS )?(\S+)", s))}
    wrong = [
        f"{statement[:120]}: {reason}"
        for statement in found
        if _table_of(statement) not in made
        for pattern, reason in RULES
        if re.search(pattern, statement, re.IGNORECASE)
    ]
    text = "\n".join(found)
    if atomic and "NOT VALID" in text and "VALIDATE CONSTRAINT" in text:
        wrong.append(
            "VALIDATE CONSTRAINT: in the transaction that added it the lock is still held: a migration of its own"
        )
    if not atomic and len(found) > 1:
        wrong.append(
            "more than one statement without a transaction: what was done before a failure cannot be done again"
        )
    if any("CANNOT BE WRITTEN AS SQL" in s.upper() for s in statements):
        wrong.append(f"Python: {BY_A_JOB}")
    return wrong


def _plain(text: str) -> Iterator[str]:
    """The statements of a text without comments, quotes of names and line breaks."""
    for statement in sqlparse.split(text):
        bare = " ".join(sqlparse.format(statement, strip_comments=True).replace('"', "").split()).rstrip("; ")
        if bare and not bare.upper().startswith(("BEGIN", "COMMIT", "SET CONSTRAINTS")):
            yield bare


def _table_of(statement: str) -> str | None:
    """The table that a statement alters, indexes, guards or writes."""
    found = re.match(
        r"(?:ALTER TABLE (?:IF EXISTS )?(?:ONLY )?|CREATE (?:UNIQUE )?INDEX .*? ON |CREATE POLICY \S+ ON |INSERT INTO |UPDATE "
        r"|CREATE (?:OR REPLACE )?TRIGGER .*? ON )(\w+)",
        statement,
        re.IGNORECASE,
    )
    return found and found[1]
