"""Pydantic's findings in the words of people who fill in forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from wangge.kernel.problems import FieldError
from wangge.kernel.words import Words

MESSAGES = {
    "missing": Words("此项必填。", "This field is required."),
    "extra_forbidden": Words("没有这一项，请删除。", "There is no such field; remove it."),
    "string_too_short": Words("至少 {min_length} 个字。", "At least {min_length} {min_length:character|characters}."),
    "string_too_long": Words("最多 {max_length} 个字。", "At most {max_length} {max_length:character|characters}."),
    "string_type": Words("应为文字。", "Must be text."),
    "string_pattern_mismatch": Words("格式不符：应形如 {pattern}。", "Wrong form: must match {pattern}."),
    "int_type": Words("应为整数。", "Must be a whole number."),
    "int_parsing": Words("应为整数。", "Must be a whole number."),
    "float_parsing": Words("应为数字。", "Must be a number."),
    "finite_number": Words("应为有限的数字。", "Must be a finite number."),
    "bool_parsing": Words("应为 true 或 false。", "Must be true or false."),
    "greater_than_equal": Words("不得小于 {ge}。", "Must be at least {ge}."),
    "greater_than": Words("应大于 {gt}。", "Must be greater than {gt}."),
    "less_than_equal": Words("不得大于 {le}。", "Must be at most {le}."),
    "less_than": Words("应小于 {lt}。", "Must be less than {lt}."),
    "too_long": Words("最多 {max_length} 项。", "At most {max_length} {max_length:item|items}."),
    "too_short": Words("至少 {min_length} 项。", "At least {min_length} {min_length:item|items}."),
    "enum": Words("应为 {expected} 之一。", "Must be one of {expected}."),
    "literal_error": Words("应为 {expected} 之一。", "Must be one of {expected}."),
    "uuid_parsing": Words("应为 UUID。", "Must be a UUID."),
    "uuid_type": Words("应为 UUID。", "Must be a UUID."),
    "datetime_from_date_parsing": Words(
        "应为带时区的时间，如 2026-11-20T09:00:00+08:00。", "Must be a time with a zone, as 2026-11-20T09:00:00+08:00."
    ),
    "datetime_parsing": Words(
        "应为带时区的时间，如 2026-11-20T09:00:00+08:00。", "Must be a time with a zone, as 2026-11-20T09:00:00+08:00."
    ),
    "timezone_aware": Words("时间要带时区，如 +08:00。", "The time needs a zone, as +08:00."),
    "date_from_datetime_parsing": Words("应为日期，如 2026-11-20。", "Must be a date, as 2026-11-20."),
    "date_parsing": Words("应为日期，如 2026-11-20。", "Must be a date, as 2026-11-20."),
}


def faults(error: ValidationError, *within: str) -> list[FieldError]:
    """What pydantic found in an object that stands at the path ``within`` of the request."""
    return [fault(e, *within) for e in error.errors(include_url=False, include_input=False)]


def fault(error: Mapping[str, Any], *within: str) -> FieldError:
    """One of pydantic's errors as ours."""
    return FieldError(path_of((*within, *error["loc"])), error["type"], message_of(error))


def path_of(parts: Iterable[str | int]) -> str:
    """``("body", "items", 3, "name")`` → ``body.items[3].name``. A wrong key of an object is told by the key alone."""
    text = ""
    for part in parts:
        if part != "[key]":
            text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def message_of(error: Mapping[str, Any]) -> Words:
    """The sentence for one of pydantic's errors; a validator that raised ``ValueError(Words)`` speaks for itself."""
    context = error.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, ValueError) and cause.args and isinstance(cause.args[0], Words):
        return cause.args[0]
    words = MESSAGES.get(error["type"])
    if words is None:
        return Words(f"内容不符合要求（{error['msg']}）。", f"{error['msg']}.")
    return words.fill(**context) if context else words
