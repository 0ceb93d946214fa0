"""Writing an entry: inside the transaction of the act, as one INSERT or as one part of the act's own statement.

No chain, no lock, no counter here: a chain head in the transaction costs eight times of the throughput. The sealer orders and
chains what was committed, a second later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections

from wangge.kernel import clock, crypto
from wangge.kernel.access.principal import Principal
from wangge.kernel.crypto.keyring import Use
from wangge.kernel.db import rows
from wangge.kernel.db.statement import Statement
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger import personal as side
from wangge.kernel.ledger.entries import COVERS_BODY, COVERS_SUBJECT, mark_entry
from wangge.kernel.ledger.hashing import canonical, moment, plain
from wangge.kernel.ledger.tags import LedgerTag

_COLUMNS = "id, at, tag, actor_kind, actor, on_behalf, kind, subject, district, body, commitment, mark"
_KNOWN = (
    "%(id)s::uuid, %(at)s::timestamptz, %(tag)s::text, %(actor_kind)s::text, %(actor)s::uuid, %(on_behalf)s::uuid, %(kind)s::text, "
    "{subject}, {district}, {body}, %(commitment)s::bytea, %(mark)s::bytea"
)
_INSERT = (
    f"INSERT INTO ledger_entry ({_COLUMNS}) VALUES ("
    + _KNOWN.format(subject="%(subject)s::uuid", district="%(district)s::text", body="%(body)s::jsonb")
    + ")"
)
_INSERT_WITH_PERSONAL = (
    "WITH personal AS (INSERT INTO ledger_personal (entry, salt, data) VALUES (%(id)s::uuid, %(salt)s::bytea, %(data)s::bytea)) "
    + _INSERT
)


def append(
    *,
    by: Principal,
    tag: LedgerTag,
    kind: str,
    subject: UUID | None = None,
    district: str | None = None,
    body: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    on_behalf: UUID | None = None,
    using: str = "default",
) -> UUID:
    """Write one entry and return its id.

    ``kind`` and ``subject`` say what the act was done to; ``body`` holds what happened, without fractions and without personal data, which
    goes into ``personal`` and can be erased. ``at``: the time of the act (default now). ``on_behalf``: for whom ``by`` acted.
    RuntimeError outside a transaction; ``NotPlain`` (a ValueError) for a body that has no canonical form.
    """
    _inside(using)
    values = _values(
        by=by,
        tag=tag,
        kind=kind,
        subject=subject,
        district=district,
        body=body,
        personal=personal,
        at=at,
        on_behalf=on_behalf,
    )
    rows.run(_INSERT if personal is None else _INSERT_WITH_PERSONAL, values, using=using)
    return values["id"]


def cte(
    statement: Statement,
    *,
    source: str,
    by: Principal,
    tag: LedgerTag,
    kind: str,
    subject_sql: str = "id",
    district_sql: str = "district",
    body: Mapping[str, Any] | None = None,
    body_sql: str | None = None,
    personal: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    on_behalf: UUID | None = None,
    name: str = "ledger",
) -> UUID:
    """Add the entry to ``statement`` as the part ``name``, written if and only if the part ``source`` yields its (one) row.

    ``subject_sql`` and ``district_sql`` are expressions over ``source``; ``body_sql`` is one that gives a jsonb object to add to ``body``
    (of whole numbers, text and the like: it is not checked here). Returns the entry's id.
    """
    covers = 0 if body_sql else COVERS_BODY
    values = _values(
        by=by,
        tag=tag,
        kind=kind,
        subject=None,
        district=None,
        body=body,
        personal=personal,
        at=at,
        on_behalf=on_behalf,
        covers=covers,
    )
    merged = f"%(body)s::jsonb || ({body_sql})" if body_sql else "%(body)s::jsonb"
    known = _KNOWN.format(subject=f"({subject_sql})::uuid", district=f"({district_sql})::text", body=merged)
    used = {k: v for k, v in values.items() if k not in ("subject", "district", "salt", "data")}
    statement.cte(name, f"INSERT INTO ledger_entry ({_COLUMNS}) SELECT {known} FROM {source}", **used)
    if personal is not None:
        statement.cte(
            f"{name}_personal",
            f"INSERT INTO ledger_personal (entry, salt, data) SELECT %(id)s::uuid, %(salt)s::bytea, %(data)s::bytea FROM {source}",
            id=values["id"],
            salt=values["salt"],
            data=values["data"],
        )
    return values["id"]


class Item(NamedTuple):
    """What happened to one of many subjects. ``at``: the time of the act, if it was not the same for all."""

    subject: UUID | None
    district: str | None
    body: Mapping[str, Any]
    at: datetime | None = None


def append_many(
    *,
    by: Principal,
    tag: LedgerTag,
    kind: str,
    items: Iterable[Item],
    at: datetime | None = None,
    size: int = 1000,
    using: str = "default",
) -> int:
    """Entries of one tag for many subjects at once; an item without a time has ``at``. Returns how many."""
    _inside(using)
    done = 0
    waiting: list[dict[str, Any]] = []
    for subject, district, body, own in items:
        waiting.append(
            _values(
                by=by,
                tag=tag,
                kind=kind,
                subject=subject,
                district=district,
                body=body,
                personal=None,
                at=own or at,
                on_behalf=None,
            )
        )
        if len(waiting) == size:
            done += _insert_many(waiting, using)
            waiting = []
    return done + _insert_many(waiting, using)


_INSERT_MANY = f"INSERT INTO ledger_entry ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::ledger_entry, %(rows)s::json)"
_NAMES = tuple(_COLUMNS.split(", "))


def _insert_many(values: list[dict[str, Any]], using: str) -> int:
    if not values:
        return 0
    listed = [
        {name: v[name] for name in _NAMES} | {"body": orjson.Fragment(v["body"]), "mark": "\\x" + v["mark"].hex()}
        for v in values
    ]
    return rows.run_many(_INSERT_MANY, listed, using=using)


def _inside(using: str) -> None:
    if not connections[using].in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of its act: use transaction.atomic() around both")


def _values(
    *,
    by: Principal,
    tag: LedgerTag,
    kind: str,
    subject: UUID | None,
    district: str | None,
    body: Mapping[str, Any] | None,
    personal: Mapping[str, Any] | None,
    at: datetime | None,
    on_behalf: UUID | None,
    covers: int = COVERS_BODY | COVERS_SUBJECT,
) -> dict[str, Any]:
    if not isinstance(tag, LedgerTag):
        raise TypeError(f"{tag!r} is no LedgerTag: declare it in the package's tags.py")
    entry_id = uuid7()
    when = at or clock.now()
    if when.tzinfo is None:
        raise ValueError("the time of an act needs a zone")
    hidden = side.hide(entry_id, personal, settings.CONFIG.ledger_hash) if personal is not None else None
    content = {
        "id": str(entry_id),
        "at": moment(when),
        "tag": str(tag),
        "actor_kind": by.kind,
        "actor": str(by.id) if by.id else None,
        "on_behalf": str(on_behalf) if on_behalf else None,
        "kind": kind,
        "subject": str(subject) if subject else None,
        "district": district,
        "body": plain(body or {}),
        "commitment": hidden.commitment.hex() if hidden else None,
    }
    values: dict[str, Any] = {
        **content,
        "id": entry_id,
        "at": when,
        "body": canonical(content["body"]).decode(),
        "commitment": hidden.commitment if hidden else None,
        "mark": mark_entry(crypto.keyring().keys().active(Use.MARK), content, covers),
    }
    if hidden:
        values |= {"salt": hidden.salt, "data": hidden.data}
    return values
