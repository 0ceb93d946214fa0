"""The catalogue as a table: CSV in (each bad row with its line and column), CSV out. The shipped default is such a table.

Limits are written ``4 work_hour``, evidence ``report:photo:1 result:photo:1!`` (with ``!``: required), where it enters ``street hotline:district``
(the level, then channels that enter elsewhere), lists with blanks between.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from wangge.domain.catalog import rules
from wangge.domain.people.rules import DUTIES
from wangge.kernel.words import Words

DATA = Path(__file__).parent / "data"
COLUMNS = (
    "code", "parent", "name", "name_en", "initials", "group", "urgency", "lead_duty", "assist_duties",
    "handle_normal", "handle_urgent", "handle_emergency", "accept_condition", "accept_condition_en", "close_condition",
    "close_condition_en", "evidence", "self_resolve", "entry_level", "confidential", "keywords",
)  # fmt: skip
NEEDED = ("code", "name", "lead_duty")
TEXTS = ("name", "name_en", "accept_condition", "accept_condition_en", "close_condition", "close_condition_en")
YES = {
    "yes": True,
    "是": True,
    "1": True,
    "true": True,
    "no": False,
    "否": False,
    "0": False,
    "false": False,
    "": False,
}
MOST_BYTES = 5 * 1024 * 1024


class RowError(NamedTuple):
    """``line`` as an editor counts it, the heading being line 1."""

    line: int
    column: str
    words: Words


@dataclass(frozen=True)
class CategoryRow:
    line: int
    code: str
    parent: str
    fields: dict[str, Any]
    handle: dict[str, tuple[int, str]]


def read_categories(text: str) -> tuple[list[CategoryRow], list[RowError]]:
    """The rows that can be read and the errors of those that cannot. Blank lines are passed over."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="more", strict=True)
    found: list[CategoryRow] = []
    errors: list[RowError] = []
    try:
        heading = [h.strip() for h in reader.fieldnames or []]
    except csv.Error as error:
        return [], [_malformed(1, error)]
    for name in NEEDED:
        if name not in heading:
            errors.append(RowError(1, name, Words(f"缺少列 {name}。", f"The column {name} is missing.")))
    for name in heading:
        if name not in COLUMNS:
            errors.append(RowError(1, name, Words(f"没有名为 {name} 的列。", f"There is no column {name}.")))
    if errors:
        return [], errors
    reader.fieldnames = heading
    try:
        for raw in reader:
            if "more" in raw:
                errors.append(
                    RowError(
                        reader.line_num,
                        "",
                        Words("这一行的列数多于表头。", "This row has more columns than the heading."),
                    )
                )
                continue
            row = {k: (v or "").strip() for k, v in raw.items()}
            if any(row.values()):
                read = _row(reader.line_num, row, errors)
                found.append(read)
    except csv.Error as error:
        errors.append(_malformed(reader.line_num, error))
    return found, errors


def _malformed(line: int, error: csv.Error) -> RowError:
    return RowError(line, "", Words(f"CSV 格式错误：{error}。", f"Not well-formed CSV: {error}."))


def _row(line: int, row: dict[str, str], errors: list[RowError]) -> CategoryRow:
    def wrong(column: str, zh: str, en: str) -> None:
        errors.append(RowError(line, column, Words(zh, en)))

    def among(column: str, words: Iterable[str], default: str = "") -> str:
        value = row.get(column, "") or default
        if value not in words:
            wrong(
                column,
                f"“{value}”不可用，可选：{'、'.join(words)}。",
                f"“{value}” is not known; choose from {', '.join(words)}.",
            )
        return value

    def yes(column: str) -> bool:
        value = row.get(column, "").lower()
        if value not in YES:
            wrong(column, f"“{value}”应为 yes 或 no。", f"“{value}” should be yes or no.")
        return YES.get(value, False)

    if not rules.CODE.fullmatch(row["code"]):
        wrong("code", f"编码“{row['code']}”不正确。", f"The code “{row['code']}” is not well-formed.")
    if not row["name"]:
        wrong("name", "名称不能为空。", "A name is needed.")
    assist = row.get("assist_duties", "").split()
    for duty in assist:
        if duty not in DUTIES:
            wrong("assist_duties", f"没有职责 {duty}。", f"There is no duty {duty}.")
    handle: dict[str, tuple[int, str]] = {}
    for urgency in rules.URGENCIES:
        text = row.get(f"handle_{urgency}", "")
        limit = parse_limit(text)
        if limit is not None:
            handle[urgency] = limit
        elif text:
            wrong(
                f"handle_{urgency}",
                f"时限“{text}”应写作“4 work_hour”。",
                f"The limit “{text}” should be written “4 work_hour”.",
            )
    fields: dict[str, Any] = {name: row.get(name, "") for name in TEXTS}
    fields |= {
        "initials": row.get("initials", "").lower() or rules.initials(row["name"]),
        "group": among("group", rules.GROUPS, "other"),
        "urgency": among("urgency", rules.URGENCIES, "normal"),
        "lead_duty": among("lead_duty", DUTIES),
        "assist_duties": assist,
        "evidence": list(_evidence(row.get("evidence", ""), wrong)),
        "self_resolve": yes("self_resolve"),
        **_entry(row.get("entry_level", ""), wrong),
        "confidential": yes("confidential"),
        "keywords": list(dict.fromkeys(row.get("keywords", "").split())),
    }
    return CategoryRow(line, row["code"], row.get("parent", ""), fields, handle)


