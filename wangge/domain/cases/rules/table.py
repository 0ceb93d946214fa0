"""The life of a case as a table: which act leads from which status to which, whose it is, what it needs, when it is possible.

The API's routes and their bodies, the acts offered with a case, the permission matrix and the diagram in docs/lifecycle.md are made
from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from wangge.domain.cases.rules import guards as g
from wangge.domain.cases.rules.guards import Facts, Part
from wangge.domain.cases.rules.words import LIVE, OPEN, Act, FollowUp, Level, Stage, Status, Urgency
from wangge.kernel.words import Words


class Kind(StrEnum):
    """What an input is, for the API's schema and for a form."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    POINT = "point"
    CATEGORY = "category"
    UNIT = "unit"
    UNITS = "units"
    CASE = "case"
    REQUEST = "request"
    DEMAND = "demand"
    TIME = "time"
    RATING = "rating"
    FLAG = "flag"
    CHOICE = "choice"
    TAGS = "tags"
    EVIDENCE = "evidence"
    FILES = "files"


@dataclass(frozen=True)
class Input:
    """One thing an act asks for. ``choices``: of a choice. ``role``: what evidence shows (before, after …)."""

    name: str
    kind: Kind
    words: Words
    required: bool = True
    choices: type[StrEnum] | None = None
    role: str = ""


Guard = Callable[[Facts, datetime, frozenset[UUID]], Words | None]


@dataclass(frozen=True)
class Transition:
    """``act`` from one of ``sources`` to ``target`` (None: the status stays; ``back``: to the one it was in before).

    ``permission``: a value of CasePermission. ``part``: whose act it is. ``guard``: what else must hold. ``quiet``: it does not depend
    on the state that was shown, so no version is asked for and nobody else's act is in its way. ``drawn``: the outcome is the system's,
    not the person's. ``resident``: it is also the resident's who holds the case's number and code. ``meets``: the clock that this act fulfils; any other running clock is ended without being met.
    """

    act: Act
    sources: frozenset[Status]
    target: Status | None
    permission: str
    part: Part
    effect: Words
    inputs: tuple[Input, ...] = ()
    outcome: str | None = None
    guard: Guard | None = None
    quiet: bool = False
    drawn: bool = False
    resident: bool = False
    back: frozenset[Status] = frozenset()
    meets: Stage | None = None

    @property
    def moves(self) -> bool:
        return self.target is not None or bool(self.back)

    @property
    def targets(self) -> frozenset[Status]:
        return self.back or (frozenset({self.target}) if self.target else frozenset())


