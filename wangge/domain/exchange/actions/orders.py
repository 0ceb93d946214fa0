"""Orders that a partner sends: read by the saved mapping as workbooks are, each at most once, the good ones although others are bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from wangge.domain.cases.orders import mappings
from wangge.domain.cases.orders.desks import Desk, Terms
from wangge.domain.cases.orders.reading import repeated
from wangge.domain.cases.orders.telling import IMPORTER
from wangge.domain.cases.orders.words import COLUMNS
from wangge.domain.cases.rules import Channel
from wangge.domain.exchange.actions.partners import partner_of
from wangge.domain.exchange.models import Partner
from wangge.domain.exchange.rules import PartnerKind
from wangge.domain.exchange.tags import ExchangePermission, ExchangeTag
from wangge.domain.places import queries as places
from wangge.kernel import ledger, tables
from wangge.kernel.access import SYSTEM, Principal, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Forbidden, Invalid
from wangge.kernel.tables import RowError
from wangge.kernel.words import Words

MOST = 100
TRIES = 3
Cells = Mapping[str, str | int | float | datetime | None]


def receive(*, by: Principal, orders: Sequence[tuple[str | None, Cells]]) -> list[dict[str, Any]]:
    """Take orders in, each with its street (None: the partner's) and its cells by their titles or by our names of fields.

    Answers for each, in their order: ``order`` (its number), ``state`` (*made*, *known*: it was here and is left as it is, *refused*), ``case`` and
    ``number`` of the case, ``errors``. Raises Forbidden for a street outside the token's scope, Invalid for one that is not there.
    """
    scope = by.require(ExchangePermission.ORDERS)
    with acting(SYSTEM):
        partner = partner_of(by)
    for n, (street, _) in enumerate(orders):
        where = street or partner.street
        if not places.is_street(where):
            raise Invalid.field(
                f"body.orders[{n}].street", "unknown", "没有这个街道或镇。", "There is no such street or town."
            )
        if not scope.covers(district=where[:6], street=where):
            raise Forbidden(
                Words(f"街道 {where} 不在此令牌的范围内。", f"Street {where} is outside this token's scope.")
            )
    answers: list[dict[str, Any]] = [{} for _ in orders]
    by_street: dict[str, list[int]] = {}
    for n, (street, _) in enumerate(orders):
        by_street.setdefault(street or partner.street, []).append(n)
    for street, which in sorted(by_street.items()):
        for n, answer in zip(which, into(partner, street, [orders[n][1] for n in which]), strict=True):
            answers[n] = answer
    count = {state: sum(a["state"] == state for a in answers) for state in ("made", "known", "refused")}
    with transaction.atomic():
        ledger.append(
            by=by, tag=ExchangeTag.RECEIVED, kind="partner", subject=partner.id, body={"name": partner.name, **count}
        )
    return answers


def into(partner: Partner, street: str, listed: list[Cells]) -> list[dict[str, Any]]:
    """Orders of one street; the answer to each."""
    saved = mappings.load(partner.mapping) if partner.mapping else mappings.Saved({}, {})
    header = list(dict.fromkeys(str(title) for cells in listed for title in cells))
    given = {field: title for field, title in saved.columns.items() if not title or title in header}
    columns = tables.choose_columns(header, COLUMNS, given)
    read = [{field: cells.get(title) for field, title in columns.items()} for cells in listed]
    if partner.kind != PartnerKind.HOTLINE:
        read = [cells | {"channel": cells.get("channel") or str(Channel.UNIT)} for cells in read]
    numbered = list(enumerate(read, start=1))
    numbers = [tables.plain(cells.get("number"))[:64] for cells in read]
    with acting(IMPORTER):
        for left in reversed(range(TRIES)):
            before = _known(partner.source, street, numbers)
            desk = Desk(Terms(columns, street, partner.source, saved.translation))
            found = desk.check(0, numbered)
            errors = [*found.errors, *repeated(found.good, columns | {"number": columns.get("number", "number")})]
            try:
                desk.bring_in(0, frozenset(e.row for e in errors))
                break
            except IntegrityError:  # the same orders came in by another way at this very moment: look again
                if not left:
                    raise
        after = _known(partner.source, street, numbers)
    faults: dict[int, list[RowError]] = {}
    for error in errors:
        faults.setdefault(error.row, []).append(error)
    return [
        _answer(number, faults.get(row, []), number in before, after)
        for (row, _), number in zip(numbered, numbers, strict=True)
    ]


def _answer(number: str, faults: list[RowError], known: bool, cases: Mapping[str, rows.Row]) -> dict[str, Any]:
    case = cases.get(number) if not faults else None
    state = "refused" if faults else "known" if known else "made"
    return {
        "order": number,
        "state": state,
        "case": case["id"] if case else None,
        "number": case["number"] if case else None,
        "errors": [{"field": e.column, "message": e.message._asdict()} for e in faults],
    }


def _known(source: str, street: str, numbers: list[str]) -> dict[str, rows.Row]:
    found = rows.all(
        """SELECT id, number, source_number FROM cases_case
           WHERE district = %(district)s AND source = %(source)s AND source_number = ANY(%(numbers)s)""",
        {"district": street[:6], "source": source, "numbers": numbers},
    )
    return {r["source_number"]: r for r in found}
