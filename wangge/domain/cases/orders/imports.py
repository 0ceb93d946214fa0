"""An import of 12345 orders as a person leads it: a workbook is received, checked in the background as often as its mapping changes,
and brought in when they say so. Each step can be left and come back to; a worker that dies leaves its job to another, which goes on
where it stopped because an order that is here already is left as it is.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from wangge.domain.cases import orders
from wangge.domain.cases.orders import kept, mappings
from wangge.domain.cases.orders.reading import NoColumn
from wangge.domain.cases.orders.telling import IMPORTER
from wangge.domain.cases.orders.words import Translation
from wangge.domain.cases.tags import CasePermission, ImportTag
from wangge.domain.places import queries as places
from wangge.kernel import clock, jobs, ledger, tables
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict, Forbidden, Invalid, Problem
from wangge.kernel.words import Words

MOST_BYTES = 32 * 1024 * 1024
"""Of a workbook that is sent; a larger one is for the command line."""
MOST_ERRORS = 50_000
MOST_WORDS = 200
KEEP = timedelta(days=30)
"""How long an import is shown after it last changed. Its workbook goes when the import is done."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
FAILED = Words(
    "系统处理此文件时出错，已记录，将自动重试。", "An internal error, which has been recorded; it will be tried again."
)
CUT_OFF = Words(
    "处理多次被中断，已停止；已导入的工单保留。请重新开始。",
    "It was cut off again and again, and stopped; orders that are here already stay. Please start it anew.",
)
QUIET = timedelta(minutes=1)
"""An import that moved later than this may be one whose job is just being queued."""


def receive(
    *, by: Principal, id: UUID, filename: str, content: bytes, street: str, source: str, mapping: str = ""
) -> tuple[Row, bool]:
    """Keep a workbook and have it checked, with the saved ``mapping`` if one is named. Returns the import, and whether this call made it: sent again it is the one that is there.

    Raises Forbidden for a street that is not one's own, NotFound for an unknown mapping, Invalid for a file that is no workbook.
    """
    scope = by.require(CasePermission.IMPORT)
    if not places.is_street(street):
        raise Invalid.field("form.street", "unknown", "没有这个街道或镇。", "There is no such street or town.")
    if not scope.covers(district=street[:6], street=street):
        raise Forbidden(Words("这个街道不在您的管辖范围内。", "This street is not one of yours."))
    if len(content) > MOST_BYTES:
        most = MOST_BYTES >> 20
        raise Invalid.field(
            "file", "too_large", f"文件超过 {most} MB，请拆分后分次导入。", f"The file exceeds {most} MB; split it."
        )
    if not content.startswith(_WORKBOOKS):
        raise Invalid.field("file", "workbook", *tables.NO_WORKBOOK)
    known = mappings.load(mapping) if mapping else mappings.Saved({}, {})
    digest = hashlib.sha256(content).hexdigest()
    now = clock.now()
    values = {
        "id": id, "district": street[:6], "street": street, "source": source, "filename": filename[:120], "bytes": len(content),
        "digest": digest, "by": by.id, "name": by.name, "at": now, "file": kept.seal(id, content),
        "columns": _json(known.columns), "translation": _json(known.translation),
    }  # fmt: skip
    with transaction.atomic():
        made = rows.run(
            """INSERT INTO cases_order_import (id, district, street, source, filename, bytes, digest, made_by, made_by_name, made_at, changed_at,
                                               file_sealed, state, columns, translation)
               VALUES (%(id)s, %(district)s, %(street)s, %(source)s, %(filename)s, %(bytes)s, %(digest)s, %(by)s, %(name)s, %(at)s, %(at)s,
                       %(file)s, 'checking', %(columns)s, %(translation)s) ON CONFLICT (id) DO NOTHING""",
            values,
        )
        if made:
            jobs.start("cases.orders.check", of=str(id))
    same = "SELECT 1 FROM cases_order_import WHERE id = %(id)s AND digest = %(digest)s AND street = %(street)s AND source = %(source)s"
    if not made and rows.one(same, values) is None:
        raise Invalid.field(
            "form.id",
            "id_reused",
            "这个编号（id）已用于另一文件，请换用新编号。",
            "This id was used for another file; send a new one.",
        )
    return kept.one(by=by, id=id), bool(made)


