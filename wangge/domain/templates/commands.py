"""Templates on the command line: ``wangge import templates``."""

from __future__ import annotations

import argparse

from wangge.kernel.commands import OK, Command, tell
from wangge.kernel.words import Words


def _import(args: argparse.Namespace) -> int:
    from wangge.domain.templates.actions import load_defaults
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        made = load_defaults(by=SYSTEM)
    tell(f"已载入答复模板 {made} 个。", f"Loaded {made} answer templates.")
    return OK


COMMANDS = [
    Command(("import", "templates"), Words("载入随附的答复模板", "Load the shipped answer templates"), _import),
]
