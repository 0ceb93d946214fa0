"""Reads of the ledger for the auditor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, guards, seal
from wangge.kernel.ledger.tags import KernelTag, LedgerPermission, sentence
from wangge.kernel.web import paging


def entries(
    *,
    by: Principal,
    tag: str | None = None,
    actor: UUID | None = None,
    subject: UUID | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """Entries, newest first, each with its readable sentence."""
    by.require(LedgerPermission.READ)
    return _page(tag=tag, actor=actor, subject=subject, after=after, limit=limit)


def reveals(
    *, by: Principal, actor: UUID | None = None, after: str | None = None, limit: int = paging.DEFAULT
) -> dict[str, Any]:
    """Who saw which field in clear, and for what: entries of one tag."""
    by.require(LedgerPermission.REVEALS)
    return _page(tag=str(KernelTag.REVEALED), actor=actor, subject=None, after=after, limit=limit)


def _page(
    *, tag: str | None, actor: UUID | None, subject: UUID | None, after: str | None, limit: int
) -> dict[str, Any]:
    terms, params = ["TRUE"], {"limit": limit + 1, "tag": tag, "actor": actor, "subject": subject}
    terms += [f"e.{name} = %({name})s" for name in ("tag", "actor", "subject") if params[name] is not None]
    if after:
        params["after"] = paging.decode(after, kinds=(int,))[0]
        terms.append("e.pos < %(after)s")
    found = rows.all(
        f"""SELECT e.pos, e.id, e.at, e.recorded_at, e.tag, e.actor_kind, e.actor, e.on_behalf, e.kind, e.subject, e.district,
                   e.body::text AS body, l.seq
            FROM ledger_entry e LEFT JOIN ledger_link l ON l.pos = e.pos
            WHERE {" AND ".join(terms)} ORDER BY e.pos DESC LIMIT %(limit)s""",
        params,
    )
    for row in found:
        row["body"] = orjson.loads(row["body"])
        row["words"] = sentence(row["tag"], row["body"])._asdict()
    return paging.page(found, limit, keys=("pos",))


def state(*, by: Principal) -> dict[str, Any]:
    """How far the ledger is sealed, and whether the database's own locks on it are shut."""
    by.require(LedgerPermission.VERIFY)
    last, waiting = batches.last(), seal.waiting()
    return {
        "batches": last.number if last else 0,
        "entries": last.last if last else 0,
        "root": last.root if last else None,
        "sealed_at": last.sealed_at if last else None,
        "waiting": waiting["entries"],
        "waiting_seconds": float(waiting["seconds"] or 0),
        "locks": [words._asdict() for words in guards.problems()],
    }
