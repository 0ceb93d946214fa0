"""查看原文: the reporter's name or phone in clear, for the centre, one field at a time."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from wangge.domain.cases import queries
from wangge.domain.cases.tags import CasePermission
from wangge.kernel import crypto
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ledger.reveal import reveal as reveal_field
from wangge.kernel.problems import Forbidden, NotFound
from wangge.kernel.words import Words

KINDS = {"name": crypto.Kind.NAME, "phone": crypto.Kind.PHONE}


def reveal(*, by: Principal, case: UUID, party: UUID, field: Literal["name", "phone"], purpose: str) -> str:
    """One field of one party. Raises NotFound for what is not there or was erased, Forbidden outside the asker's scope."""
    row = queries.visible(by=by, case=case)
    by.require(CasePermission.REVEAL)
    if not queries.may_see_reporter(by, row, always=True):
        raise Forbidden(Words("只有承办中心可以查看原文。", "Only the centre of this case may see it in clear."))
    column = f"{field}_sealed"
    found = rows.one(
        f'SELECT id, {column} AS sealed FROM cases_party WHERE district = %(district)s AND "case" = %(case)s AND id = %(party)s',
        {"district": row["district"], "case": case, "party": party},
    )
    value = (
        crypto.masked(found["sealed"], crypto.Place.of("cases_party", column, party), KINDS[field]) if found else None
    )
    if value is None:
        raise NotFound(Words("没有这项信息，或已按规定删除。", "There is no such information, or it was erased."))
    return reveal_field(
        by=by, value=value, kind="case", subject=case, district=row["district"], field=field, purpose=purpose
    )
