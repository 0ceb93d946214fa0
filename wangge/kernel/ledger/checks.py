"""Whether the ledger is sealed and its locks are shut, for the health page."""

from __future__ import annotations

from wangge.kernel.db import rows
from wangge.kernel.health import Finding, bad, check, warn
from wangge.kernel.ledger import guards, seal

SLOW, STUCK = 60.0, 600.0
"""Seconds that a committed entry may wait for its seal."""


@check("ledger")
def ledger() -> list[Finding]:
    """A seal that does not come, or a database that lets somebody change the ledger."""
    found = [bad(words.zh, words.en) for words in guards.problems()]
    checked = rows.one("SELECT at, ok FROM ledger_check ORDER BY at DESC, id DESC LIMIT 1")
    if checked and not checked["ok"]:
        at = f"{checked['at']:%Y-%m-%d %H:%M} UTC"
        found.append(
            bad(
                f"{at} 核验留痕时发现问题；请审计管理员查看，或运行 wangge ledger verify。",
                f"The verification of {at} found faults; ask the auditor, or run `wangge ledger verify`.",
            )
        )
    waiting = seal.waiting()
    seconds = float(waiting["seconds"] or 0)
    if seconds > SLOW:
        say = bad if seconds > STUCK else warn
        found.append(
            say(
                f"有 {waiting['entries']} 条留痕等待封存，最早的已等 {seconds:.0f} 秒；请检查后台进程。",
                f"{waiting['entries']} entries wait for their seal, the oldest for {seconds:.0f} s; look at the worker.",
            )
        )
    return found
