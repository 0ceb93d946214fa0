"""Every act of the table by its name: what the API, the batch of a phone and bulk acts call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from wangge.domain.cases.actions import asking, checking, desk, dispatching, handling, outside, with_reporter
from wangge.domain.cases.rules import Act, inputs_of, outcomes
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row

FUNCTIONS: Mapping[Act, Callable[..., Row]] = {
    Act.LOCATE: desk.locate,
    Act.ACCEPT: desk.accept,
    Act.REJECT: desk.reject,
    Act.MERGE: desk.merge,
    Act.UNMERGE: desk.unmerge,
    Act.WITHDRAW: desk.withdraw,
    Act.VOID: desk.void,
    Act.ESCALATE: desk.escalate,
    Act.DELEGATE: desk.delegate,
    Act.DISPATCH: dispatching.dispatch,
    Act.DESIGNATE: dispatching.designate,
    Act.REASSIGN: dispatching.reassign,
    Act.INVOLVE: dispatching.involve,
    Act.SELF_RESOLVE: handling.self_resolve,
    Act.TAKE: handling.take,
    Act.RETURN: handling.return_,
    Act.DECLINE: handling.decline,
    Act.PROGRESS: handling.progress,
    Act.RESOLVE_SHARE: handling.resolve_share,
    Act.RESOLVE: handling.resolve,
    Act.ASK_HELP: asking.ask_help,
    Act.ANSWER_HELP: asking.answer_help,
    Act.ASK_EXTENSION: asking.ask_extension,
    Act.EXTEND: asking.extend,
    Act.ASK_SUSPENSION: asking.ask_suspension,
    Act.SUSPEND: asking.suspend,
    Act.REFUSE: asking.refuse,
    Act.RESUME: asking.resume,
    Act.VERIFY: checking.verify,
    Act.FOLLOW_UP: checking.follow_up,
    Act.DECIDE: checking.decide,
    Act.CLOSE: checking.close,
    Act.REOPEN: checking.reopen,
    Act.ARCHIVE: checking.archive,
    Act.URGE: outside.urge,
    Act.SUPERVISE: outside.supervise,
    Act.INSTRUCT: outside.instruct,
    Act.ANSWER: outside.answer,
    Act.LIFT: outside.lift,
    Act.RECLASSIFY: outside.reclassify,
    Act.SET_URGENCY: outside.set_urgency,
    Act.SET_CONFIDENTIAL: outside.set_confidential,
    Act.COMMENT: outside.comment,
    Act.TAG: outside.tag,
    Act.LINK: outside.link,
    Act.UNLINK: outside.unlink,
    Act.ASK_REPORTER: with_reporter.ask_reporter,
    Act.ANSWER_QUESTION: with_reporter.answer_question,
    Act.PUBLISH: with_reporter.publish,
}


def perform(*, by: Principal, act: Act, case: UUID, version: int | None, given: Mapping[str, Any]) -> Row:
    """Do ``act`` with what was ``given`` (inputs of the table and the outcome; points as (lon, lat)). Raises as the act does."""
    known = {i.name for i in inputs_of(act)} | ({"outcome"} if outcomes(act) else set())
    return FUNCTIONS[act](
        by=by, case=case, version=version, **{k: v for k, v in given.items() if k in known and v is not None}
    )
