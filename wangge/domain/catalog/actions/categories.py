"""Categories: added, changed, retired, taken in from a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.catalog import rules
from wangge.domain.catalog.actions.editing import editing
from wangge.domain.catalog.models import Category, Limit, Route
from wangge.domain.catalog.tables import CategoryRow, RowError
from wangge.domain.catalog.tags import CatalogPermission, CatalogTag
from wangge.domain.people import access
from wangge.domain.people.rules import DUTIES
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Invalid, NotFound
from wangge.kernel.words import Words

FIELDS = (
    "name", "name_en", "initials", "group", "urgency", "lead_duty", "assist_duties", "accept_condition", "accept_condition_en",
    "close_condition", "close_condition_en", "evidence", "self_resolve", "entry_level", "entry_levels", "confidential",
    "keywords",
)  # fmt: skip
"""What may be changed. A code and a place in the tree stay: figures of other years are counted by them."""

NO_CATEGORY = Words("没有这个类别。", "There is no such category.")


def add_category(*, by: Principal, id: UUID, code: str, parent: UUID | None = None, **fields: Any) -> Category:
    """A new category under ``parent``; ``fields`` as in ``FIELDS``. Repeating the call with the same content finds the row.

    Raises Invalid for wrong fields, a code that was ever used, or a parent that holds limits of its own matter or is retired.
    """
    by.require(CatalogPermission.EDIT)
    _known(fields)
    _check(code=code, **fields)
    with editing("category", id):
        above = Category.objects.filter(id=parent).first() if parent else None
        if parent and (above is None or above.valid_to is not None):
            raise Invalid.field(
                "body.parent", "unknown", "没有这个上级类别，或已停用。", "There is no such parent, or it is retired."
            )
        if not Category.objects.filter(id=id).exists() and Category.objects.filter(code=code).exists():
            raise Invalid.field("body.code", "taken", f"编码 {code} 已使用过。", f"The code {code} has been used.")
        fields.setdefault("initials", rules.initials(fields["name"]))
        if above is not None:
            fields.setdefault("group", above.group)

        def make(digest: bytes) -> Category:
            return Category.objects.create(
                id=id, code=code, parent=above, valid_from=clock.now(), created_hash=digest, **fields
            )

        made, fresh = access.create_once(Category, id, {"code": code, "parent": parent, **fields}, make)
        if fresh:
            body = {"code": code, "name": made.name, "parent": above.code if above else None}
            ledger.append(by=by, tag=CatalogTag.CATEGORY_ADDED, kind="category", subject=id, body=body)
    return made


def change_category(*, by: Principal, category: UUID, version: int, **changes: Any) -> Category:
    """Change fields of a category. Conflict (409, with the present state) when ``version`` is not the present one."""
    by.require(CatalogPermission.EDIT)
    _known(changes)
    _check(**changes)
    with editing("category", category):
        row = _locked(category, version)
        before = {k: getattr(row, k) for k, v in changes.items() if getattr(row, k) != v}
        if not before:
            return row
        for key in before:
            setattr(row, key, changes[key])
        row.version += 1
        row.save()
        body = {
            "code": row.code,
            "name": row.name,
            "fields": sorted(before),
            "before": before,
            "after": {k: changes[k] for k in before},
        }
        ledger.append(by=by, tag=CatalogTag.CATEGORY_CHANGED, kind="category", subject=category, body=body)
    return row


def retire_category(*, by: Principal, category: UUID, version: int) -> Category:
    """Take a category out of use. Its cases keep it; nothing new is reported under it; its routes must be ended first."""
    by.require(CatalogPermission.EDIT)
    with editing("category", category):
        row = _locked(category, version)
        if row.valid_to is not None:
            return row
        if Category.objects.filter(parent=row, valid_to__isnull=True).exists():
            raise Invalid.field(
                "path.category", "has_children", "请先停用下级类别。", "Retire the categories below it first."
            )
        if Route.objects.filter(category=row, valid_to__isnull=True).exists():
            raise Invalid.field(
                "path.category",
                "has_routes",
                "请先停用使用此类别的派遣规则。",
                "End the routes of this category first.",
            )
        row.valid_to, row.version = clock.now(), row.version + 1
        row.save()
        ledger.append(
            by=by,
            tag=CatalogTag.CATEGORY_RETIRED,
            kind="category",
            subject=category,
            body={"code": row.code, "name": row.name},
        )
    return row


def import_categories(
    *, by: Principal, table: Iterable[CategoryRow], dry_run: bool = True, since: datetime | None = None
) -> tuple[int, int, list[RowError]]:
    """Take in a whole table (``tables.read_categories``): categories by code, and their limits for the stage "handle".

    All or nothing: with an error in any row nothing is changed. Returns how many are (or would be) added and changed, and the errors.
    ``since``: from when new rows hold (default now).
    """
    by.require(CatalogPermission.EDIT)
    table = list(table)
    moment = since or clock.now()
    with editing("categories"):
        known = {c.code: c for c in Category.objects.all()}
        errors = _check_tree(table, known)
        added = sum(r.code not in known for r in table)
        live = {(x.category_id, x.urgency): x for x in Limit.objects.filter(stage="handle", valid_to__isnull=True)}
        changed = [r for r in table if r.code in known and _differs(r, known[r.code], live)]
        if dry_run or errors:
            return added, len(changed), errors
        made: list[Category] = []
        for row in table:
            if row.code in known:
                continue
            parent = known[row.parent] if row.parent else None
            known[row.code] = Category(id=uuid7(), code=row.code, parent=parent, valid_from=moment, **row.fields)
            made.append(known[row.code])
        Category.objects.bulk_create(made)
        for row in changed:
            target = known[row.code]
            for key, value in row.fields.items():
                setattr(target, key, value)
            target.version += 1
        Category.objects.bulk_update([known[r.code] for r in changed], [*FIELDS, "version"])
        limits: list[Limit] = []
        for row in table:
            for urgency, (amount, unit) in row.handle.items():
                old = live.get((known[row.code].id, urgency))
                if old and (old.amount, old.unit) == (amount, unit):
                    continue
                if old:
                    close_limit(old, moment)
                limits.append(
                    Limit(
                        category=known[row.code],
                        urgency=urgency,
                        stage="handle",
                        amount=amount,
                        unit=unit,
                        valid_from=moment,
                    )
                )
        Limit.objects.bulk_create(limits)
        if added or changed:
            ledger.append(
                by=by,
                tag=CatalogTag.CATEGORIES_IMPORTED,
                kind="catalog",
                body={"added": added, "changed": len(changed)},
            )
    return added, len(changed), []


def close_limit(limit: Limit, at: datetime) -> None:
    """End a version of a limit; one that never held is removed."""
    if limit.valid_from >= at:
        limit.delete()
    else:
        limit.valid_to = at
        limit.save(update_fields=["valid_to"])


def _differs(row: CategoryRow, known: Category, live: Mapping[tuple[UUID | None, str], Limit]) -> bool:
    if any(getattr(known, k) != v for k, v in row.fields.items()):
        return True
    for urgency, value in row.handle.items():
        old = live.get((known.id, urgency))
        if old is None or (old.amount, old.unit) != value:
            return True
    return False


def _check_tree(table: list[CategoryRow], known: Mapping[str, Category]) -> list[RowError]:
    errors: list[RowError] = []
    seen: set[str] = set()
    for row in table:
        if row.code in seen:
            errors.append(
                RowError(row.line, "code", Words(f"编码 {row.code} 重复。", f"The code {row.code} is given twice."))
            )
        if row.parent and row.parent not in seen and row.parent not in known:
            text = Words(
                f"上级 {row.parent} 不存在（上级应在前）。",
                f"The parent {row.parent} does not exist (parents come first).",
            )
            errors.append(RowError(row.line, "parent", text))
        old = known.get(row.code)
        if old is not None and (old.parent.code if old.parent else "") != row.parent:
            text = Words(f"类别 {row.code} 的上级不能改变。", f"The parent of {row.code} cannot change.")
            errors.append(RowError(row.line, "parent", text))
        if old is not None and old.valid_to is not None:
            errors.append(
                RowError(row.line, "code", Words(f"编码 {row.code} 已停用。", f"The code {row.code} is retired."))
            )
        seen.add(row.code)
    return errors


def _locked(category: UUID, version: int) -> Category:
    row = Category.objects.select_for_update().filter(id=category).first()
    if row is None:
        raise NotFound(NO_CATEGORY)
    if row.version != version:
        raise access.changed(
            {"id": row.id, "code": row.code, "version": row.version, **{k: getattr(row, k) for k in FIELDS}}
        )
    return row


def _known(fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a category has no changeable {sorted(unknown)}")


def _check(**fields: Any) -> None:
    errors: list[FieldError] = []

    def wrong(path: str, zh: str, en: str) -> None:
        errors.append(FieldError(f"body.{path}", "unknown", Words(zh, en)))

    if "code" in fields and not rules.CODE.fullmatch(fields["code"]):
        wrong(
            "code",
            "编码由字母、数字和 . _ - 组成，最长 20 位。",
            "A code is made of letters, digits and . _ -, at most 20.",
        )
    if "name" in fields and not fields["name"].strip():
        wrong("name", "名称不能为空。", "A name is needed.")
    for key, words in (
        ("group", rules.GROUPS),
        ("urgency", rules.URGENCIES),
        ("entry_level", rules.ENTRY_LEVELS),
        ("lead_duty", DUTIES),
    ):
        if key in fields and fields[key] not in words:
            wrong(
                key,
                f"没有 {fields[key]}，可选：{'、'.join(words)}。",
                f"There is no {fields[key]}; choose from {', '.join(words)}.",
            )
    for i, duty in enumerate(fields.get("assist_duties", ())):
        if duty not in DUTIES:
            wrong(f"assist_duties[{i}]", f"没有职责 {duty}。", f"There is no duty {duty}.")
    for channel, level in fields.get("entry_levels", {}).items():
        if channel not in rules.CHANNELS:
            wrong(
                f"entry_levels.{channel}",
                f"没有渠道 {channel}，可选：{'、'.join(rules.CHANNELS)}。",
                f"There is no channel {channel}; choose from {', '.join(rules.CHANNELS)}.",
            )
        elif level not in rules.ENTRY_LEVELS:
            wrong(
                f"entry_levels.{channel}",
                f"没有层级 {level}，可选：{'、'.join(rules.ENTRY_LEVELS)}。",
                f"There is no level {level}; choose from {', '.join(rules.ENTRY_LEVELS)}.",
            )
    for i, need in enumerate(fields.get("evidence", ())):
        if (
            need.get("at") not in rules.EVIDENCE_AT
            or need.get("kind") not in rules.EVIDENCE_KINDS
            or not 1 <= need.get("least", 0) <= 9
        ):
            wrong(f"evidence[{i}]", "证据要求不正确。", "This need of evidence is not known.")
    if errors:
        raise Invalid.fields(*errors)
