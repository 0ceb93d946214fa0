"""The axes of the matrix: what happens to a case (or to a planned change of grids), who stands how to it, and by which way they are told."""

from __future__ import annotations

from enum import StrEnum

from wangge.kernel.words import Words


class Event(StrEnum):
    REPORTED = "reported"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    ESCALATED = "escalated"
    DELEGATED = "delegated"
    DISPATCHED = "dispatched"
    INVOLVED = "involved"
    RETURNED = "returned"
    DECLINED = "declined"
    HELP_ASKED = "help_asked"
    HELP_ANSWERED = "help_answered"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    SUSPENSION_ASKED = "suspension_asked"
    SUSPENDED = "suspended"
    REFUSED = "refused"
    RESUMED = "resumed"
    SHARE_RESOLVED = "share_resolved"
    RESOLVED = "resolved"
    VERIFIED = "verified"
    VERIFY_FAILED = "verify_failed"
    DISSATISFIED = "dissatisfied"
    DECIDED_AGAIN = "decided_again"
    CLOSED = "closed"
    REOPENED = "reopened"
    URGED = "urged"
    SUPERVISED = "supervised"
    INSTRUCTED = "instructed"
    ANSWERED = "answered"
    LIFTED = "lifted"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    RAISED = "raised"
    REVIEW_DUE = "review_due"
    QUESTION_ANSWERED = "question_answered"
    GRIDS_FAILED = "grids_failed"


OF_GRIDS = frozenset({Event.GRIDS_FAILED})
"""Events of a planned change of grids; all others are of a case."""


_BY_ACT: dict[tuple[str, str | None], Event] = {
    ("report", None): Event.REPORTED,
    ("reject", None): Event.REJECTED,
    ("merge", None): Event.MERGED,
    ("withdraw", None): Event.WITHDRAWN,
    ("void", None): Event.VOID,
    ("escalate", None): Event.ESCALATED,
    ("delegate", None): Event.DELEGATED,
    ("dispatch", None): Event.DISPATCHED,
    ("designate", None): Event.DISPATCHED,
    ("reassign", None): Event.DISPATCHED,
    ("involve", None): Event.INVOLVED,
    ("return", None): Event.RETURNED,
    ("decline", None): Event.DECLINED,
    ("ask_help", None): Event.HELP_ASKED,
    ("answer_help", None): Event.HELP_ANSWERED,
    ("ask_extension", None): Event.EXTENSION_ASKED,
    ("extend", None): Event.EXTENDED,
    ("ask_suspension", None): Event.SUSPENSION_ASKED,
    ("suspend", None): Event.SUSPENDED,
    ("refuse", None): Event.REFUSED,
    ("resume", None): Event.RESUMED,
    ("resolve_share", None): Event.SHARE_RESOLVED,
    ("resolve", None): Event.RESOLVED,
    ("self_resolve", "sampled"): Event.RESOLVED,
    ("self_resolve", "closed"): Event.CLOSED,
    ("verify", "pass"): Event.VERIFIED,
    ("verify", "fail"): Event.VERIFY_FAILED,
    ("follow_up", "dissatisfied"): Event.DISSATISFIED,
    ("decide", "again"): Event.DECIDED_AGAIN,
    ("decide", "uphold"): Event.CLOSED,
    ("close", None): Event.CLOSED,
    ("reopen", None): Event.REOPENED,
    ("urge", None): Event.URGED,
    ("supervise", None): Event.SUPERVISED,
    ("instruct", None): Event.INSTRUCTED,
    ("answer", None): Event.ANSWERED,
    ("lift", None): Event.LIFTED,
    ("remind", None): Event.REMINDER,
    ("overdue", None): Event.OVERDUE,
    ("raise", None): Event.RAISED,
    ("review", None): Event.REVIEW_DUE,
    ("answer_question", None): Event.QUESTION_ANSWERED,
}


def event_of(act: str, outcome: str | None) -> Event | None:
    """What an act on a case is to those who are told; None for what nobody is told of (a comment, a tag, a note of progress …)."""
    return _BY_ACT.get((act, outcome))


class Who(StrEnum):
    """How somebody stands to a case, or to a planned change of grids."""

    HOLDER = "holder"
    FIRST_RECEIVER = "first_receiver"
    LEAD = "lead"
    LEAD_LEADER = "lead_leader"
    ASSISTING = "assisting"
    ASKED = "asked"
    GRID = "grid"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    REPORTER = "reporter"
    ASKER = "asker"
    SUBSCRIBER = "subscriber"
    PLANNER = "planner"
    ADMINISTRATOR = "administrator"

    @property
    def words(self) -> Words:
        return WHO_WORDS[self]


WHO_WORDS = {
    Who.HOLDER: Words("承办中心坐席", "Desk of the holder"),
    Who.FIRST_RECEIVER: Words("首接中心坐席", "Desk of the first receiver"),
    Who.LEAD: Words("主办单位人员", "Staff of the lead unit"),
    Who.LEAD_LEADER: Words("主办单位负责人", "Leader of the lead unit"),
    Who.ASSISTING: Words("协办单位人员", "Staff of assisting units"),
    Who.ASKED: Words("被请求协同的单位", "Unit asked for help"),
    Who.GRID: Words("所在网格人员", "Grid staff of the place"),
    Who.SUPERVISOR: Words("所在区域督查员", "Supervisor of the area"),
    Who.LEADER: Words("所在区域领导", "Leader of the area"),
    Who.REPORTER: Words("上报人（工作人员）", "Member of staff who reported"),
    Who.ASKER: Words("申请或督办的提出人", "Who asked or demanded"),
    Who.SUBSCRIBER: Words("推送订阅方", "Subscribed systems"),
    Who.PLANNER: Words("预定调整的人", "Who planned the change"),
    Who.ADMINISTRATOR: Words("系统管理员", "System administrators"),
}


class Channel(StrEnum):
    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"

    @property
    def words(self) -> Words:
        return CHANNEL_WORDS[self]


CHANNEL_WORDS = {
    Channel.IN_APP: Words("系统内", "In the app"),
    Channel.EMAIL: Words("邮件", "E-mail"),
    Channel.SMS: Words("短信", "SMS"),
    Channel.WEBHOOK: Words("系统推送", "Webhook"),
}

PERSONAL = (Channel.EMAIL, Channel.SMS)
"""Ways that leave the system for a person's own address, who may have quiet hours and opt out."""


_TO_GRIDS = frozenset({Who.PLANNER, Who.ADMINISTRATOR})


def stands(event: Event, who: Who) -> bool:
    """Whether somebody can stand so to what the event is of."""
    return (event in OF_GRIDS) == (who in _TO_GRIDS)


def fits(who: Who, channel: Channel) -> bool:
    """Other systems are told by webhook, persons by everything else."""
    return (who == Who.SUBSCRIBER) == (channel == Channel.WEBHOOK)
