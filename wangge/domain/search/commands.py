"""The search index on the command line: ``wangge search rebuild``."""

from __future__ import annotations

import argparse

from wangge.kernel.commands import OK, Command, Progress, tell
from wangge.kernel.words import Words


def _rebuild(args: argparse.Namespace) -> int:
    from wangge.domain.search import actions
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM), Progress(Words("重建检索索引", "Rebuilding the search index")) as progress:
        count = actions.rebuild(progress.step)
    tell(f"已索引 {count} 件案件。", f"{count} cases indexed.")
    return OK


COMMANDS = [Command(("search", "rebuild"), Words("重建案件检索索引", "Rebuild the search index of cases"), _rebuild)]
