"""Imports that were begun over the API: what is known of each, and its workbook, which is sealed because it names who called."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson

from wangge.domain.cases.tags import CasePermission
from wangge.kernel import crypto
from wangge.kernel.access import Columns, Principal
from wangge.kernel.crypto import cipher
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

SCOPE = Columns(community=None, grid=None)
MOST_LISTED = 50
NO_IMPORT = Words(
    "没有这次导入，或已过保存期。", "There is no such import, or it was kept no longer than imports are kept."
)
_JSON = ("header", "columns", "translation", "unknown", "unmapped", "by_category", "by_unit", "problem")
_SHOWN = f"""i.id, i.street, i.source, i.filename, i.bytes, i.state, i.made_by_name, i.made_at, i.changed_at, i.ended_at, i.done, i.total,
    i.rows, i.blank, i.good, i.bad, i.here, i.made, i.known, i.closed, i.accept_good, i.file_sealed IS NOT NULL AS has_file,
    {", ".join(f"i.{name}" for name in _JSON)}"""


def imports(*, by: Principal) -> list[Row]:
    """The newest imports of the asker's streets, at most ``MOST_LISTED``."""
    params: dict[str, Any] = {"most": MOST_LISTED}
    scope = by.require(CasePermission.IMPORT).sql("i", params, SCOPE)
    found = rows.all(
        f"SELECT {_SHOWN} FROM cases_order_import i WHERE {scope} ORDER BY i.made_at DESC, i.id DESC LIMIT %(most)s",
        params,
    )
    return [_read(row) for row in found]


def one(*, by: Principal, id: UUID) -> Row:
    """Raises NotFound, also for one of another street."""
    params: dict[str, Any] = {"id": id}
    scope = by.require(CasePermission.IMPORT).sql("i", params, SCOPE)
    row = rows.one(f"SELECT {_SHOWN} FROM cases_order_import i WHERE i.id = %(id)s AND {scope}", params)
    if row is None:
        raise NotFound(NO_IMPORT)
    return _read(row)


def faults(*, by: Principal, id: UUID) -> list[dict[str, Any]]:
    """Every cell of it that cannot be used: ``row``, ``column``, ``zh``, ``en``. Raises NotFound."""
    params: dict[str, Any] = {"id": id}
    scope = by.require(CasePermission.IMPORT).sql("i", params, SCOPE)
    row = rows.one(f"SELECT i.errors FROM cases_order_import i WHERE i.id = %(id)s AND {scope}", params)
    if row is None:
        raise NotFound(NO_IMPORT)
    found: list[dict[str, Any]] = orjson.loads(row["errors"])
    return found


def _read(row: Row) -> Row:
    return row | {name: orjson.loads(row[name]) if row[name] is not None else None for name in _JSON}


def seal(id: UUID, content: bytes) -> bytes:
    return crypto.seal(base64.b64encode(content).decode(), _place(id))


@contextmanager
def workbook(id: UUID) -> Iterator[Path]:
    """The workbook as a file that only this process may read and that is gone afterwards. Raises NotFound when it is kept no longer."""
    sealed = rows.value("SELECT file_sealed FROM cases_order_import WHERE id = %(id)s", {"id": id})
    if sealed is None:
        raise NotFound(NO_IMPORT)
    with TemporaryDirectory(prefix="wangge-orders-") as folder:
        path = Path(folder) / "工单.xlsx"
        path.write_bytes(base64.b64decode(cipher.open_sealed(crypto.keyring(), bytes(sealed), _place(id))))
        yield path


def _place(id: UUID) -> crypto.Place:
    return crypto.Place.of("cases_order_import", "file_sealed", id)
