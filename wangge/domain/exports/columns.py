"""What a list of cases can show: each column's heading, where it comes from, and how its values read.

No column tells who reported a case. The words of a confidential one are left out: they may tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wangge.domain.cases.rules import CHANNEL_WORDS, LEVEL_WORDS, STAGE_WORDS, STATUS_WORDS, FollowUp
from wangge.domain.catalog.rules import URGENCIES
from wangge.kernel.words import Words

YES_NO = {True: Words("是", "Yes"), False: Words("否", "No")}
WITHHELD = Words("（保密）", "(confidential)")


@dataclass(frozen=True)
class Column:
    """``sql``: over ``cases_case c`` and the ``join``; English where there is one. ``kind``: how a value is shown."""

    words: Words
    sql: str
    kind: Literal["plain", "time", "words"] = "plain"
    known: Mapping[object, Words] | None = None
    """The words of each value of the kind ``words``; a value that is not among them is shown as it is."""
    join: str = ""
    sql_en: str = ""

    def source(self, language: str) -> str:
        return self.sql_en if language == "en" and self.sql_en else self.sql


def _plain(zh: str, en: str, sql: str) -> Column:
    return Column(Words(zh, en), sql)


def _time(zh: str, en: str, sql: str) -> Column:
    return Column(Words(zh, en), sql, "time")


def _words(zh: str, en: str, sql: str, known: Mapping[str, Words] | Mapping[bool, Words]) -> Column:
    return Column(Words(zh, en), sql, "words", known)  # type: ignore[arg-type]


def _named(zh: str, en: str, table: str, key: str, on: str, alias: str) -> Column:
    join = f"LEFT JOIN {table} {alias} ON {alias}.{key} = {on}"
    english = f"coalesce(nullif({alias}.name_en, ''), {alias}.name)"
    return Column(Words(zh, en), f"{alias}.name", join=join, sql_en=english)


def _said(zh: str, en: str, sql: str) -> Column:
    """What was written of a case."""
    at = [f"CASE WHEN c.confidential AND {sql} <> '' THEN '{say}' ELSE {sql} END" for say in WITHHELD]
    return Column(Words(zh, en), at[0], sql_en=at[1])


COLUMNS: dict[str, Column] = {
    "number": _plain("案件编号", "Number", "c.number"),
    "status": _words("状态", "Status", "c.status", STATUS_WORDS),
    "urgency": _words("紧急程度", "Urgency", "c.urgency", URGENCIES),
    "channel": _words("来源渠道", "Channel", "c.channel", CHANNEL_WORDS),
    "category": _named("类别", "Category", "catalog_category", "id", "c.category", "category"),
    "final_category": _named("结案类别", "Final category", "catalog_category", "id", "c.final_category", "final"),
    "title": _plain("标题", "Title", "c.title"),
    "text": _said("内容", "Text", "c.text"),
    "address": _plain("地址", "Address", "c.address"),
    "district": _named("区", "District", "places_area", "code", "c.district", "district"),
    "street": _named("街道", "Street", "places_area", "code", "c.street", "street"),
    "community": _named("社区", "Community", "places_area", "code", "c.community", "community"),
    "grid": _plain("网格编码", "Grid", "c.grid"),
    "lon": _plain("经度（WGS 84）", "Longitude (WGS 84)", "c.lon"),
    "lat": _plain("纬度（WGS 84）", "Latitude (WGS 84)", "c.lat"),
    "holder": _named("承办中心", "Held by", "people_unit", "id", "c.holder", "holder"),
    "lead": _named("主办单位", "Lead unit", "people_unit", "id", "c.lead", "lead"),
    "reported_at": _time("上报时间", "Reported at", "c.reported_at"),
    "stage": _words("当前时限", "Running limit", "c.stage", STAGE_WORDS),
    "due_at": _time("到期时间", "Due at", "c.due_at"),
    "overdue_at": _time("首次超期时间", "Overdue since", "c.overdue_at"),
    "changed_at": _time("更新时间", "Changed at", "c.changed_at"),
    "closed_at": _time("结束时间", "Ended at", "c.closed_at"),
    "result": _said("处置结果", "Result", "c.result"),
    "self_resolved": _words("现场自处置", "Resolved on the spot", "c.self_resolved", YES_NO),
    "returns": _plain("退单次数", "Returns", "c.returns"),
    "rework": _plain("返工次数", "Failed verifications", "c.rework"),
    "reopened": _plain("重新办理次数", "Reopenings", "c.reopened"),
    "extensions": _plain("延期次数", "Extensions", "c.extensions"),
    "urges": _plain("催办次数", "Urges", "c.urges"),
    "supervision": _words("督办级别", "Supervision", "c.supervision", LEVEL_WORDS),
    "follow_up": _words("回访结果", "Follow-up", "c.follow_up", {f: f.words for f in FollowUp}),
    "rating": _plain("满意度评分", "Rating", "c.rating"),
    "tags": _plain("标签", "Tags", "array_to_string(c.tags, ' ')"),
    "confidential": _words("反映人保密", "Confidential", "c.confidential", YES_NO),
}  # fmt: skip
USUAL = (
    "number", "status", "urgency", "channel", "category", "title", "address", "street", "community", "grid", "holder", "lead",
    "reported_at", "due_at", "closed_at", "returns", "rework", "follow_up", "rating",
)  # fmt: skip
"""What is written when no column is chosen."""