def check_again(*, by: Principal, id: UUID, columns: Mapping[str, str], translation: Translation) -> Row:
    """Have it checked with another mapping. Raises NotFound, Invalid, and Conflict while it is being worked at or when it is done."""
    mappings.check(columns=columns, translation=translation)
    kept.one(by=by, id=id)
    with transaction.atomic():
        _move(
            id,
            "checking",
            of=("checked", "stopped"),
            columns=_json(columns),
            translation=_json(translation),
            problem=None,
            done=0,
            total=0,
        )
        jobs.start("cases.orders.check", of=str(id))
    return kept.one(by=by, id=id)


def start(*, by: Principal, id: UUID, accept_good: bool) -> Row:
    """Bring in what was checked: everything, or with ``accept_good`` the rows that have no error. On record.

    Raises NotFound; Conflict while it is being worked at, or when it is done; Invalid when rows are bad and that was not accepted.
    """
    row = kept.one(by=by, id=id)
    if row["good"] is None:
        raise _not_now(row["state"])
    if not row["good"]:
        raise Invalid.field("body", "nothing", "没有可导入的行。", "There is no row that could be imported.")
    if row["bad"] and not accept_good:
        raise Invalid.field(
            "body.accept_good",
            "bad_rows",
            f"有 {row['bad']} 行不能导入；请改正后重新上传，或选择只导入其余各行。",
            f"{row['bad']} rows cannot be imported; correct them and send the file again, or choose to import the others.",
        )
    with transaction.atomic():
        _move(id, "importing", of=("checked", "stopped"), accept_good=accept_good, problem=None, done=0, total=0)
        ledger.append(
            by=by,
            tag=ImportTag.ORDERS_STARTED,
            kind="order_import",
            subject=id,
            district=row["street"][:6],
            body={"source": row["source"], "street": row["street"], "good": row["good"], "bad": row["bad"]},
        )
        jobs.start("cases.orders.bring_in", of=str(id))
    return kept.one(by=by, id=id)


def discard(*, by: Principal, id: UUID) -> None:
    """Forget an import and its workbook; cases that it made stay. Raises NotFound, and Conflict while it is being worked at."""
    row = kept.one(by=by, id=id)
    if not rows.run(
        "DELETE FROM cases_order_import WHERE id = %(id)s AND state NOT IN ('checking', 'importing')", {"id": id}
    ):
        raise _not_now(row["state"])


def check(id: UUID) -> None:
    """The job: read and check the workbook, and keep what was found. May run twice."""
    row = _row(id, "checking")
    if row is None:
        return

    def work() -> None:
        try:
            outcome = _run(row, apply=False, looked_at=lambda done, total: _progress(id, done, total))
        except NoColumn as problem:
            found = {
                "header": _json(problem.header),
                "columns": _json(problem.columns),
                "good": None,
                "problem": _words(problem.detail),
            }
            _move(id, "stopped", of=("checking", "stopped"), **found)
            return
        _move(id, "checked", of=("checking", "stopped"), problem=None, **_found(outcome))

    _guarded(id, work)


def bring_in(id: UUID) -> None:
    """The job: import what was checked. May run twice: what is here already is left as it is."""
    row = _row(id, "importing")
    if row is None:
        return
    read, total = row["rows"], row["rows"] + row["good"]
    written = 0

    def tell(more: int) -> None:
        nonlocal written
        written += more
        _progress(id, read + written, total)

    def work() -> None:
        outcome = _run(row, apply=True, looked_at=lambda done, _: _progress(id, done, total), step=tell)
        with transaction.atomic():
            result = {name: getattr(outcome, name) for name in ("made", "known", "closed")}
            lists = {name: _json(_most(getattr(outcome, name))) for name in ("by_category", "by_unit")}
            _move(
                id,
                "done",
                of=("importing", "stopped"),
                problem=None,
                file_sealed=None,
                ended_at=clock.now(),
                **result,
                **lists,
            )
            ledger.append(
                by=IMPORTER, tag=ImportTag.ORDERS_DONE, kind="order_import", subject=id, district=row["district"],
                body={"source": row["source"], **result},
            )  # fmt: skip

    _guarded(id, work)


