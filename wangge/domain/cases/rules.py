"""The life of a case as a table: which act leads from which status to which, what it needs, which clock it stops and starts.

The API's routes, the acts offered with a case, the permission matrix and the diagram in docs/lifecycle.md are made from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wangge.kernel.words import Words


class Status(StrEnum):
    REPORTED = "reported"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    VERIFYING = "verifying"
    FOLLOWING_UP = "following_up"
    CLOSED = "closed"

    @property
    def words(self) -> Words:
        return STATUS_WORDS[self]


STATUS_WORDS = {
    Status.REPORTED: Words("待受理", "Reported"),
    Status.ACCEPTED: Words("待派遣", "Accepted"),
    Status.HANDLING: Words("处置中", "In handling"),
    Status.VERIFYING: Words("待核查", "To be verified"),
    Status.FOLLOWING_UP: Words("待回访", "To be followed up"),
    Status.CLOSED: Words("已结案", "Closed"),
}
OPEN = frozenset(Status) - {Status.CLOSED}


class Act(StrEnum):
    REPORT = "report"
    LOCATE = "locate"
    ACCEPT = "accept"
    DISPATCH = "dispatch"
    TAKE = "take"
    RESOLVE = "resolve"
    VERIFY = "verify"
    CLOSE = "close"
    REGRID = "regrid"
    """Not in the table, because nobody does it to a case: it follows when grids are split, merged or redrawn."""

    @property
    def words(self) -> Words:
        return ACT_WORDS[self]


ACT_WORDS = {
    Act.REPORT: Words("上报", "Report"),
    Act.LOCATE: Words("定位", "Locate"),
    Act.ACCEPT: Words("受理", "Accept"),
    Act.DISPATCH: Words("派遣", "Dispatch"),
    Act.TAKE: Words("签收", "Take"),
    Act.RESOLVE: Words("办结", "Resolve"),
    Act.VERIFY: Words("核查", "Verify"),
    Act.CLOSE: Words("结案", "Close"),
    Act.REGRID: Words("网格调整", "Grid changed"),
}


class Stage(StrEnum):
    """What a clock is for; the values of ``catalog.Limit.stage``."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"
    FOLLOW_UP = "follow_up"

    @property
    def words(self) -> Words:
        return STAGE_WORDS[self]


STAGE_WORDS = {
    Stage.ACCEPT: Words("受理时限", "To be accepted"),
    Stage.DISPATCH: Words("派遣时限", "To be dispatched"),
    Stage.HANDLE: Words("处置时限", "To be handled"),
    Stage.VERIFY: Words("核查时限", "To be verified"),
    Stage.FOLLOW_UP: Words("回访时限", "To be followed up"),
}

STAGE_OF = {
    Status.REPORTED: Stage.ACCEPT,
    Status.ACCEPTED: Stage.DISPATCH,
    Status.HANDLING: Stage.HANDLE,
    Status.VERIFYING: Stage.VERIFY,
    Status.FOLLOWING_UP: Stage.FOLLOW_UP,
}
"""The clock that runs in each status; none runs in a status that is not here."""


class Channel(StrEnum):
    WORKER = "worker"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    OPEN311 = "open311"
    WINDOW = "window"
    PATROL = "patrol"
    INSPECTION = "inspection"
    UNIT = "unit"
    CAMERA = "camera"
    IMPORT = "import"

    @property
    def words(self) -> Words:
        return CHANNEL_WORDS[self]


CHANNEL_WORDS = {
    Channel.WORKER: Words("网格员上报", "Grid worker"),
    Channel.RESIDENT: Words("居民上报", "Resident"),
    Channel.HOTLINE: Words("12345 热线", "Hotline"),
    Channel.OPEN311: Words("Open311", "Open311"),
    Channel.WINDOW: Words("窗口", "Window"),
    Channel.PATROL: Words("巡查", "Patrol"),
    Channel.INSPECTION: Words("检查", "Inspection"),
    Channel.UNIT: Words("单位", "Unit"),
    Channel.CAMERA: Words("视频", "Camera"),
    Channel.IMPORT: Words("导入", "Import"),
}


