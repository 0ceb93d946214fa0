"""Layers: adding one, and telling every process that one has changed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from wangge.domain.places import membership, queries, rules
from wangge.domain.places.models import GridLayer
from wangge.domain.places.tags import PlacesEvent, PlacesPermission, PlacesTag
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Conflict, Invalid
from wangge.kernel.words import Words


def add_layer(
    *,
    by: Principal,
    key: str,
    name: str,
    name_en: str = "",
    kind: str,
    over: str | None = None,
    stacking: str = "",
    id: UUID | None = None,
) -> dict:
    """Add a layer. The same call with the same `id` may be repeated. Raises Conflict when the key is another layer's, Invalid
    when the id is."""
    by.require(PlacesPermission.GRIDS_MANAGE)
    if kind not in rules.LAYER_KINDS:
        raise Invalid.field("body.kind", "unknown", "没有这种图层类别。", f"A layer is {', '.join(rules.LAYER_KINDS)}.")
    if bool(over) != (stacking in rules.STACKINGS):
        raise Invalid.field(
            "body.stacking",
            "stacking",
            "叠加图层须同时说明所叠图层与 1:1、1:N 或 N:1。",
            "A stacked layer says both the layer it lies on and 1:1, 1:N or N:1.",
        )
    below = queries.layer(over) if over else None
    with transaction.atomic():
        known = GridLayer.objects.filter(key=key).first()
        if known is not None:
            same = (known.name, known.name_en, known.kind, known.over_id, known.stacking)
            if same == (name, name_en, kind, below["id"] if below else None, stacking) and id in (None, known.id):
                return queries.layer(key)
            raise Conflict(
                Words(f"图层 {key} 已存在，请换一个标识。", f"There is a layer {key} already; choose another key."),
                extra={"current": {"key": known.key, "name": known.name, "kind": known.kind, "version": known.version}},
            )
        if id and GridLayer.objects.filter(id=id).exists():
            raise Invalid.field(
                "body.id", "taken", "这个 id 已用于另一图层，请换一个。", "This id is another layer's; make a new one."
            )
        made = GridLayer.objects.create(
            id=id or uuid7(),
            key=key,
            name=name,
            name_en=name_en,
            kind=kind,
            over_id=below["id"] if below else None,
            stacking=stacking,
            created_at=clock.now(),
        )
        ledger.append(by=by, tag=PlacesTag.LAYER_ADDED, kind="layer", subject=made.id, body={"key": key, "name": name})
        outbox.emit(PlacesEvent.LAYER_CHANGED, kind="layer", subject=made.id, body={"layer": key})
    queries.forget()
    return queries.layer(key)


def ensure_layer(*, by: Principal, key: str, name: str, kind: str, **rest: str | None) -> dict:
    """The layer of a key, added when it is missing."""
    if rows.value("SELECT 1 FROM places_gridlayer WHERE key = %(key)s", {"key": key}):
        return queries.layer(key)
    return add_layer(by=by, key=key, name=name, kind=kind, **rest)  # type: ignore[arg-type]


def touch_layer(layer_id: UUID, key: str) -> None:
    """Count the layer's version up, inside the transaction of a change and after its rows are written: maps and processes read it anew,
    and who belongs to whom follows."""
    membership.keep(layer_id, key)
    rows.run(
        "UPDATE places_gridlayer SET version = version + 1, stamp = %(stamp)s WHERE id = %(id)s",
        {"id": layer_id, "stamp": uuid7()},
    )
    outbox.emit(PlacesEvent.LAYER_CHANGED, kind="layer", subject=layer_id, body={"layer": key})
    queries.forget()
    transaction.on_commit(queries.forget)
