"""What is said of an event: one sentence in two languages, and the body that other systems get.

Nothing here knows a reporter's name or phone. A title is typed by people, so a mobile number in it is masked wherever it leaves the system,
and of a confidential case only the number leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wangge.domain.notices.rules.events import Event
from wangge.kernel.words import Words

TEXTS: dict[Event, Words] = {
    Event.REPORTED: Words("新案件 {case} 待受理", "New case {case}, to be accepted"),
    Event.REJECTED: Words("案件 {case} 不予受理", "Case {case} was rejected"),
    Event.MERGED: Words("案件 {case} 已并入另一案件", "Case {case} was merged into another"),
    Event.WITHDRAWN: Words("案件 {case} 已由上报人撤回", "Case {case} was withdrawn"),
    Event.VOID: Words("案件 {case} 已作废", "Case {case} was declared void"),
    Event.ESCALATED: Words("案件 {case} 由下级上报，请处理", "Case {case} was passed up to this centre"),
    Event.DELEGATED: Words("案件 {case} 由上级下派，请处理", "Case {case} was passed down to this desk"),
    Event.DISPATCHED: Words("案件 {case} 已派遣", "Case {case} was dispatched"),
    Event.INVOLVED: Words("案件 {case} 增派协办单位", "Case {case} has another assisting unit"),
    Event.RETURNED: Words("案件 {case} 被退单，请重新派遣", "Case {case} was returned, to be dispatched anew"),
    Event.DECLINED: Words("案件 {case} 的协办单位退回", "An assisting unit gave back its share of case {case}"),
    Event.HELP_ASKED: Words("案件 {case} 请求协同", "Help is asked for with case {case}"),
    Event.HELP_ANSWERED: Words("案件 {case} 的协同请求已答复", "The request for help with case {case} was answered"),
    Event.EXTENSION_ASKED: Words(
        "案件 {case} 申请延期，请审批", "An extension is asked for case {case}; please decide"
    ),
    Event.EXTENDED: Words("案件 {case} 已延期", "Case {case} was extended"),
    Event.SUSPENSION_ASKED: Words(
        "案件 {case} 申请挂账，请审批", "A suspension is asked for case {case}; please decide"
    ),
    Event.SUSPENDED: Words("案件 {case} 已挂账", "Case {case} was suspended"),
    Event.REFUSED: Words("案件 {case} 的申请被驳回", "A request about case {case} was refused"),
    Event.RESUMED: Words("案件 {case} 恢复办理", "Case {case} was resumed"),
    Event.SHARE_RESOLVED: Words("案件 {case} 的协办部分已办结", "An assisting unit has done its share of case {case}"),
    Event.RESOLVED: Words("案件 {case} 已办结，待核查", "Case {case} was resolved, to be verified"),
    Event.VERIFIED: Words("案件 {case} 核查通过，待回访", "Case {case} was verified, to be followed up"),
    Event.VERIFY_FAILED: Words(
        "案件 {case} 核查不通过，请重新处置", "Case {case} failed its verification, to be handled again"
    ),
    Event.DISSATISFIED: Words("案件 {case} 回访不满意", "Case {case}: the reporter is not satisfied"),
    Event.DECIDED_AGAIN: Words("案件 {case} 裁定重新处置", "Case {case} is to be handled again, as was decided"),
    Event.CLOSED: Words("案件 {case} 已结案", "Case {case} was closed"),
    Event.REOPENED: Words("案件 {case} 重新办理", "Case {case} was reopened"),
    Event.URGED: Words("案件 {case} 被催办", "Case {case} is urged"),
    Event.SUPERVISED: Words("案件 {case} 被督办，须回复", "Case {case} is supervised, to be answered"),
    Event.INSTRUCTED: Words("案件 {case} 有领导批示，须回复", "Case {case} has an instruction, to be answered"),
    Event.ANSWERED: Words("案件 {case} 的催办、督办或批示已回复", "A demand about case {case} was answered"),
    Event.LIFTED: Words("案件 {case} 的催办、督办或批示已解除", "A demand about case {case} was lifted"),
    Event.REMINDER: Words("案件 {case} 即将到期", "Case {case} is due soon"),
    Event.OVERDUE: Words("案件 {case} 已超期", "Case {case} is overdue"),
    Event.RAISED: Words("案件 {case} 超期升级至上一级中心", "Case {case} was raised to the centre above, long overdue"),
    Event.REVIEW_DUE: Words(
        "案件 {case} 挂账复核日期已到", "The review date of case {case}, which is suspended, has come"
    ),
    Event.QUESTION_ANSWERED: Words(
        "案件 {case} 的反映人已答复询问", "The reporter of case {case} has answered the question"
    ),
    Event.GRIDS_FAILED: Words(
        "网格 {grids} 的预定调整未能生效", "The planned change of grids {grids} could not take effect"
    ),
}
PING = "ping"
CONFIRM = "confirm_address"
RESIDENT_CODE = "resident_code"
"""What is delivered and no event of a case: a test for a webhook, the code that confirms an address, the one that proves a resident's phone."""