def _entry(text: str, wrong: Any) -> dict[str, Any]:
    """``"street hotline:district"`` → the level, and the levels of channels that enter elsewhere."""
    level, levels = "street", {}
    for part in text.split():
        channel, colon, of = part.rpartition(":")
        if of not in rules.ENTRY_LEVELS or (colon and channel not in rules.CHANNELS):
            wrong(
                "entry_level",
                f"“{part}”应写作“street”或“hotline:district”，层级可选：{'、'.join(rules.ENTRY_LEVELS)}。",
                f"“{part}” should be written “street” or “hotline:district”; levels are {', '.join(rules.ENTRY_LEVELS)}.",
            )
        elif colon:
            levels[channel] = of
        else:
            level = of
    return {"entry_level": level, "entry_levels": levels}


def _evidence(text: str, wrong: Any) -> Iterator[dict[str, Any]]:
    for part in text.split():
        at, _, rest = part.partition(":")
        kind, _, least = rest.partition(":")
        required, least = least.endswith("!"), least.removesuffix("!")
        if at not in rules.EVIDENCE_AT or kind not in rules.EVIDENCE_KINDS or least not in set("123456789"):
            wrong(
                "evidence",
                f"证据“{part}”应写作“report:photo:1”，必须有的加“!”。",
                f"The evidence “{part}” should be written “report:photo:1”, with “!” when it is required.",
            )
        else:
            yield {"at": at, "kind": kind, "least": int(least), "required": required}


def parse_limit(text: str) -> tuple[int, str] | None:
    """``"4 work_hour"`` → ``(4, "work_hour")``; None when it is not of that form."""
    amount, _, unit = text.partition(" ")
    if not amount.isdecimal() or unit not in rules.UNITS or not 1 <= int(amount) <= rules.MOST:
        return None
    return int(amount), unit


def write_categories(found: Iterable[tuple[Any, str, dict[str, tuple[int, str]]]]) -> str:
    """The way back, for (category, code of its parent, limits for "handle" by urgency), with a mark so that spreadsheets read UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for c, parent, handle in found:
        row = {name: getattr(c, name) for name in (*TEXTS, "code", "initials", "group", "urgency", "lead_duty")}
        row |= {"parent": parent, "assist_duties": " ".join(c.assist_duties), "keywords": " ".join(c.keywords)}
        row |= {name: "yes" if getattr(c, name) else "no" for name in ("self_resolve", "confidential")}
        row["entry_level"] = " ".join(
            [c.entry_level, *(f"{channel}:{level}" for channel, level in c.entry_levels.items())]
        )
        row["evidence"] = " ".join(
            f"{e['at']}:{e['kind']}:{e['least']}{'!' * e.get('required', False)}" for e in c.evidence
        )
        row |= {f"handle_{u}": f"{amount} {unit}" for u, (amount, unit) in handle.items()}
        writer.writerow(row)
    return "\ufeff" + out.getvalue()


def shipped_categories() -> list[CategoryRow]:
    """The default catalogue."""
    found, errors = read_categories((DATA / "categories.csv").read_text("utf-8"))
    if errors:
        raise ValueError(f"the shipped catalogue is damaged: {errors[0]}")
    return found


def shipped_limits() -> list[dict[str, str]]:
    """The default limits of all stages: of all categories (``category`` empty) or of one and all below it."""
    with (DATA / "limits.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
