"""询问反映人 and its answer, and 公开答复: what the reporter and the public may see of a case."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from wangge.domain.cases.actions.asking import answer_request, new_request
from wangge.domain.cases.actions.move import Effects, act, open_for, required_text, write
from wangge.domain.cases.actions.wanted import with_evidence
from wangge.domain.cases.rules import Act, Ask, pending
from wangge.domain.evidence.actions.attach import Promise
from wangge.domain.evidence.actions.clearing import clearing
from wangge.kernel import clock
from wangge.kernel.access import Principal
from wangge.kernel.db.rows import Row
from wangge.kernel.words import Words


@act
def ask_reporter(*, by: Principal, case: UUID, version: int | None = None, note: str) -> Row:
    """询问反映人: they see the question where they follow their report. No clock moves."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ASK_REPORTER)
    text = required_text("note", note, Words("问题", "The question"))
    effects = Effects(note=text, unit=row["holder"])
    effects.parts["request"] = new_request(row, by=by, kind=Ask.QUESTION, unit=row["holder"], text=text)
    return write(by=by, row=row, move=move, effects=effects)


@act
def answer_question(
    *, by: Principal, case: UUID, version: int | None = None, note: str, evidence: Sequence[Promise] = ()
) -> Row:
    """答复询问: the reporter says what was asked, or the centre writes down what they said on the phone."""
    row, move = open_for(by=by, case=case, version=version, act=Act.ANSWER_QUESTION)
    text = required_text("note", note, Words("答复", "The answer"))
    question = pending(row, Ask.QUESTION)[0]["id"]
    effects = Effects(note=text, data={"request": question})
    effects.parts["answered"] = answer_request(row, by=by, request=question, outcome="answered", text=text)
    with_evidence(effects, by=by, row=row, act=Act.ANSWER_QUESTION, evidence=evidence)
    return write(by=by, row=row, move=move, effects=effects)


@act
def publish(
    *, by: Principal, case: UUID, version: int | None = None, public_text: str = "", files: Sequence[UUID] = ()
) -> Row:
    """公开答复: this text and these photos of the case, and no others, may be seen by who follows it and by the public."""
    row, move = open_for(by=by, case=case, version=version, act=Act.PUBLISH)
    text = public_text.strip()
    effects = Effects(
        columns={"public_text": text},
        note=text,
        unit=row["holder"],
        data={"files": [str(file) for file in files]},
        parts={"cleared": clearing(district=row["district"], case=row["id"], files=files, at=clock.now())},
    )
    return write(by=by, row=row, move=move, effects=effects)
