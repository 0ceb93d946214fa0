"""Whether the figures were right at the last recount."""

from __future__ import annotations

from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.health import Finding, check, ok, warn

OLD_DAYS = 2


@check("stats")
def stats() -> Finding:
    last = rows.one("SELECT * FROM stats_check ORDER BY at DESC LIMIT 1")
    if last is None:
        return ok("统计尚未复核（每夜一次）。", "The figures have not been recounted yet (it is done every night).")
    if last["entries_wrong"] or last["cells_wrong"]:
        return warn(
            f"最近一次复核发现统计有误：{last['entries_wrong']} 件案件、{last['cells_wrong']} 个街道或区，已更正。请报告此问题。",
            f"At the last recount the figures were wrong for {last['entries_wrong']} cases and {last['cells_wrong']} streets or districts. They have been put right; please report it.",
        )
    days = (clock.now() - last["at"]).days
    if days >= OLD_DAYS:
        return warn(
            f"统计已 {days} 天未复核。请确认后台进程在运行，或运行 wangge stats check。",
            f"The figures were last recounted {days} days ago. See that a worker runs, or run wangge stats check.",
        )
    return ok(f"统计复核无误（{last['cases']} 件）。", f"The figures are right ({last['cases']} cases recounted).")