def _only(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


def _text(name: str, zh: str, en: str, *, required: bool = True, kind: Kind = Kind.TEXT) -> Input:
    return Input(name, kind, Words(zh, en), required)


def _evidence(role: str, zh: str, en: str) -> Input:
    return Input("evidence", Kind.EVIDENCE, Words(zh, en), required=False, role=role)


NOTE = _text("note", "说明", "Note", required=False)
REASON = _text("note", "原因", "Reason")
UNIT = Input("unit", Kind.UNIT, Words("主办单位", "Lead unit"))
UNIT_BY_ROUTE = Input(
    "unit", Kind.UNIT, Words("主办单位（空则按派遣规则）", "Lead unit (empty: by the route)"), required=False
)
ASSISTING = Input("assisting", Kind.UNITS, Words("协办单位", "Assisting units"), required=False)
DUE = Input("due_at", Kind.TIME, Words("处置期限（空则按类别）", "Limit (empty: the category's)"), required=False)
RESULT = _text("result", "处置结果", "Result", kind=Kind.LONG_TEXT)
REVIEW_AT = Input("review_at", Kind.TIME, Words("复核日期", "Review date"))
POINT = Input("point", Kind.POINT, Words("位置", "Position"))
SHOT_AT = Input("point", Kind.POINT, Words("拍摄位置", "Where the evidence was taken"), required=False)
NEW_CATEGORY = Input("category", Kind.CATEGORY, Words("类别", "Category"))
OTHER_CASE = Input("other", Kind.CASE, Words("案件", "Case"))
REQUEST = Input("request", Kind.REQUEST, Words("申请", "Request"), required=False)
DEMAND = Input("demand", Kind.DEMAND, Words("督办单", "Demand"), required=False)
RATING = Input("rating", Kind.RATING, Words("满意度（1–5）", "Satisfaction (1–5)"), required=False)

_DESK = _only(Status.REPORTED, Status.ACCEPTED)
_HANDLING = _only(Status.HANDLING)
_FOLLOWING = _only(Status.FOLLOWING_UP)
_ANY = frozenset(Status) - {Status.ARCHIVED}

TABLE: tuple[Transition, ...] = (
    # — the desk ————————————————————————————————————————————————————————————————————————————————————————————————————————————
    Transition(Act.LOCATE, LIVE, None, "cases.locate", Part.PLACE, Words("案件定位到网格", "The case gets its place and grid"),
               (POINT, NOTE)),
    Transition(Act.SELF_RESOLVE, _only(Status.REPORTED), Status.CLOSED, "cases.self_resolve", Part.REPORTER,
               Words("现场处置完毕，直接结案", "Resolved on the spot and closed"),
               (RESULT, SHOT_AT, _evidence("after", "处置前后照片", "Photos before and after")), outcome="closed", drawn=True,
               meets=Stage.ACCEPT),
    Transition(Act.SELF_RESOLVE, _only(Status.REPORTED), Status.VERIFYING, "cases.self_resolve", Part.REPORTER,
               Words("现场处置完毕，抽中核查", "Resolved on the spot and drawn for verification"),
               (RESULT, SHOT_AT, _evidence("after", "处置前后照片", "Photos before and after")), outcome="sampled", drawn=True,
               meets=Stage.ACCEPT),
    Transition(Act.ACCEPT, _only(Status.REPORTED), Status.ACCEPTED, "cases.accept", Part.CENTRE,
               Words("受理，进入派遣", "Accepted, to be dispatched"),
               (Input("category", Kind.CATEGORY, Words("类别", "Category"), required=False), NOTE), meets=Stage.ACCEPT),
    Transition(Act.REJECT, _only(Status.REPORTED), Status.REJECTED, "cases.reject", Part.CENTRE,
               Words("不予受理，原因告知反映人", "Rejected; the reporter is told why"), (REASON,), meets=Stage.ACCEPT),
    Transition(Act.MERGE, _DESK, Status.MERGED, "cases.merge", Part.CENTRE,
               Words("并入另一案件，反映人一并答复", "Merged into another case; its reporter is answered with it"),
               (Input("other", Kind.CASE, Words("并入的案件", "The case it becomes part of")), NOTE)),
    Transition(Act.UNMERGE, _only(Status.MERGED), None, "cases.merge", Part.CENTRE,
               Words("恢复为单独案件", "A case of its own again"), (REASON,), back=_DESK),
    Transition(Act.WITHDRAW, _DESK, Status.WITHDRAWN, "cases.withdraw", Part.REPORTER,
               Words("反映人撤回", "The reporter takes it back"), (REASON,), resident=True),
    Transition(Act.VOID, _DESK | {Status.SUSPENDED}, Status.VOID, "cases.void", Part.CENTRE,
               Words("作废（误报、测试、重复录入）", "Void: entered by mistake"), (REASON,)),
    Transition(Act.ESCALATE, _DESK, Status.REPORTED, "cases.escalate", Part.CENTRE,
               Words("上报上一级中心", "The centre of the level above holds it"), (REASON,)),
    Transition(Act.DELEGATE, _DESK, Status.REPORTED, "cases.delegate", Part.CENTRE,
               Words("下派下一级中心或工作站", "The centre or workstation of the level below holds it"),
               (Input("unit", Kind.UNIT, Words("下派到（空则为本案所在）", "To (empty: the one of the place)"), required=False), NOTE)),
    Transition(Act.DISPATCH, _only(Status.ACCEPTED), Status.HANDLING, "cases.dispatch", Part.CENTRE,
               Words("派给主办单位，开始计处置时限", "Given to the lead unit; the handling clock starts"),
               (UNIT_BY_ROUTE, ASSISTING, DUE, NOTE), guard=g.not_yet_designated, meets=Stage.DISPATCH),
    Transition(Act.DESIGNATE, _only(Status.ACCEPTED), Status.HANDLING, "cases.designate", Part.CENTRE,
               Words("指定主办单位，不可再退", "A unit is designated and may not return it"),
               (UNIT, ASSISTING, DUE, REASON), guard=g.to_be_designated, meets=Stage.DISPATCH),
    Transition(Act.REASSIGN, _HANDLING, Status.HANDLING, "cases.dispatch", Part.CENTRE,
               Words("改派主办单位，重新计时", "Another lead unit; the handling clock starts anew"), (UNIT, DUE, REASON)),
    Transition(Act.INVOLVE, _HANDLING, None, "cases.dispatch", Part.CENTRE,
               Words("增派协办单位", "Another unit assists"),
               (Input("unit", Kind.UNIT, Words("协办单位", "Assisting unit")), DUE, NOTE)),
    # — the units ———————————————————————————————————————————————————————————————————————————————————————————————————————————
    Transition(Act.TAKE, _HANDLING, None, "cases.take", Part.HANDLING, Words("单位签收", "The unit has taken it"), (NOTE,),
               guard=g.not_taken),
    Transition(Act.RETURN, _HANDLING, Status.ACCEPTED, "cases.return", Part.LEAD,
               Words("退回中心重新派遣", "Back to the centre, to be dispatched anew"), (REASON,), guard=g.returnable),
    Transition(Act.DECLINE, _HANDLING, None, "cases.return", Part.ASSISTING,
               Words("协办单位退出", "The unit does not assist any more"), (REASON,), guard=g.share_open),
    Transition(Act.PROGRESS, _HANDLING, None, "cases.progress", Part.HANDLING, Words("记录处置进展", "A note of progress"),
               (_text("note", "进展", "Progress"), _evidence("progress", "现场照片", "Photos")), quiet=True),
    Transition(Act.ASK_HELP, _HANDLING, None, "cases.ask", Part.HANDLING,
               Words("请其他单位协同", "Another unit is asked for help"),
               (Input("unit", Kind.UNIT, Words("请哪个单位（空则为中心）", "Which unit (empty: the centre)"), required=False),
                _text("note", "需要什么帮助", "What help is needed")), quiet=True),
    Transition(Act.ANSWER_HELP, _HANDLING, None, "cases.answer_help", Part.ASKED,
               Words("答复协同请求", "The request for help is answered"),
               (REQUEST, _text("note", "答复", "Answer"), _evidence("progress", "现场照片", "Photos")),
               guard=g.help_asked, quiet=True),
    Transition(Act.ASK_EXTENSION, _HANDLING, None, "cases.ask", Part.LEAD,
               Words("申请延期，由中心审批", "An extension is asked for; the centre decides"),
               (Input("due_at", Kind.TIME, Words("申请延至", "Until when")), REASON), guard=g.extendable, quiet=True),
    Transition(Act.EXTEND, _HANDLING, None, "cases.decide_request", Part.CENTRE,
               Words("延期，处置期限后移", "Extended: the handling limit moves"),
               (Input("due_at", Kind.TIME, Words("延至（空则按申请）", "Until when (empty: as asked)"), required=False), NOTE)),
    Transition(Act.ASK_SUSPENSION, _HANDLING, None, "cases.ask", Part.LEAD,
               Words("申请挂账，由中心审批", "A suspension is asked for; the centre decides"), (REVIEW_AT, REASON),
               guard=g.suspendable, quiet=True),
    Transition(Act.SUSPEND, _only(Status.ACCEPTED, Status.HANDLING), Status.SUSPENDED, "cases.decide_request", Part.CENTRE,
               Words("挂账，时限暂停", "Suspended; the clock stands still"),
               (Input("review_at", Kind.TIME, Words("复核日期（空则按申请）", "Review date (empty: as asked)"), required=False), REASON)),
    Transition(Act.REFUSE, _HANDLING, None, "cases.decide_request", Part.CENTRE,
               Words("驳回延期或挂账申请", "The request for an extension or a suspension is refused"), (REQUEST, REASON),
               guard=g.refusable, quiet=True),
    Transition(Act.RESUME, _only(Status.SUSPENDED), None, "cases.decide_request", Part.CENTRE,
               Words("恢复办理，时限继续", "Resumed; the clock runs on"), (NOTE,), back=_only(Status.ACCEPTED, Status.HANDLING)),
    Transition(Act.RESOLVE_SHARE, _HANDLING, None, "cases.resolve", Part.ASSISTING,
               Words("协办单位办结本单位部分", "The assisting unit has done its share"),
               (RESULT, _evidence("after", "处置后照片", "Photos after")), guard=g.share_open),
    Transition(Act.RESOLVE, _HANDLING, Status.VERIFYING, "cases.resolve", Part.LEAD,
               Words("报告处置结果，待核查", "The result is reported, to be verified"),
               (RESULT, SHOT_AT, _evidence("after", "处置后照片", "Photos after")), meets=Stage.HANDLE),
    # — the check and the answer ————————————————————————————————————————————————————————————————————————————————————————————
    Transition(Act.VERIFY, _only(Status.VERIFYING), Status.FOLLOWING_UP, "cases.verify", Part.VERIFIER,
               Words("核查通过，待回访", "Verified, to be followed up"), (NOTE, SHOT_AT, _evidence("verify", "核查照片", "Photos")),
               outcome="pass", meets=Stage.VERIFY),
    Transition(Act.VERIFY, _only(Status.VERIFYING), Status.HANDLING, "cases.verify", Part.VERIFIER,
               Words("核查不通过，退回重新处置", "Verification failed, back to handling"),
               (_text("note", "不通过的原因", "Why it failed"), SHOT_AT, _evidence("verify", "核查照片", "Photos")),
               outcome="fail", guard=g.has_lead, meets=Stage.VERIFY),
    Transition(Act.VERIFY, _only(Status.VERIFYING), Status.ACCEPTED, "cases.verify", Part.VERIFIER,
               Words("核查不通过，由中心派遣处置", "Verification failed, to be dispatched by the centre"),
               (_text("note", "不通过的原因", "Why it failed"), SHOT_AT, _evidence("verify", "核查照片", "Photos")),
               outcome="fail", guard=g.without_lead, meets=Stage.VERIFY),
    Transition(Act.FOLLOW_UP, _FOLLOWING, None, "cases.follow_up", Part.CENTRE,
               Words("反映人满意，可以结案", "The reporter is satisfied"), (RATING, NOTE), outcome=FollowUp.SATISFIED,
               guard=g.not_answered, resident=True),
    Transition(Act.FOLLOW_UP, _FOLLOWING, Status.HANDLING, "cases.follow_up", Part.CENTRE,
               Words("反映人不满意，退回重办（一次）", "The reporter is not satisfied: back to handling, once"), (RATING, REASON),
               outcome=FollowUp.DISSATISFIED, guard=g.first_dissent_with_lead, meets=Stage.FOLLOW_UP, resident=True),
    Transition(Act.FOLLOW_UP, _FOLLOWING, Status.ACCEPTED, "cases.follow_up", Part.CENTRE,
               Words("反映人不满意，由中心派遣重办（一次）", "The reporter is not satisfied: to be dispatched, once"),
               (RATING, REASON), outcome=FollowUp.DISSATISFIED, guard=g.first_dissent_without_lead, meets=Stage.FOLLOW_UP, resident=True),
    Transition(Act.FOLLOW_UP, _FOLLOWING, None, "cases.follow_up", Part.CENTRE,
               Words("重办后仍不满意，由督查员裁定", "Still not satisfied: a supervisor decides"), (RATING, REASON),
               outcome=FollowUp.DISSATISFIED, guard=g.second_dissent, resident=True),
    Transition(Act.FOLLOW_UP, _FOLLOWING, None, "cases.follow_up", Part.CENTRE,
               Words("未能联系到反映人", "The reporter could not be reached"), (NOTE,), outcome=FollowUp.UNREACHABLE,
               guard=g.not_answered),
    Transition(Act.FOLLOW_UP, _FOLLOWING, None, "cases.follow_up", Part.CENTRE,
               Words("反映人无需答复", "The reporter wants no answer"), (NOTE,), outcome=FollowUp.NOT_WANTED, guard=g.not_answered),
    Transition(Act.DECIDE, _FOLLOWING, Status.HANDLING, "cases.decide", Part.PLACE,
               Words("裁定重新处置", "Decided: to be handled again"), (REASON,), outcome="again", guard=g.disputed_with_lead,
               meets=Stage.FOLLOW_UP),
    Transition(Act.DECIDE, _FOLLOWING, Status.CLOSED, "cases.decide", Part.PLACE,
               Words("裁定处置到位，结案", "Decided: what could be done was done; closed"), (REASON,), outcome="uphold",
               guard=g.disputed, meets=Stage.FOLLOW_UP),
    Transition(Act.CLOSE, _FOLLOWING, Status.CLOSED, "cases.close", Part.CENTRE, Words("结案", "Closed"),
               (Input("final_category", Kind.CATEGORY, Words("最终类别", "Final category"), required=False), NOTE),
               guard=g.closable, meets=Stage.FOLLOW_UP),
    Transition(Act.REOPEN, _only(Status.CLOSED), Status.ACCEPTED, "cases.reopen", Part.CENTRE,
               Words("重新办理（一次），由中心派遣", "Handled anew, once; to be dispatched by the centre"), (REASON,),
               guard=g.not_reopened, resident=True),
    Transition(Act.ARCHIVE, _only(Status.CLOSED), Status.ARCHIVED, "cases.archive", Part.CENTRE,
               Words("归档，此后只读", "Archived: read only from now on"), (NOTE,)),
    # — from outside the line ———————————————————————————————————————————————————————————————————————————————————————————————
    Transition(Act.URGE, OPEN, None, "cases.urge", Part.PLACE, Words("催促承办方", "Those who have the case are urged"),
               (REASON,), quiet=True),
    Transition(Act.SUPERVISE, OPEN, None, "cases.supervise", Part.PLACE,
               Words("督办，须回复，解除前一直在督办墙上", "Supervised: must be answered, stays on the wall until it is lifted"),
               (Input("level", Kind.CHOICE, Words("督办级别", "Level"), choices=Level),
                Input("answer_by", Kind.TIME, Words("回复期限", "To be answered by"), required=False), REASON), quiet=True),
    Transition(Act.INSTRUCT, OPEN, None, "cases.instruct", Part.PLACE, Words("领导批示，须回复", "An instruction, to be answered"),
               (_text("note", "批示", "Instruction"),), quiet=True),
    Transition(Act.ANSWER, OPEN, None, "cases.answer", Part.ANSWERING, Words("回复催办、督办或批示", "A demand is answered"),
               (DEMAND, _text("note", "回复", "Answer")), guard=g.unanswered, quiet=True),
    Transition(Act.LIFT, _ANY, None, "cases.lift", Part.PLACE, Words("解除催办、督办或批示", "A demand is lifted"),
               (DEMAND, NOTE), guard=g.demanded, quiet=True),
    Transition(Act.RECLASSIFY, LIVE, None, "cases.reclassify", Part.CENTRE,
               Words("更正类别，时限按新类别", "Another category, with its limits"), (NEW_CATEGORY, REASON)),
    Transition(Act.SET_URGENCY, LIVE, None, "cases.reclassify", Part.CENTRE,
               Words("调整紧急程度，时限随之", "Another urgency, with its limits"),
               (Input("urgency", Kind.CHOICE, Words("紧急程度", "Urgency"), choices=Urgency), REASON)),
    Transition(Act.SET_CONFIDENTIAL, _ANY, None, "cases.confidential", Part.CENTRE,
               Words("设置或取消反映人保密", "The reporter is made confidential, or is not any more"),
               (Input("confidential", Kind.FLAG, Words("保密", "Confidential")), NOTE), quiet=True),
    Transition(Act.COMMENT, _ANY, None, "cases.comment", Part.SEES, Words("备注，不影响时限", "A comment; no clock moves"),
               (_text("note", "备注", "Comment"), _evidence("comment", "附件", "Attachments")), quiet=True),
    Transition(Act.TAG, _ANY, None, "cases.tag", Part.PLACE, Words("设置标签", "Its tags are set"),
               (Input("tags", Kind.TAGS, Words("标签", "Tags")),), quiet=True),
    Transition(Act.LINK, _ANY, None, "cases.tag", Part.PLACE, Words("关联另一案件", "Linked to another case"), (OTHER_CASE, NOTE),
               quiet=True),
    Transition(Act.UNLINK, _ANY, None, "cases.tag", Part.PLACE, Words("取消关联", "The link is taken away"), (OTHER_CASE,),
               quiet=True),
    # — with who asked, and before the public ———————————————————————————————————————————————————————————————————————————————
    Transition(Act.ASK_REPORTER, OPEN, None, "cases.ask_reporter", Part.CENTRE,
               Words("反映人凭查询码看到问题并答复", "The reporter sees the question with their code, and answers"),
               (_text("note", "问题", "Question"),), guard=g.askable, quiet=True),
    Transition(Act.ANSWER_QUESTION, OPEN, None, "cases.answer_question", Part.CENTRE,
               Words("反映人答复询问，或由中心代记", "The reporter answers, or the centre in their name"),
               (_text("note", "答复", "Answer"), _evidence("report", "照片", "Photos")), guard=g.questioned, quiet=True, resident=True),
    Transition(Act.PUBLISH, _ANY, None, "cases.publish", Part.CENTRE,
               Words("反映人和公众可见；清空即收回", "The reporter and the public may see these; leave both empty to take them back"),
               (_text("public_text", "给公众的答复（勿写个人信息）", "Answer for the public (no personal data)", required=False),
                Input("files", Kind.FILES, Words("可公开的照片", "Photos for the public"), required=False)), quiet=True),
)  # fmt: skip

DRAWN = frozenset(row.act for row in TABLE if row.drawn)
"""Acts whose outcome is the system's."""


@cache
def rows_of(act: Act, outcome: str | None = None) -> tuple[Transition, ...]:
    """The rows of the table for an act and the outcome a person gave; more than one when guards tell them apart."""
    return tuple(row for row in TABLE if row.act == act and (row.drawn or row.outcome == outcome))


def outcomes(act: Act) -> tuple[str, ...]:
    """The outcomes a person can give an act; empty for acts with one."""
    return tuple(dict.fromkeys(row.outcome for row in TABLE if row.act == act and row.outcome and not row.drawn))


def inputs_of(act: Act) -> tuple[Input, ...]:
    """Everything an act may be given; required is what each of its rows requires."""
    found: dict[str, Input] = {}
    table = [row for row in TABLE if row.act == act]
    for given in (i for row in table for i in row.inputs):
        always = all(any(i.name == given.name and i.required for i in row.inputs) for row in table)
        found.setdefault(given.name, Input(given.name, given.kind, given.words, always, given.choices, given.role))
    return tuple(found.values())


def possible(status: Status) -> Iterable[Transition]:
    """What the table allows in a status, whoever asks."""
    return (row for row in TABLE if status in row.sources)


def acts() -> tuple[Act, ...]:
    """Every act of the table, in its order."""
    return tuple(dict.fromkeys(row.act for row in TABLE))


def diagram() -> str:
    """What moves a case, as a Mermaid state diagram for docs/lifecycle.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.REPORTED}: 上报 report"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        label = row.act.words.zh + (f"·{_OUTCOMES[row.outcome]}" if row.outcome else "")
        for source in sorted(row.sources):
            for target in sorted(row.targets):
                arrows.setdefault((source, target), []).append(label)
    lines += [f"    {a} --> {b}: {' / '.join(dict.fromkeys(labels))}" for (a, b), labels in arrows.items()]
    lines += [f"    {s} --> [*]" for s in sorted(set(Status) - {s for s, _ in arrows})]
    lines += [f"    {s}: {s.words.zh} {s}" for s in Status]
    return "\n".join(lines) + "\n"


def document() -> str:
    """The whole table as Markdown, for docs/lifecycle.md."""
    head = "| 动作 act | 从 from | 到 to | 权限 permission | 谁 whose | 输入 inputs | 效果 effect |\n|---|---|---|---|---|---|---|\n"
    lines = []
    for row in TABLE:
        act = f"{row.act.words.zh} `{row.act}`" + (f" {_OUTCOMES[row.outcome]}" if row.outcome else "")
        sources = "any but archived" if row.sources == _ANY else "open" if row.sources == OPEN else "live" if row.sources == LIVE else ", ".join(sorted(row.sources))  # fmt: skip
        inputs = ", ".join(f"`{i.name}`" + ("" if i.required else "?") for i in row.inputs)
        target = "back to " + " or ".join(sorted(row.back)) if row.back else row.target or "–"
        whose = f"{row.part}, resident" if row.resident else row.part
        lines.append(
            f"| {act} | {sources} | {target} | `{row.permission}` | {whose} | {inputs} | {row.effect.zh} {row.effect.en} |"
        )
    return head + "\n".join(lines) + "\n"


_OUTCOMES = {
    "pass": "通过",
    "fail": "不通过",
    "closed": "结案",
    "sampled": "抽查",
    "again": "重办",
    "uphold": "结案",
    "satisfied": "满意",
    "dissatisfied": "不满意",
    "unreachable": "未接通",
    "not_wanted": "无需答复",
}


def clock_outcome(*, due: datetime, stopped: datetime, met: bool = True) -> str:
    """A clock that is stopped at the very second it is due was met. ``met`` False: the act that stops it does not fulfil it, so that in
    time it merely ended."""
    if stopped > due:
        return "missed"
    return "met" if met else "ended"
