"""The standard's forms, pure: answers as XML and JSON, times, its errors. https://wiki.open311.org/GeoReport_v2"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from wangge.kernel.words import Words

LONGEST = timedelta(days=90)
MOST = 1000
FORMATS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
CHARACTERS = {c: None for c in range(32) if c not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}
"""What XML 1.0 cannot hold, even escaped: left out."""


class Refused(Exception):
    """One of the standard's errors: 400 a parameter is missing or wrong, 403 the key, 404 no such service, request or jurisdiction."""

    def __init__(self, status: int, words: Words) -> None:
        self.status, self.words = status, words
        super().__init__(words.en)

    @property
    def body(self) -> list[dict[str, Any]]:
        return [{"code": self.status, "description": f"{self.words.en} {self.words.zh}"}]


def moment(text: str, name: str) -> datetime:
    """A time with its zone, as the standard wants it. Raises Refused."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or not 2000 <= found.year <= 2199:
            raise ValueError
        return found.astimezone(UTC)
    except ValueError:
        raise Refused(
            400,
            Words(
                f"{name} 应为带时区的时间，如 2026-11-21T08:00:00Z。",
                f"{name} must be a time with its zone, 2026-11-21T08:00:00Z.",
            ),
        ) from None


def period(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """From the first to before the second: the last 90 days, or what is asked of it. Raises Refused for more than 90 days."""
    since = moment(start, "start_date") if start else None
    until = moment(end, "end_date") if end else None
    if until is None:
        until = min(now, since + LONGEST) if since else now
    since = since or until - LONGEST
    if until - since > LONGEST:
        raise Refused(400, Words("起止时间最长 90 天。", "A period spans at most 90 days."))
    return since, until


def as_text(value: datetime | None) -> str | None:
    """A time as the standard writes it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


SINGULAR = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}


def xml(root: str, value: Any) -> bytes:
    """The answer as the standard's XML: members of a list are named by the singular of what they are in."""
    element = ET.Element(root)
    _fill(element, value)
    return ET.tostring(element, encoding="UTF-8", xml_declaration=True)


def _fill(element: ET.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            _fill(ET.SubElement(element, name), item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            _fill(ET.SubElement(element, SINGULAR[element.tag]), item)
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        element.text = text.translate(CHARACTERS)
