"""What becomes of open cases when grids are split, merged or redrawn: they change hands with their place, each with a step that says so.

The case keeps the version of the grid it happened in; only its level column ``grid`` follows, which decides whose work it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from wangge.domain.cases.actions.move import Effects, add_step, changed_meanwhile
from wangge.domain.cases.rules import OPEN, Act
from wangge.domain.places.rules import Affected, GridChange
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.db.statement import Statement
from wangge.kernel.words import Words

SAMPLE = 10


class OpenCases:
    """The consequence that ``places`` asks: a preview without writing, then the change itself, in its transaction."""

    def preview(self, change: GridChange) -> list[Affected]:
        """How many open cases would change hands, with a few of them and where they would go."""
        moving = [(case, home) for case, home in _homes(change) if home != case["grid"]]
        if not moving:
            return []
        return [
            Affected(
                key="cases.open",
                words=Words("未结案件转入新网格", "Open cases that go to another grid"),
                count=len(moving),
                sample=[{"number": case["number"], "from": case["grid"], "to": home} for case, home in moving[:SAMPLE]],
                flows=[
                    {"old": old, "new": new, "count": count}
                    for (old, new), count in sorted(
                        Counter((case["grid"], home or "") for case, home in moving).items()
                    )
                ],
            )
        ]

    def apply(self, by: Principal, change: GridChange, answers: Mapping[str, str]) -> None:
        """Give each open case the grid that now holds its place."""
        at = clock.now()
        with acting(SYSTEM):
            for case, home in _homes(change):
                if home != case["grid"]:
                    _give(by, case, home, at)


def _homes(change: GridChange) -> list[tuple[rows.Row, str | None]]:
    """Open cases of the old grids with the code that will hold each; None when no grid of the community does."""
    if change.layer != "base":
        return []
    with acting(SYSTEM):
        found = rows.all(
            """SELECT id, district, number, status, version, grid, lon, lat FROM cases_case
               WHERE district = ANY(%(districts)s) AND grid = ANY(%(old)s) AND status = ANY(%(open)s) ORDER BY number""",
            {"districts": sorted({c[:6] for c in change.old}), "old": list(change.old), "open": sorted(OPEN)},
        )
    return [(case, change.home(case["lon"], case["lat"]) if case["lon"] is not None else None) for case in found]


def _give(by: Principal, case: rows.Row, home: str | None, at: Any) -> None:
    s = Statement()
    s.cte(
        "moved",
        """UPDATE cases_case SET grid = %(home)s, community = coalesce(left(%(home)s, 12), community), version = version + 1,
                  changed_at = greatest(changed_at, %(at)s)
           WHERE district = %(district)s AND id = %(id)s AND version = %(version)s RETURNING *""",
        home=home,
        at=at,
        district=case["district"],
        id=case["id"],
        version=case["version"],
    )
    effects = Effects(data={"grid": home, "was": case["grid"]})
    add_step(
        s,
        source="moved",
        by=by,
        move_act=Act.REGRID,
        outcome=None,
        before=case["status"],
        effects=effects,
        at=at,
        left={"grid": case["grid"]},
    )
    if s.fetch("SELECT id FROM moved") is None:
        raise changed_meanwhile(rows.one("SELECT * FROM cases_case WHERE id = %(id)s", {"id": case["id"]}) or case)
