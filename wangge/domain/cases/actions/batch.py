"""A phone's queue: operations that were captured without a network, each done exactly once, however often they are sent.

Each operation has an id of its own, made when it was captured. What it did is kept under that id in the transaction that did it; sent
again it is a duplicate and gets the same answer. One that fails hurts no other, but those that build on it. The reports that depend on
nothing in the batch are written together first; everything else is done one by one, in its order.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, transaction

from wangge.domain.cases import queries
from wangge.domain.cases.actions.captured import captured
from wangge.domain.cases.actions.dispatching import by_itself
from wangge.domain.cases.actions.perform import perform
from wangge.domain.cases.actions.report import Report, report
from wangge.domain.cases.actions.together import Sent, keys_of, report_together
from wangge.domain.cases.rules import Act
from wangge.domain.cases.rules.capture import Capture
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import body_hash
from wangge.kernel.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from wangge.kernel.words import Words

log = logging.getLogger("wangge.cases")

MOST = 100
KEEP = timedelta(days=90)
"""A phone that was away longer than this sends its reports anew by their own ids, which are kept for ever."""


class Failed(Problem):
    """A defect of ours; the operation is not done, and may be sent again."""

    status, name, title = 500, "internal", Words("系统错误", "Internal error")


FAILED = Words(
    "系统处理此操作时出错，已记录；请稍后重发。",
    "An internal error, which has been recorded; send this operation again later.",
)


@dataclass(frozen=True)
class Operation:
    """One entry of the queue.

    A ``report``, or an ``act`` on a ``case`` with what was ``given``; a ``problem`` when what was sent could not be read, which is then
    the answer. ``after``: the operation whose outcome this one builds on: its case, and the version that it made. ``payload``:
    what it is to do, to know the same again; ``capture``: when and where it was captured, which two phones that bring it may tell
    differently.
    """

    id: UUID
    payload: dict[str, Any]
    report: Report | None = None
    act: Act | None = None
    case: UUID | None = None
    version: int | None = None
    after: UUID | None = None
    given: dict[str, Any] | None = None
    capture: Capture | None = None
    problem: Problem | None = None

    @cached_property
    def digest(self) -> bytes:
        return body_hash(self.payload)


@dataclass(frozen=True)
class Answer:
    """``outcome``: applied, duplicate (done before), rejected, conflict (somebody else was first), or failed (by a defect of ours)."""

    id: UUID
    outcome: str
    state: dict[str, Any] | None = None
    problem: Problem | None = None
    reports: UUID | None = None
    """The case that the operation was to report."""


def run(*, by: Principal, operations: Sequence[Operation]) -> list[Answer]:
    """Do the operations in their order; an answer for each, in the same order. Raises only for what concerns the batch as a whole."""
    if by.kind != "user":
        raise Forbidden(Words("批量提交仅供工作人员的设备使用。", "A batch is for the devices of members of staff."))
    if len(operations) > MOST:
        raise Invalid.field(
            "body.operations",
            "too_many",
            f"一次最多 {MOST} 条，请分批。",
            f"At most {MOST} operations at once; send the rest afterwards.",
        )
    ids = Counter(operation.id for operation in operations)
    for twice in (key for key, count in ids.items() if count > 1):
        raise Invalid.field(
            "body.operations",
            "twice",
            f"操作 {twice} 在一批中出现两次。",
            f"Operation {twice} is in the batch twice.",
        )
    known = _done_before(by, operations)
    made = report_together(by=by, sent=_independent([o for o in operations if o.id not in known]))
    done = known | {key: Answer(key, "applied", state) for key, state in made.items()}
    answers: dict[UUID, Answer] = {}
    for operation in operations:
        answer = done.get(operation.id) or _one(by, operation, answers)
        answers[operation.id] = replace(answer, reports=operation.report.id if operation.report is not None else None)
    return list(answers.values())


def _done_before(by: Principal, operations: Sequence[Operation]) -> dict[UUID, Answer]:
    """What was sent before with this very content, and is answered as it was then."""
    found = rows.all(
        "SELECT id, body_hash, answer FROM cases_operation WHERE actor = %(actor)s AND id = ANY(%(ids)s) AND answer IS NOT NULL",
        {"actor": by.id, "ids": [o.id for o in operations]},
    )
    known = {r["id"]: r for r in found}
    return {
        o.id: Answer(o.id, "duplicate", orjson.loads(known[o.id]["answer"]))
        for o in operations
        if o.problem is None and o.id in known and bytes(known[o.id]["body_hash"]) == o.digest
    }


def _independent(operations: Sequence[Operation]) -> list[Sent]:
    """The reports that may be done before everything else: no operation in front of them names their case, them, or a file of theirs."""
    named: set[UUID] = set()
    found = []
    for operation in operations:
        report, given = operation.report, operation.given or {}
        if report is not None and named.isdisjoint((operation.id, *keys_of(report))):
            found.append(Sent(operation.id, operation.digest, report, operation.capture))
        elif report is not None:
            named.update(keys_of(report))
        named.update(key for key in (operation.case, operation.after) if key is not None)
        named.update(promise.id for promise in given.get("evidence") or ())
    return found


def _one(by: Principal, operation: Operation, answers: dict[UUID, Answer]) -> Answer:
    try:
        if operation.problem is not None:
            raise operation.problem
        with transaction.atomic(), captured(operation.capture):
            known = _claim(by, operation)
            if known is not None:
                return Answer(operation.id, "duplicate", known)
            state = queries.state(_do(by, operation, answers))
            rows.run(
                "UPDATE cases_operation SET answer = %(answer)s::jsonb WHERE actor = %(actor)s AND id = %(id)s",
                {"answer": orjson.dumps(state, default=str).decode(), "actor": by.id, "id": operation.id},
            )
        return Answer(operation.id, "applied", state)
    except Conflict as problem:
        return Answer(operation.id, "conflict", problem.extra.get("current"), problem)
    except Problem as problem:
        return Answer(operation.id, "rejected", None, problem)
    except (OperationalError, InterfaceError):  # the database is away: nothing can be said of any of them
        raise
    except Exception:
        log.exception("an operation of a batch failed", extra={"operation": str(operation.id)})
        return Answer(operation.id, "failed", None, Failed(FAILED))


def _claim(by: Principal, operation: Operation) -> dict[str, Any] | None:
    """Take the operation's id, or the answer it got when it was done before. Waits for a twin that is being done right now."""
    digest = operation.digest
    taken = rows.run(
        """INSERT INTO cases_operation (actor, id, body_hash, at) VALUES (%(actor)s, %(id)s, %(hash)s, %(at)s)
           ON CONFLICT (actor, id) DO NOTHING""",
        {"actor": by.id, "id": operation.id, "hash": digest, "at": clock.now()},
    )
    if taken:
        return None
    known = rows.one(
        "SELECT body_hash, answer FROM cases_operation WHERE actor = %(actor)s AND id = %(id)s",
        {"actor": by.id, "id": operation.id},
    )
    if known is None or bytes(known["body_hash"]) != digest:
        raise Invalid.field(
            "id",
            "id_reused",
            "这个操作编号已用于另一条内容不同的操作，请换用新编号。",
            "This id was used for another operation; give this one a new id.",
        )
    return orjson.loads(known["answer"])


