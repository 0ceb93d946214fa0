"""Whether what was planned came about."""

from __future__ import annotations

from wangge.kernel.db import rows
from wangge.kernel.health import Finding, check, warn


@check("planned_changes")
def planned_changes() -> list[Finding]:
    failed = rows.value("SELECT count(*) FROM places_plannedchange WHERE state = 'failed'")
    if not failed:
        return []
    return [
        warn(
            f"{failed} 项预定的网格调整未能生效，原因见“网格”页；处理后请将其取消。",
            f"Planned changes of grids that could not take effect: {failed}. The screen of grids says why; cancel them there when that is settled.",
        )
    ]
