"""The figures on the command line: ``wangge stats rebuild`` and ``wangge stats check``."""

from __future__ import annotations

import argparse

from wangge.kernel.commands import OK, Command, Progress, tell
from wangge.kernel.words import Words

FOUND = 1


def _rebuild(args: argparse.Namespace) -> int:
    from wangge.domain.stats import actions
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM), Progress(Words("重建统计", "Counting everything anew")) as progress:
        count = actions.rebuild(progress.step)
    tell(f"已重建，共 {count} 条。", f"Counted anew: {count} entries.")
    return OK


def _check(args: argparse.Namespace) -> int:
    from wangge.domain.stats import actions
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        cases, places = actions.check()
    if cases or places:
        tell(
            f"统计有误，已更正：{cases} 件案件，{places} 个街道或区。",
            f"The figures were wrong and have been put right: {cases} cases, {places} streets or districts.",
        )
        return FOUND
    tell("统计无误。", "The figures are right.")
    return OK


COMMANDS = [
    Command(("stats", "rebuild"), Words("按案件重建全部统计", "Make all figures anew from the cases"), _rebuild),
    Command(
        ("stats", "check"),
        Words("按案件复核统计，有误则更正", "Recount the figures and put right what is wrong"),
        _check,
    ),
]
