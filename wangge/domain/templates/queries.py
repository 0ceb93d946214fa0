"""Templates as an administrator lists them, and as they are offered for an act on a case."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from wangge.domain.cases import queries as cases
from wangge.domain.cases.rules import Act
from wangge.domain.catalog import queries as catalog
from wangge.domain.templates import rules
from wangge.domain.templates.tags import TemplatePermission
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row


def templates(*, by: Principal, act: Act | None = None, category: UUID | None = None) -> list[Row]:
    """All of them, or those of an act or a category, by act, position and title."""
    by.require(TemplatePermission.READ)
    return rows.all(
        """SELECT * FROM templates_template WHERE (%(act)s::text IS NULL OR act = %(act)s)
             AND (%(category)s::uuid IS NULL OR category = %(category)s) ORDER BY act, position, title, id""",
        {"act": act and str(act), "category": category},
    )


def one(template: UUID) -> Row | None:
    return rows.one("SELECT * FROM templates_template WHERE id = %(id)s", {"id": template})


def offered(*, by: Principal, case: UUID, act: Act, outcome: str | None = None) -> list[dict[str, Any]]:
    """The templates for an act on this case, filled in, the nearest category first. Raises NotFound for a case one may not know."""
    by.require(TemplatePermission.READ)
    row = cases.visible(by=by, case=case)
    found = catalog.category(row["category"])
    path = dict(found.path) if found else {}
    listed = rows.all(
        """SELECT * FROM templates_template WHERE act = %(act)s AND (category IS NULL OR category = ANY(%(path)s))
             AND (outcome IS NULL OR %(outcome)s::text IS NULL OR outcome = %(outcome)s)""",
        {"act": str(act), "outcome": outcome, "path": [c for c in path if c]},
    )
    known = _words_of(row)
    return [
        {"id": t["id"], "title": t["title"], "outcome": t["outcome"], "text": rules.fill(str(t["text"]), known)}
        for t in rules.best_first(listed, path)
    ]


def _words_of(row: Row) -> dict[str, str | None]:
    zone = ZoneInfo(settings.CONFIG.zone)
    category, lead, holder = catalog.category(row["category"]), row["lead"], row["holder"]
    units = {u: catalog.unit(u) for u in (lead, holder) if u}
    return {
        "number": row["number"],
        "title": row["title"],
        "address": row["address"],
        "category": category and category.name,
        "unit": units[lead].name if lead and units[lead] else None,
        "holder": units[holder].name if holder and units[holder] else None,
        "reported": f"{row['reported_at'].astimezone(zone):%Y-%m-%d}",
        "due": row["due_at"] and f"{row['due_at'].astimezone(zone):%Y-%m-%d %H:%M}",
        "today": f"{clock.today(zone):%Y-%m-%d}",
    }
