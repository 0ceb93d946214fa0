"""The catalogue on the command line: holidays of a year, categories from and to a CSV table."""

from __future__ import annotations

import argparse
from pathlib import Path

from wangge.kernel.commands import FOUND, OK, Command, CommandError, say, tell
from wangge.kernel.words import Words


def _calendar_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--year", type=int, required=True, help=say("年份", "the year"))
    parser.add_argument(
        "--apply", action="store_true", help=say("写入；不给出则只试运行", "write; without it nothing is changed")
    )


def _import_calendar(args: argparse.Namespace) -> int:
    from wangge.domain.catalog.actions import import_year
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        days = import_year(by=SYSTEM, year=args.year, dry_run=not args.apply)
    for d in days:
        tell(
            f"{d.day}  {'上班' if d.working else '放假'}  {d.name}",
            f"{d.day}  {'works' if d.working else 'rests'}  {d.name_en}",
        )
    if args.apply:
        tell(f"已写入 {len(days)} 天。", f"{len(days)} days written.")
    else:
        tell(
            f"试运行：将改变 {len(days)} 天。加 --apply 写入。",
            f"Dry run: {len(days)} days would change. Write with --apply.",
        )
    return OK


def _categories_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=say("CSV 文件（UTF-8）", "the CSV file (UTF-8)"))
    parser.add_argument(
        "--apply", action="store_true", help=say("写入；不给出则只试运行", "write; without it nothing is changed")
    )


def _import_categories(args: argparse.Namespace) -> int:
    from wangge.domain.catalog.actions import import_categories
    from wangge.domain.catalog.tables import read_categories
    from wangge.kernel.access import SYSTEM, acting

    rows, errors = read_categories(_text(args.file))
    with acting(SYSTEM):
        added, changed, more = import_categories(by=SYSTEM, table=rows, dry_run=not args.apply or bool(errors))
    errors = sorted([*errors, *more])
    for e in errors:
        where = f" {e.column}" if e.column else ""
        tell(f"第 {e.line} 行{where}：{e.words.zh}", f"line {e.line}{where}: {e.words.en}")
    if errors:
        tell(f"有 {len(errors)} 处错误，未做任何改变。", f"{len(errors)} errors; nothing was changed.")
        return FOUND
    if args.apply:
        tell(f"新增 {added}、修改 {changed}。", f"{added} added, {changed} changed.")
    else:
        tell(
            f"试运行：将新增 {added}、修改 {changed}。加 --apply 写入。",
            f"Dry run: {added} would be added, {changed} changed. Write with --apply.",
        )
    return OK


def _text(file: Path) -> str:
    from wangge.domain.catalog.tables import MOST_BYTES

    try:
        if file.stat().st_size > MOST_BYTES:
            raise CommandError(Words(f"{file} 超过 5 MB。", f"{file} is larger than 5 MB."))
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        words = Words(
            f"{file} 不是 UTF-8 文本。请另存为 UTF-8 的 CSV。", f"{file} is not UTF-8 text. Save it as CSV in UTF-8."
        )
        raise CommandError(words) from error
    except OSError as error:
        raise CommandError(
            Words(f"无法读取 {file}：{error.strerror}。", f"{file} cannot be read: {error.strerror}.")
        ) from error


def _export_categories(args: argparse.Namespace) -> int:
    from wangge.domain.catalog import queries
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        text = queries.table()
    try:
        args.file.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise CommandError(
            Words(f"无法写入 {args.file}：{error.strerror}。", f"{args.file} cannot be written: {error.strerror}.")
        ) from error
    tell(f"已写入 {args.file}。", f"{args.file} written.")
    return OK


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=say("要写入的 CSV 文件", "the CSV file to write"))


def _import_defaults(args: argparse.Namespace) -> int:
    from wangge.domain.catalog.actions import load_defaults
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        made = load_defaults(by=SYSTEM)
    if not any(made.values()):
        tell(
            "已有类别、时限与日历，未做改变。",
            "Categories, limits and calendar are there already; nothing was changed.",
        )
        return OK
    tell(
        f"已载入默认类别 {made['categories']} 个、时限 {made['limits']} 条、节假日与调休 {made['days']} 天；之后可自行修改。",
        f"Loaded {made['categories']} categories, {made['limits']} limits and {made['days']} calendar days; change them as you need.",
    )
    return OK


COMMANDS = [
    Command(
        ("import", "defaults"),
        Words("载入随附的默认类别、时限与工作日历", "Load the shipped categories, limits and work calendar"),
        _import_defaults,
    ),
    Command(
        ("import", "calendar"),
        Words(
            "导入一年的法定节假日与调休（默认试运行）",
            "Import the legal holidays and make-up days of a year (dry run first)",
        ),
        _import_calendar,
        _calendar_arguments,
    ),
    Command(
        ("import", "categories"),
        Words("由 CSV 导入类别与处置时限（默认试运行）", "Import categories and their limits from CSV (dry run first)"),
        _import_categories,
        _categories_arguments,
    ),
    Command(
        ("export", "categories"),
        Words("把类别导出为 CSV", "Export the categories as CSV"),
        _export_categories,
        _export_arguments,
    ),
]
