"""Limits: how long a stage may take. A change ends the old version and begins the next; clocks that run keep what they were given."""

from __future__ import annotations

from uuid import UUID

from wangge.domain.catalog import rules
from wangge.domain.catalog.actions.categories import NO_CATEGORY, close_limit
from wangge.domain.catalog.actions.editing import editing
from wangge.domain.catalog.models import Category, Limit
from wangge.domain.catalog.tags import CatalogPermission, CatalogTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.problems import FieldError, Invalid, NotFound
from wangge.kernel.words import Words


def set_limit(*, by: Principal, category: UUID | None, urgency: str, stage: str, amount: int, unit: str) -> Limit:
    """Set the limit of a category (None: of all that have none of their own) from now on. Setting it to what it is changes nothing."""
    by.require(CatalogPermission.EDIT)
    _check(urgency, stage, unit, amount)
    with editing("limit", category):
        code = _code(category)
        old = _live(category, urgency, stage)
        if old is not None and (old.amount, old.unit) == (amount, unit):
            return old
        now = clock.now()
        if old is not None:
            close_limit(old, now)
        made = Limit.objects.create(
            category_id=category, urgency=urgency, stage=stage, amount=amount, unit=unit, valid_from=now
        )
        body = {"category": code, "urgency": urgency, "stage": stage, "amount": amount, "unit": unit}
        if old is not None:
            body["before"] = f"{old.amount} {old.unit}"
        ledger.append(by=by, tag=CatalogTag.LIMIT_SET, kind="limit", subject=made.id, body=body)
    return made


def remove_limit(*, by: Principal, category: UUID, urgency: str, stage: str) -> None:
    """End a category's own limit, so that the one above it holds. The general limits cannot be removed, only set."""
    by.require(CatalogPermission.EDIT)
    with editing("limit", category):
        code = _code(category)
        old = _live(category, urgency, stage)
        if old is None:
            raise NotFound(Words("这个类别没有自己的这项时限。", "The category has no such limit of its own."))
        body = {"category": code, "urgency": urgency, "stage": stage, "before": f"{old.amount} {old.unit}"}
        ledger.append(by=by, tag=CatalogTag.LIMIT_REMOVED, kind="limit", subject=old.id, body=body)
        close_limit(old, clock.now())


def _live(category: UUID | None, urgency: str, stage: str) -> Limit | None:
    return Limit.objects.filter(category_id=category, urgency=urgency, stage=stage, valid_to__isnull=True).first()


def _code(category: UUID | None) -> str:
    if category is None:
        return "*"
    found = Category.objects.filter(id=category).first()
    if found is None:
        raise NotFound(NO_CATEGORY)
    return found.code


def _check(urgency: str, stage: str, unit: str, amount: int) -> None:
    errors = []
    for name, value, words in (
        ("urgency", urgency, rules.URGENCIES),
        ("stage", stage, rules.STAGES),
        ("unit", unit, rules.UNITS),
    ):
        if value not in words:
            text = Words(
                f"没有 {value}，可选：{'、'.join(words)}。", f"There is no {value}; choose from {', '.join(words)}."
            )
            errors.append(FieldError(f"body.{name}", "unknown", text))
    if not 1 <= amount <= rules.MOST:
        errors.append(
            FieldError("body.amount", "range", Words("时限应为 1 到 10000。", "A limit is from 1 to 10 000."))
        )
    if errors:
        raise Invalid.fields(*errors)