EVENT_NAMES: dict[str, Words] = {
    **{
        str(event): Words(re.sub(r" ?\{\w+\} ?", "", words.zh), re.sub(r"\{\w+\}", "…", words.en))
        for event, words in TEXTS.items()
    },
    PING: Words("测试推送", "Test event"),
    CONFIRM: Words("地址确认码", "Code that confirms an address"),
    RESIDENT_CODE: Words("居民手机验证码", "Code for a resident's phone"),
}
"""What an event is called where no case and no grid is named."""


@dataclass(frozen=True)
class Case:
    """What of a case is told. ``status`` and ``due_at`` are those of the moment of the event; an empty title is not shown."""

    number: str
    title: str
    status: Words
    due_at: datetime | None
    zone: str


def say(event: str, case: Case) -> Words:
    """The sentence of one event with number, title, due time, and the status unless it says that itself."""
    text = TEXTS[Event(event)]
    named = Words(
        f"{case.number}「{case.title}」" if case.title else case.number,
        f"{case.number} “{case.title}”" if case.title else case.number,
    )
    due = f"{case.due_at.astimezone(ZoneInfo(case.zone)):%Y-%m-%d %H:%M}" if case.due_at else ""
    filled = text.fill(case=named)
    said = Words(
        "" if case.status.zh in text.zh else case.status.zh,
        "" if case.status.en.lower() in text.en else case.status.en.lower(),
    )
    zh = "，".join(filter(None, (said.zh, due and f"期限 {due}")))
    en = ", ".join(filter(None, (said.en, due and f"due {due}")))
    return Words(filled.zh.replace("」 ", "」") + (f"（{zh}）" if zh else ""), filled.en + (f" ({en})" if en else ""))


@dataclass(frozen=True)
class GridChange:
    """What of a planned change of grids is told: which grids, on which day it was to take effect, what kept it from that."""

    grids: Sequence[str]
    due_at: datetime
    why: Words
    zone: str


def say_of_grids(event: str, change: GridChange) -> Words:
    """The sentence of an event of a planned change, with its day and why."""
    filled = TEXTS[Event(event)].fill(grids="、".join(change.grids))
    day = change.due_at.astimezone(ZoneInfo(change.zone)).date().isoformat()
    return Words(f"{filled.zh}（原定 {day}）：{change.why.zh}", f"{filled.en} (it was for {day}): {change.why.en}")


_MOBILE = re.compile(r"(?<!\d)(1\d{2})[ -]?\d{4}[ -]?(\d{4})(?!\d)")


def masked_title(title: str, *, confidential: bool) -> str:
    """The title as it may leave the system, on one line."""
    return "" if confidential else _MOBILE.sub(r"\1****\2", " ".join(title.split()))


def payload(*, event: str, delivery: str, at: datetime, case: dict[str, Any] | None) -> dict[str, Any]:
    """The body of a webhook. ``case`` has only what its subscribers may read of it; None: a ping."""
    return {"id": delivery, "type": f"case.{event}" if case else event, "at": at.isoformat(), "case": case}
