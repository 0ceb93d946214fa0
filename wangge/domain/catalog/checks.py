"""Whether the rules still work, for the health page."""

from __future__ import annotations

from datetime import timedelta

from wangge.domain.catalog import queries
from wangge.domain.catalog.store import snapshot
from wangge.kernel import clock
from wangge.kernel.health import Finding, check, warn

AHEAD = timedelta(days=45)
"""How far ahead the calendar should be known: the State Council's notice for a year comes in the autumn before it."""


@check("routes")
def routes() -> list[Finding]:
    """Rules that broke after they were saved are passed over; here somebody hears of it."""
    return [
        warn(
            f"派遣规则“{b.name}”已失效：{b.words.zh}。请修改或停用。",
            f"The route “{b.name}” no longer works: {b.words.en}. Change or end it.",
        )
        for b in queries.broken_routes()
    ]


@check("calendar")
def calendar() -> list[Finding]:
    """Without its holidays a year is counted by weekdays alone."""
    now = snapshot()
    missing = sorted({clock.today(now.calendar.zone).year, (clock.now() + AHEAD).year} - now.calendar_years)
    return [
        warn(
            f"工作日历没有 {year} 年的节假日与调休，时限按周一至周五计算。请导入或录入。",
            f"The work calendar has no holidays of {year}; limits are counted by weekdays alone. Import or enter them.",
        )
        for year in missing
    ]


@check("limits")
def limits() -> list[Finding]:
    """Without a general limit, an act may be refused."""
    found = {(x["urgency"], x["stage"]) for x in queries.limits_of(None)}
    missing = [s for s in queries.rules.STAGES if any((u, s) not in found for u in queries.rules.URGENCIES)]
    if not missing:
        return []
    zh = "、".join(queries.rules.STAGES[s].zh for s in missing)
    return [
        warn(
            f"没有为所有紧急程度设置默认时限：{zh}。请载入默认类别或设置。",
            f"General limits are missing for: {', '.join(missing)}. Load the default catalogue or set them.",
        )
    ]
