"""The figures counted the slow way: every row of every case read, every rule written down once more in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from wangge.domain.stats.rules import MEASURES
from wangge.kernel.access import SYSTEM, Scope, acting
from wangge.kernel.db import rows

ZONE = ZoneInfo("Asia/Shanghai")
CLOSED = ("closed", "archived")
DROPPED = ("rejected", "merged", "withdrawn", "void")


def day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def minutes(first: datetime, last: datetime) -> int:
    return max(0, int((last - first).total_seconds() // 60))


def facts() -> list[dict[str, Any]]:
    """What each case counts: rows of day, measure, amount and the case's dimensions; durations as measures of their own."""
    with acting(SYSTEM):
        areas = {u["id"]: u["area"] for u in rows.all("SELECT id, area FROM people_unit")}
        cases = rows.all("SELECT * FROM cases_case")
        below = {
            table: rows.all(f'SELECT * FROM cases_{table} ORDER BY "case"') for table in ("step", "clock", "assignment")
        }
    found = []
    for c in cases:
        steps, clocks, shares = ([r for r in below[t] if r["case"] == c["id"]] for t in ("step", "clock", "assignment"))
        leads = sorted((s for s in shares if s["kind"] == "lead"), key=lambda s: (s["assigned_at"], s["id"]))
        area = areas.get(c["lead"]) or areas.get(c["holder"]) or "123456789"
        level = {15: "grid", 12: "community", 9: "street", 6: "district"}.get(len(area), "city")
        person = (leads[-1]["resolved_by"] or leads[-1]["taken_by"]) if leads else None
        if c["self_resolved"]:
            level, person = "grid", person or c["reporter"]
        of = {k: c[k] for k in ("district", "street", "community", "grid", "status", "channel", "lead")}
        of |= {"category": c["final_category"] or c["category"], "level": level, "unit": c["lead"], "person": person}
        closed, dropped = c["status"] in CLOSED, c["status"] in DROPPED

        def add(at: datetime, of: dict[str, Any] = of, **amounts: Any) -> None:
            found.extend({"day": day(at), "measure": m, "amount": n, **of} for m, n in amounts.items() if n is not None)

        add(
            c["reported_at"], reported=1, dropped=dropped, open=c["closed_at"] is None, solved=closed,
            late=c["overdue_at"] is not None, self_resolved=c["self_resolved"], returned=c["returns"] > 0,
            returns=c["returns"], rework=c["rework"], reopened=c["reopened"], extensions=c["extensions"],
        )  # fmt: skip
        answers = [s["at"] for s in steps if s["act"] in ("accept", "reject", "self_resolve")]
        if answers:
            add(min(answers), responded=1, response=minutes(c["reported_at"], min(answers)))
        if c["closed_at"]:
            reached = closed and c["follow_up"] in ("satisfied", "dissatisfied")
            solved = closed and c["follow_up"] == "satisfied"
            results = [s["resolved_at"] for s in leads if s["resolved_at"]]
            add(
                c["closed_at"], ended=1, closed=closed, in_time=closed and c["overdue_at"] is None,
                wanted=closed and c["follow_up"] not in (None, "not_wanted"), reached=reached, accepted_result=solved,
                pleased=solved and c["rating"] in (None, 4, 5), rated=reached and c["rating"] is not None,
                rating=c["rating"] if reached else 0, **{f"closed_{level}": closed},
                total=minutes(c["reported_at"], c["closed_at"]) if closed else None,
                handling=minutes(min(s["assigned_at"] for s in leads), max(results)) if closed and results else None,
            )  # fmt: skip
        handle = sorted((k for k in clocks if k["stage"] == "handle"), key=lambda k: (k["started_at"], k["id"]))
        for k in clocks:
            overdue = k["outcome"] == "running" and k["paused_at"] is None and k["rung"] >= 2
            if k["outcome"] in ("met", "missed") or overdue:
                add(k["due_at"], **{f"{'met' if k['outcome'] == 'met' else 'missed'}_{k['stage']}": 1})
                if handle and k is handle[-1]:
                    in_time = closed and c["overdue_at"] is None
                    add(k["due_at"], should_close=not dropped, should_closed=closed, should_in_time=in_time)
    return found


def covered(scope: Scope, fact: dict[str, Any]) -> bool:
    levels = {k: fact[k] for k in ("district", "street", "community", "grid")}
    return scope.covers(**levels, units=[fact["lead"]] if fact["lead"] else [])


def sums(
    found: list[dict[str, Any]], first: date, last: date, keep: Callable[[dict[str, Any]], bool] = lambda _: True
) -> dict[str, int]:
    total = dict.fromkeys(MEASURES, 0)
    for fact in found:
        if first <= fact["day"] <= last and fact["measure"] in total and keep(fact):
            total[fact["measure"]] += int(fact["amount"])
    return total


def percentiles(
    found: list[dict[str, Any]], name: str, first: date, last: date, keep: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    values = sorted(f["amount"] for f in found if f["measure"] == name and first <= f["day"] <= last and keep(f))
    if not values:
        return {"count": 0, "median": None, "p90": None}
    return {
        "count": len(values),
        "median": values[ceil(len(values) / 2) - 1],
        "p90": values[ceil(len(values) * 9 / 10) - 1],
    }
