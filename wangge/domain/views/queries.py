"""Reading views: one's own, and those published where one works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from wangge.domain.cases.schemas import QueueFilter
from wangge.domain.catalog import queries as catalog
from wangge.domain.views.tags import ViewPermission
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.web.validation import faults
from wangge.kernel.words import Words

UNITS = ("lead", "holder", "unit", "helper")
"""The filters that name a unit."""


def views(*, by: Principal) -> list[Row]:
    """The person's own views, then those published to a unit or an area of their posts; each with ``own`` and ``problems``. Two statements."""
    by.require(ViewPermission.KEEP)
    found = rows.all(
        """SELECT id, owner, name, query, columns, position, preferred, unit, area, version, changed_at, owner = %(me)s AS own
           FROM views_view WHERE owner = %(me)s OR unit = ANY(%(units)s) OR area = ANY(%(areas)s)
           ORDER BY owner <> %(me)s, position, name, id""",
        {"me": by.id, "units": sorted(by.visible.units), "areas": sorted(above(by))},
    )
    for row in found:
        row["query"] = orjson.loads(row["query"])
    known = active_units(row["query"] for row in found)
    for row in found:
        row["problems"] = problems(row["query"], known)
    return found


def above(by: Principal) -> set[str]:
    """The areas that the person's posts lie in, or are."""
    scope = by.visible
    codes = scope.districts | scope.streets | scope.communities | scope.grids
    return {code[:length] for code in codes for length in (4, 6, 9, 12) if len(code) >= length}


def active_units(queries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Which of the units that these filters name are there. One statement."""
    named = sorted({query[name] for query in queries for name in UNITS if query.get(name)})
    found = rows.all("SELECT id FROM people_unit WHERE active AND id = ANY(%(ids)s::uuid[])", {"ids": named})
    return frozenset(str(row["id"]) for row in found)


def problems(query: Mapping[str, Any], units: frozenset[str]) -> list[FieldError]:
    """What keeps a filter from being used as it was meant, by the same schema as the queue's own; ``units`` are those that are there."""
    try:
        read = QueueFilter.model_validate(dict(query))
        read.filter()
    except ValidationError as error:
        return faults(error, "query")
    except Invalid as error:
        return error.errors
    found = []
    if read.category and catalog.category(read.category) is None:
        found.append(FieldError("query.category", "gone", GONE_CATEGORY))
    found += [
        FieldError(f"query.{name}", "gone", GONE_UNIT)
        for name in UNITS
        if (unit := getattr(read, name)) and str(unit) not in units
    ]
    return found


GONE_CATEGORY = Words(
    "这个类别不存在或已停用，请另选类别。", "There is no such category any more, or there never was; choose another."
)
GONE_UNIT = Words(
    "这个单位不存在或已停用，请另选单位。", "There is no such unit any more, or there never was; choose another."
)


def checked(query: QueueFilter) -> dict[str, Any]:
    """The filter as it is stored: what was said, and nothing else. Raises Invalid for one that could not be used."""
    stored = query.model_dump(mode="json", exclude_defaults=True)
    if found := problems(stored, active_units([stored])):
        raise Invalid.fields(*(FieldError("body." + e.path, e.code, e.message) for e in found))
    return stored


def one(*, by: Principal, view: UUID) -> Row | None:
    return next((row for row in views(by=by) if row["id"] == view), None)