def stop_cut_off() -> int:
    """Stop imports that no job works at any more, because its worker was killed at each of its tries; how many. Else nobody could begin them anew."""
    job_of = {"checking": "cases.orders.check", "importing": "cases.orders.bring_in"}
    quiet = rows.all(
        "SELECT id, state FROM cases_order_import WHERE state = ANY(%(states)s) AND changed_at < %(before)s",
        {"states": list(job_of), "before": clock.now() - QUIET},
    )
    stopped = 0
    for row in quiet:
        if not jobs.waiting(job_of[row["state"]], of=str(row["id"])):
            with suppress(Conflict):  # its job has just come to its end
                _move(row["id"], "stopped", of=(row["state"],), problem=_words(CUT_OFF))
                stopped += 1
    return stopped


def forget() -> int:
    """Forget imports that nobody has touched for long. Returns how many."""
    return rows.run("DELETE FROM cases_order_import WHERE changed_at < %(old)s", {"old": clock.now() - KEEP})


def _run(row: Row, *, apply: bool, **told: Callable[..., None]) -> orders.Outcome:
    with kept.workbook(row["id"]) as path:
        return orders.run(
            path,
            mapping=orjson.loads(row["columns"]),
            translation=orjson.loads(row["translation"]),
            street=row["street"],
            source=row["source"],
            accept_good=row["accept_good"],
            apply=apply,
            **told,
        )


def _found(outcome: orders.Outcome) -> dict[str, Any]:
    bad = len({e.row for e in outcome.errors})
    errors = [{"row": e.row, "column": e.column, **e.message._asdict()} for e in outcome.errors[:MOST_ERRORS]]
    unknown = [{"field": f, "word": w, "rows": n} for (f, w), n in outcome.unknown.most_common(MOST_WORDS)]
    return {
        "header": _json(outcome.header),
        "columns": _json(outcome.columns),
        "rows": outcome.good + bad,
        "blank": outcome.blank,
        "good": outcome.good,
        "bad": bad,
        "here": outcome.here,
        "errors": _json(errors),
        "unknown": _json(unknown),
        "unmapped": _json([{"name": name, "rows": n} for name, n in outcome.unmapped.most_common(MOST_WORDS)]),
    }


def _most(counted: Counter[Words]) -> list[dict[str, Any]]:
    return [{"name": name.zh, "name_en": name.en, "rows": n} for name, n in counted.most_common(MOST_WORDS)]


def _guarded(id: UUID, work: Callable[[], None]) -> None:
    """What is wrong with the file stops the import; what is wrong with us as well, and the job is tried again."""
    try:
        work()
    except Problem as problem:
        _move(id, "stopped", of=("checking", "importing", "stopped"), problem=_words(problem.detail))
    except Exception:
        _move(id, "stopped", of=("checking", "importing", "stopped"), problem=_words(FAILED))
        raise


def _row(id: UUID, state: str) -> Row | None:
    """The import, if it waits for this job; a job that is tried again finds it stopped."""
    return rows.one(
        """UPDATE cases_order_import SET state = %(state)s WHERE id = %(id)s AND state IN (%(state)s, 'stopped')
           RETURNING id, district, street, source, rows, good, accept_good, columns, translation""",
        {"id": id, "state": state},
    )


def _progress(id: UUID, done: int, total: int) -> None:
    rows.run(
        "UPDATE cases_order_import SET done = %(done)s, total = %(total)s, changed_at = %(at)s WHERE id = %(id)s",
        {"id": id, "done": done, "total": total, "at": clock.now()},
    )


def _move(id: UUID, state: str, *, of: Iterable[str], **values: Any) -> None:
    """Raises Conflict when the import is in none of the states ``of``."""
    given = values | {"changed_at": clock.now(), "state": state}
    done = rows.run(
        f"""UPDATE cases_order_import SET {", ".join(f"{name} = %({name})s" for name in given)}
            WHERE id = %(id)s AND state = ANY(%(of)s)""",
        given | {"id": id, "of": list(of)},
    )
    if not done:
        raise _not_now(str(rows.value("SELECT state FROM cases_order_import WHERE id = %(id)s", {"id": id})))


def _not_now(state: str) -> Conflict:
    words = {
        "checking": Words("正在检查，请等它完成。", "It is being checked; wait until that is done."),
        "importing": Words("正在导入，请等它完成。", "It is being imported; wait until that is done."),
        "done": Words("这次导入已经完成。", "This import is done."),
    }.get(state, Words("请先完成检查。", "It has to be checked first."))
    return Conflict(words, extra={"current": {"state": state}})


def _words(words: Words) -> str:
    return _json(words._asdict())


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
