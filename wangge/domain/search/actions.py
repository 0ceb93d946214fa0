"""Writing the index: from the cases' present rows, in batches. Called as SYSTEM."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.search.rules import channels, states
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.search import grams

AT_ONCE = 1000
_SOURCE = """
    SELECT c.district, c.id, c.version, c.reported_at, c.number, c.status, c.channel, c.street, c.community, c.grid, c.title, c.text, c.address, c.result,
           c.lead, c.holder, c.assisting, c.asked, c.reporter,
           (SELECT s.name FROM places_area s WHERE s.code = c.street) AS street_name,
           (SELECT s.name FROM places_area s WHERE s.code = c.community) AS community_name,
           (SELECT g.name FROM places_grid g WHERE g.code = c.grid) AS grid_name
    FROM cases_case c"""
TEXTS = ("title", "text", "address", "result", "street_name", "community_name", "grid_name")
"""What is searched. The reporter's name and phone are not among it, and must never be."""


def index(cases: Iterable[UUID]) -> int:
    """Make the documents of these cases anew; how many there were. One statement to read and one to write."""
    found = rows.all(
        f"{_SOURCE} WHERE c.id = ANY(%(ids)s) ORDER BY c.district, c.id", {"ids": list(cases)}, prepared=True
    )
    _write(found)
    return len(found)


def rebuild(step: Callable[[int], Any] = lambda _: None) -> int:
    """Make every document anew, without stopping anybody; how many. Documents of cases that are gone go too."""
    done, after = 0, None
    while True:
        with transaction.atomic():
            found = rows.all(
                f"""{_SOURCE} WHERE %(district)s::text IS NULL OR (c.district, c.id) > (%(district)s, %(id)s::uuid)
                    ORDER BY c.district, c.id LIMIT {AT_ONCE}""",
                {"district": after and after["district"], "id": after and after["id"]},
            )
            _write(found)
        if not found:
            break
        after = found[-1]
        done += len(found)
        step(len(found))
    rows.run(
        """DELETE FROM search_document d WHERE NOT EXISTS (
               SELECT 1 FROM cases_case c WHERE c.district = d.district AND c.id = d."case")"""
    )
    return done


def mend() -> int:
    """Index what was missed or is older than its case; how many cases that were. More than a few mean a defect."""
    mended = 0
    while True:
        with transaction.atomic():
            behind = rows.all(
                f"""SELECT c.id FROM cases_case c LEFT JOIN search_document d ON d.district = c.district AND d."case" = c.id
                    WHERE d.version IS DISTINCT FROM c.version LIMIT {AT_ONCE}"""
            )
            if not behind:
                return mended
            mended += index({row["id"] for row in behind})


def marks(row: Row) -> set[str]:
    """Lexemes to narrow by: place, units, reporter, where it stands, channel, number (whole, and from its date on). No word of a text
    holds a colon."""
    units = {row["lead"], row["holder"], *row["assisting"], *row["asked"]} - {None}
    levels = {f"{name[0]}:{row[name]}" for name in ("district", "street", "community", "grid") if row[name]}
    own = {f"p:{row['reporter']}"} if row["reporter"] else set()
    of_case = states([row["status"]]) | channels([row["channel"]])
    return levels | own | of_case | {f"u:{unit}" for unit in units} | {f"n:{row['number']}", f"t:{row['number'][9:]}"}


def _write(found: list[Row]) -> None:
    """Of two that index one case at once the newer version stays, whoever comes last; the case itself is not locked for it."""
    if not found:
        return
    vectors = [" ".join(f"'{lexeme}'" for lexeme in sorted(grams(row[t] for t in TEXTS) | marks(row))) for row in found]
    rows.run(
        """INSERT INTO search_document (district, "case", version, reported_at, grams)
           SELECT district, id, version, reported_at, grams::tsvector
           FROM unnest(%(districts)s::text[], %(ids)s::uuid[], %(versions)s::int[], %(times)s::timestamptz[], %(vectors)s::text[])
                AS x (district, id, version, reported_at, grams)
           ON CONFLICT (district, "case") DO UPDATE SET version = excluded.version, reported_at = excluded.reported_at,
               grams = excluded.grams
           WHERE search_document.version <= excluded.version""",
        {
            "districts": [row["district"] for row in found],
            "ids": [row["id"] for row in found],
            "versions": [row["version"] for row in found],
            "times": [row["reported_at"] for row in found],
            "vectors": vectors,
        },
        prepared=True,
    )