class FollowUp(StrEnum):
    """How the reporter was answered: the step is never skipped silently (DESIGN §4)."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    UNREACHABLE = "unreachable"
    NOT_WANTED = "not_wanted"

    @property
    def words(self) -> Words:
        return FOLLOW_UP_WORDS[self]


FOLLOW_UP_WORDS = {
    FollowUp.SATISFIED: Words("已答复，满意", "Answered, satisfied"),
    FollowUp.DISSATISFIED: Words("已答复，不满意", "Answered, dissatisfied"),
    FollowUp.UNREACHABLE: Words("多次联系未果", "Could not be reached"),
    FollowUp.NOT_WANTED: Words("无需答复", "No answer wanted"),
}


@dataclass(frozen=True)
class Input:
    """One thing an act asks for; ``kind`` tells a form what to show. ``when``: only for this outcome."""

    name: str
    kind: str
    words: Words
    required: bool = True
    when: str | None = None


@dataclass(frozen=True)
class Transition:
    """``act`` from one of ``sources`` to ``target`` (None: the status stays). ``permission`` is a value of CasePermission."""

    act: Act
    sources: frozenset[Status]
    target: Status | None
    permission: str
    effect: Words
    inputs: tuple[Input, ...] = ()
    outcome: str | None = None

    @property
    def moves(self) -> bool:
        return self.target is not None


NOTE = Input("note", "text", Words("说明", "Note"), required=False)

TABLE: tuple[Transition, ...] = (
    Transition(
        Act.LOCATE,
        OPEN,
        None,
        "cases.locate",
        Words("案件定位到网格", "The case gets its place and grid"),
        (Input("point", "point", Words("位置", "Position")), NOTE),
    ),
    Transition(
        Act.ACCEPT,
        frozenset({Status.REPORTED}),
        Status.ACCEPTED,
        "cases.accept",
        Words("受理，进入派遣", "Accepted, to be dispatched"),
        (Input("category", "category", Words("类别", "Category"), required=False), NOTE),
    ),
    Transition(
        Act.DISPATCH,
        frozenset({Status.ACCEPTED}),
        Status.HANDLING,
        "cases.dispatch",
        Words("派给主办单位，开始计处置时限", "Given to the lead unit; the handling clock starts"),
        (
            Input(
                "unit", "unit", Words("主办单位（空则按派遣规则）", "Lead unit (empty: by the route)"), required=False
            ),
            NOTE,
        ),
    ),
    Transition(
        Act.TAKE,
        frozenset({Status.HANDLING}),
        None,
        "cases.take",
        Words("主办单位签收", "The lead unit has taken it"),
        (NOTE,),
    ),
    Transition(
        Act.RESOLVE,
        frozenset({Status.HANDLING}),
        Status.VERIFYING,
        "cases.resolve",
        Words("报告处置结果，待核查", "The result is reported, to be verified"),
        (Input("result", "text", Words("处置结果", "Result")),),
    ),
    Transition(
        Act.VERIFY,
        frozenset({Status.VERIFYING}),
        Status.FOLLOWING_UP,
        "cases.verify",
        Words("核查通过，待回访", "Verified, to be followed up"),
        (NOTE,),
        outcome="pass",
    ),
    Transition(
        Act.VERIFY,
        frozenset({Status.VERIFYING}),
        Status.HANDLING,
        "cases.verify",
        Words("核查不通过，退回重新处置", "Verification failed, back to handling"),
        (Input("note", "text", Words("不通过的原因", "Why it failed")),),
        outcome="fail",
    ),
    Transition(
        Act.CLOSE,
        frozenset({Status.FOLLOWING_UP}),
        Status.CLOSED,
        "cases.close",
        Words("记录回访并结案", "The follow-up is recorded and the case closed"),
        (
            Input("follow_up", "follow_up", Words("回访情况", "Follow-up")),
            Input("final_category", "category", Words("最终类别", "Final category"), required=False),
            NOTE,
        ),
    ),
)


def transition(act: Act, outcome: str | None = None) -> Transition:
    """The row of the table for an act (and its outcome, for acts that have several). KeyError for an unknown one."""
    for row in TABLE:
        if row.act == act and row.outcome == outcome:
            return row
    raise KeyError((act, outcome))


def outcomes(act: Act) -> tuple[str, ...]:
    """The outcomes an act can have; empty for acts with one."""
    return tuple(row.outcome for row in TABLE if row.act == act and row.outcome)


def possible(status: Status) -> Iterable[Transition]:
    """What the table allows in a status, whoever asks."""
    return (row for row in TABLE if status in row.sources)


def may_verify(*, person: object, person_units: frozenset[object], handled_by: Iterable[object], lead: object) -> bool:
    """A verifier did not handle the case: neither took or resolved it, nor belongs to the unit that did (DESIGN §4, verify)."""
    return person not in set(handled_by) and lead not in person_units


def clock_outcome(*, due: datetime, stopped: datetime) -> str:
    """A clock that is stopped at the very second it is due was met."""
    return "met" if stopped <= due else "missed"


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/lifecycle.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.REPORTED}: 上报 report"]
    for row in TABLE:
        outcome = {"pass": "通过 pass", "fail": "不通过 fail", None: ""}[row.outcome]
        label = f"{row.act.words.zh} {row.act}" + (f" · {outcome}" if outcome else "")
        for source in sorted(row.sources):
            lines.append(f"    {source} --> {row.target or source}: {label}")
    lines += [f"    {Status.CLOSED} --> [*]"]
    lines += [f"    {s}: {s.words.zh} {s}" for s in Status]
    return "\n".join(lines) + "\n"
