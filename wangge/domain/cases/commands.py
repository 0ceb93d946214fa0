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
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        metavar=say("字段:词=本系统的值", "FIELD:WORD=OURS"),
        help=say(
            "表中的词是什么意思，可重复；字段为 channel、urgency、confidential、answer、category（级别以 / 相连，值为类别代码）、unit",
            "what a word of the sheet means; may be repeated. Fields: channel, urgency, confidential, answer, category (levels joined "
            "by /, ours is a category's code), unit",
        ),
    )
    parser.add_argument(
        "--mapping", metavar=say("方案", "NAME"), help=say("用已保存的列对应方案", "use a mapping that was saved")
    )
    parser.add_argument(
        "--save-mapping",
        metavar=say("方案", "NAME"),
        help=say("把本次的列与词的对应存为方案", "save this import's columns and words as a mapping"),
    )
    parser.add_argument("--source", default="12345", help=say("来源系统名", "name of the system they come from"))
    parser.add_argument(
        "--apply", action="store_true", help=say("正式导入（默认只检查）", "import (default: only check)")
    )
    parser.add_argument(
        "--processes",
        type=int,
        choices=range(1, 17),
        metavar="N",
        help=say(
            "同时工作的进程数（默认：表长时按处理器数，最多 4）",
            "how many work at it (default: by the processors for a long sheet, at most 4)",
        ),
    )
    parser.add_argument(
        "--accept-good-rows",
        action="store_true",
        help=say("有错误行时仍导入其余各行", "import the good rows although others are bad"),
    )


def _orders(args: argparse.Namespace) -> int:
    from wangge.domain.cases import orders
    from wangge.domain.cases.orders import mappings
    from wangge.kernel.access import acting

    if not args.file.exists():
        raise CommandError(Words(f"没有文件 {args.file}。", f"There is no file {args.file}."), USAGE)
    saved = mappings.load(args.mapping) if args.mapping else mappings.Saved({}, {})
    mapping, translation = dict(saved.columns), {field: dict(words) for field, words in saved.translation.items()}
    for pair in args.map:
        name, title = _pair(pair, Words("--map 应写作 字段=列名", "--map is FIELD=TITLE"))
        mapping[name] = title
    for pair in args.value:
        wrong = Words("--value 应写作 字段:词=本系统的值", "--value is FIELD:WORD=OURS")
        theirs, ours = _pair(pair, wrong)
        field, word = _pair(theirs, wrong, ":")
        translation.setdefault(field, {})[word] = ours
    with Progress(Words("导入工单", "Importing orders")) as progress:
        outcome = orders.run(
            args.file,
            mapping=mapping,
            street=args.area,
            source=args.source,
            accept_good=args.accept_good_rows,
            apply=args.apply,
            translation=translation,
            processes=args.processes,
            step=progress.step,
        )
    if args.save_mapping:
        with acting(orders.IMPORTER):
            mappings.save(by=orders.IMPORTER, name=args.save_mapping, columns=outcome.columns, translation=translation)
        tell(f"列对应方案“{args.save_mapping}”已保存。", f"Mapping “{args.save_mapping}” saved.")
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


def _pair(text: str, wrong: Words, sign: str = "=") -> tuple[str, str]:
    left, found, right = text.partition(sign)
    if not (found and left.strip() and right.strip()):
        raise CommandError(Words(f"{wrong.zh}，而不是 {text}。", f"{wrong.en}, not {text}."), USAGE)
    return left.strip(), right.strip()


def _say_outcome(outcome: Outcome, applied: bool) -> None:
    columns = "，".join(f"{name}={title}" for name, title in outcome.columns.items())
    tell(f"列对应：{columns}", f"columns: {columns}")
    good, bad, blank = outcome.good, len({e.row for e in outcome.errors}), outcome.blank
    tell(f"可用 {good} 行，有误 {bad} 行，空白 {blank} 行。", f"{good} good rows, {bad} bad, {blank} blank.")
    if outcome.unknown:
        listed = "；".join(f"{field}:{word} {count}" for (field, word), count in outcome.unknown.most_common(12))
        tell(
            f"不认识的词（可用 --value 字段:词=本系统的值 指明）：{listed}",
            f"words that mean nothing here (say --value FIELD:WORD=OURS): {listed}",
        )
    if outcome.unmapped:
        listed = "；".join(f"{path} {count}" for path, count in outcome.unmapped.most_common(12))
        tell(
            f"未对应的类别（已按内容归类，可用 --value category:路径=类别代码 指明）：{listed}",
            f"categories that are not ours (the text spoke instead; say --value category:PATH=CODE): {listed}",
        )
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
            tell(f"{say(title)}: " + "；".join(f"{say(name)} {count}" for name, count in counted.most_common(12)))


COMMANDS = [
    Command(
        ("import", "orders"), Words("导入 12345 工单（XLSX）", "Import 12345 work orders (XLSX)"), _orders, _arguments
    )
]