def _do(by: Principal, operation: Operation, answers: dict[UUID, Answer]) -> dict[str, Any]:
    if operation.report is not None:
        return by_itself(
            report(by=by, report=operation.report)[0]
        )  # what builds on it builds on what the rule has made of it
    assert operation.act is not None
    case, version = operation.case, operation.version
    if operation.after is not None:
        before = _before(by, operation.after, answers)
        case, version = case or UUID(str(before["id"])), before["version"]
    for earlier in answers.values():
        if case is not None and earlier.reports == case and earlier.outcome not in ("applied", "duplicate"):
            raise Invalid.field(
                "case",
                "failed",
                "该案件的上报没有成功，见同批的答复。",
                "The report of this case did not succeed; see its answer.",
            )
    if case is None:
        raise Invalid.field("case", "missing", "请说明是哪个案件。", "Say which case it is about.")
    return perform(by=by, act=operation.act, case=case, version=version, given=operation.given or {})


def _before(by: Principal, after: UUID, answers: dict[UUID, Answer]) -> dict[str, Any]:
    """The state that the operation made which this one builds on: in this batch, or in one that was sent before."""
    here = answers.get(after)
    if here is not None and here.outcome in ("applied", "duplicate"):
        assert here.state is not None
        return here.state
    if here is None:
        known = rows.one(
            "SELECT answer FROM cases_operation WHERE actor = %(actor)s AND id = %(id)s AND answer IS NOT NULL",
            {"actor": by.id, "id": after},
        )
        if known is not None:
            return orjson.loads(known["answer"])
        raise NotFound(Words("它所依据的操作尚未提交。", "The operation it builds on was never sent."))
    raise Invalid.field("after", "failed", "它所依据的操作没有成功。", "The operation it builds on did not succeed.")


def forget() -> int:
    """Forget what was sent long ago. Returns how many."""
    return rows.run("DELETE FROM cases_operation WHERE at < %(old)s", {"old": clock.now() - KEEP})
