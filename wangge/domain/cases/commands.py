"""Cases on the command line: ``wangge import orders``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wangge.kernel.commands import FOUND, OK, USAGE, Command, CommandError, Progress, say, tell
from wangge.kernel.words import Words

if TYPE_CHECKING:
    from wangge.domain.cases.orders import Outcome


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=say("工作簿（.xlsx）", "the workbook (.xlsx)"))
    parser.add_argument(
        "--area", required=True, metavar="CODE", help=say("街道代码（9 位）", "code of the street, 9 digits")
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar=say("字段=列名", "FIELD=TITLE"),
        help=say("指明哪一列是哪个字段，可重复", "which column holds which field; may be repeated"),
    )
    parser.add_argument("--source", default="12345", help=say("来源系统名", "name of the system they come from"))
    parser.add_argument(
        "--apply", action="store_true", help=say("正式导入（默认只检查）", "import (default: only check)")
    )
    parser.add_argument(
        "--accept-good-rows",
        action="store_true",
        help=say("有错误行时仍导入其余各行", "import the good rows although others are bad"),
    )


def _orders(args: argparse.Namespace) -> int:
    from wangge.domain.cases import orders

    mapping = {}
    for pair in args.map:
        name, equals, title = pair.partition("=")
        if not equals:
            raise CommandError(
                Words(f"--map 应写作 字段=列名，而不是 {pair}。", f"--map is FIELD=TITLE, not {pair}."), USAGE
            )
        mapping[name.strip()] = title.strip()
    if not args.file.exists():
        raise CommandError(Words(f"没有文件 {args.file}。", f"There is no file {args.file}."), USAGE)
    with Progress(Words("导入工单", "Importing orders")) as progress:
        outcome = orders.run(
            args.file,
            mapping=mapping,
            street=args.area,
            source=args.source,
            accept_good=args.accept_good_rows,
            apply=args.apply,
            step=progress.step,
        )
    for error in outcome.errors:
        tell(
            f"第 {error.row} 行「{error.column}」：{error.message.zh}",
            f"row {error.row}, {error.column}: {error.message.en}",
        )
    _say_outcome(outcome, args.apply)
    if args.apply and outcome.errors and not outcome.made:
        tell(
            "没有导入任何行；改正后重试，或加 --accept-good-rows 只导入无误的行。",
            "Nothing was imported; correct the rows, or add --accept-good-rows to import the others.",
        )
    return FOUND if outcome.errors else OK


def _say_outcome(outcome: Outcome, applied: bool) -> None:
    columns = "，".join(f"{name}={title}" for name, title in outcome.columns.items())
    tell(f"列对应：{columns}", f"columns: {columns}")
    good, bad, blank = len(outcome.orders), len({e.row for e in outcome.errors}), outcome.blank
    tell(f"可用 {good} 行，有误 {bad} 行，空白 {blank} 行。", f"{good} good rows, {bad} bad, {blank} blank.")
    if not applied:
        tell("仅检查，未写入；加 --apply 正式导入。", "Checked only, nothing written; add --apply to import.")
        return
    tell(
        f"新建 {outcome.made} 件（其中办结 {outcome.closed} 件），已在系统中 {outcome.known} 件。",
        f"{outcome.made} cases made ({outcome.closed} of them closed), {outcome.known} were here already.",
    )
    for title, counted in (
        (Words("类别", "category"), outcome.by_category),
        (Words("主办单位", "lead unit"), outcome.by_unit),
    ):
        if counted:
            tell(f"{say(title)}: " + "；".join(f"{name} {count}" for name, count in counted.most_common(12)))


COMMANDS = [
    Command(
        ("import", "orders"), Words("导入 12345 工单（XLSX）", "Import 12345 work orders (XLSX)"), _orders, _arguments
    )
]
