"""Saved mappings: how the workbooks of one source are read, so that nobody has to say it again every week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from django.db import transaction

from wangge.domain.cases.orders.words import CHOICES, COLUMNS, Translation
from wangge.domain.cases.tags import CasePermission, ImportTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Invalid, NotFound
from wangge.kernel.words import Words


class Saved(NamedTuple):
    columns: Mapping[str, str]
    translation: Translation


def load(name: str) -> Saved:
    """Raises NotFound, which lists those that are there."""
    row = rows.one("SELECT columns, translation FROM cases_order_mapping WHERE name = %(name)s", {"name": name})
    if row is None:
        known = [r["name"] for r in rows.all("SELECT name FROM cases_order_mapping ORDER BY name")]
        listed = Words("、".join(known) or "无", ", ".join(known) or "none")
        raise NotFound(
            Words(
                f"没有名为“{name}”的列对应方案；已有：{listed.zh}。",
                f"There is no mapping “{name}”; saved ones: {listed.en}.",
            )
        )
    return Saved(orjson.loads(row["columns"]), orjson.loads(row["translation"]))


def every(*, by: Principal) -> list[rows.Row]:
    """All saved mappings, by name."""
    by.require(CasePermission.IMPORT)
    found = rows.all("SELECT name, columns, translation, changed_at FROM cases_order_mapping ORDER BY name")
    return [r | {"columns": orjson.loads(r["columns"]), "translation": orjson.loads(r["translation"])} for r in found]


@transaction.atomic
def remove(*, by: Principal, name: str) -> None:
    """Raises NotFound."""
    by.require(CasePermission.IMPORT)
    load(name)
    rows.run("DELETE FROM cases_order_mapping WHERE name = %(name)s", {"name": name})
    ledger.append(by=by, tag=ImportTag.MAPPING_REMOVED, kind="order_mapping", body={"name": name})


def check(*, columns: Mapping[str, str], translation: Translation) -> None:
    """Raises Invalid for a field that orders do not have, or whose words cannot be translated."""
    for field in columns:
        if field not in COLUMNS:
            raise Invalid.field("map", "field", f"没有名为 {field} 的字段。", f"There is no field {field}.")
    for field in translation:
        if field not in CHOICES:
            raise Invalid.field(
                "value",
                "field",
                f"字段 {field} 的值不能对应；可对应的有：{'、'.join(CHOICES)}。",
                f"The words of {field} cannot be translated; those of these can: {', '.join(CHOICES)}.",
            )


@transaction.atomic
def save(*, by: Principal, name: str, columns: Mapping[str, str], translation: Translation) -> None:
    """Keep a mapping under a name, in the place of the one that had it. Raises Invalid for a field that orders do not have."""
    by.require(CasePermission.IMPORT)
    if not 1 <= len(name.strip()) <= 60:
        raise Invalid.field("name", "length", "方案名须为 1–60 字。", "The name has 1 to 60 characters.")
    check(columns=columns, translation=translation)
    rows.run(
        """INSERT INTO cases_order_mapping (name, columns, translation, changed_at)
           VALUES (%(name)s, %(columns)s::jsonb, %(translation)s::jsonb, %(at)s)
           ON CONFLICT (name) DO UPDATE SET columns = excluded.columns, translation = excluded.translation, changed_at = excluded.changed_at""",
        {
            "name": name.strip(),
            "columns": orjson.dumps(columns).decode(),
            "translation": orjson.dumps(translation).decode(),
            "at": clock.now(),
        },
    )
    ledger.append(
        by=by,
        tag=ImportTag.MAPPING_SAVED,
        kind="order_mapping",
        body={
            "name": name.strip(),
            "columns": dict(columns),
            "translation": {k: dict(v) for k, v in translation.items()},
        },
    )
