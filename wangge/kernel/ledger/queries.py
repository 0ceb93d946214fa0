"""Reads of the ledger for the auditor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, guards, naming, seal
from wangge.kernel.ledger.tags import KernelTag, LedgerPermission, all_tags, outline, sentence
from wangge.kernel.web import paging

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Filter:
    """``tags``: any of them. ``kinds``: what it was done to, which is quick to find for all but cases. ``number``: of a case. ``since``
    and ``until``: of recording; ``until`` is not counted."""

    tags: Sequence[str] = ()
    kinds: Sequence[str] = ()
    actor: UUID | None = None
    subject: UUID | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def terms(self, params: dict[str, Any]) -> list[str]:
        found = []
        for column, several in (("tag", self.tags), ("kind", self.kinds)):
            if several:
                params[f"{column}s"] = list(several)
                found.append(f"e.{column} = ANY(%({column}s)s)")
        subject = self.subject
        if self.number is not None:
            # A number that no case has: nothing can be about it.
            subject = naming.find("case", self.number) or NOBODY
        given = {"actor": (self.actor, "e.actor ="), "subject": (subject, "e.subject =")}
        given |= {"since": (self.since, "e.recorded_at >="), "until": (self.until, "e.recorded_at <")}
        for name, (value, compared) in given.items():
            if value is not None:
                params[name] = value
                found.append(f"{compared} %({name})s")
        return found


EVERY = Filter()


def entries(
    *, by: Principal, asked: Filter = EVERY, after: str | None = None, limit: int = paging.DEFAULT
) -> dict[str, Any]:
    """Entries, newest first, each with its readable sentence and with what its people and things are called."""
    by.require(LedgerPermission.READ)
    return _page(asked, after, limit)


def reveals(
    *,
    by: Principal,
    asked: Filter = EVERY,
    after: str | None = None,
    limit: int = paging.DEFAULT,
) -> dict[str, Any]:
    """Who saw which field in clear, and for what: entries of one tag."""
    by.require(LedgerPermission.REVEALS)
    return _page(replace(asked, tags=(str(KernelTag.REVEALED),), kinds=()), after, limit)


def _page(asked: Filter, after: str | None, limit: int) -> dict[str, Any]:
    params: dict[str, Any] = {"limit": limit + 1}
    terms = asked.terms(params)
    if after:
        params["after"] = paging.decode(after, kinds=(int,))[0]
        terms.append("e.pos < %(after)s")
    found = rows.all(
        f"""SELECT e.pos, e.id, e.at, e.recorded_at, e.tag, e.actor_kind, e.actor, e.on_behalf, e.kind, e.subject, e.district,
                   e.body::text AS body, l.seq
            FROM ledger_entry e LEFT JOIN ledger_link l ON l.pos = e.pos
            WHERE {" AND ".join(terms) or "TRUE"} ORDER BY e.pos DESC LIMIT %(limit)s""",
        params,
    )
    page = paging.page(found, limit, keys=("pos",))
    shown = page["items"]
    wanted = [(kind, one) for e in shown for kind, one in ((e["actor_kind"], e["actor"]), (e["kind"], e["subject"]))]
    called = naming.names([*wanted, *(("user", e["on_behalf"]) for e in shown)])
    for row in shown:
        row["body"] = orjson.loads(row["body"])
        row["words"] = sentence(row["tag"], row["body"])._asdict()
        row |= {f"{who}_name": called.get(row[who]) for who in ("actor", "on_behalf", "subject")}
    return page


def tags(*, by: Principal) -> list[dict[str, Any]]:
    """Every act that an entry can be about, with its sentence; what differs from entry to entry is left open (…)."""
    by.require(LedgerPermission.READ)
    return [{"tag": str(tag), "words": outline(tag)._asdict()} for tag in sorted(all_tags())]


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
