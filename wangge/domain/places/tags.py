"""Permissions of the places domain with the roles that hold them, its ledger tags and event names."""

from __future__ import annotations

from wangge.kernel import ledger
from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class PlacesPermission(Permission):
    READ = "places.read"
    AREAS_MANAGE = "places.areas.manage"
    GRIDS_MANAGE = "places.grids.manage"


PERMISSION_WORDS = {
    PlacesPermission.READ: Words("查看区划与网格", "See areas and grids"),
    PlacesPermission.AREAS_MANAGE: Words("维护区划", "Manage areas"),
    PlacesPermission.GRIDS_MANAGE: Words("维护网格", "Manage grids"),
}

GRANTS = declare(
    {
        # borders and names are no secret among staff, whoever they are
        PlacesPermission.READ: set(Role) - {Role.RESIDENT},
        PlacesPermission.AREAS_MANAGE: {Role.SYSTEM_ADMIN},
        PlacesPermission.GRIDS_MANAGE: {Role.SYSTEM_ADMIN},
    },
    PERMISSION_WORDS,
)


class PlacesTag(ledger.LedgerTag):
    AREAS_LOADED = "places.areas.loaded"
    BORDERS_LOADED = "places.borders.loaded"
    LAYER_ADDED = "places.layer.added"
    GRIDS_LOADED = "places.grids.loaded"
    GRIDS_IMPORTED = "places.grids.imported"
    GRID_SPLIT = "places.grid.split"
    GRIDS_MERGED = "places.grids.merged"
    GRID_REDRAWN = "places.grid.redrawn"
    CHANGE_PLANNED = "places.change.planned"
    CHANGE_CANCELLED = "places.change.cancelled"
    CHANGE_FAILED = "places.change.failed"


ledger.say(
    {
        PlacesTag.AREAS_LOADED: Words("载入了区划 {count} 个", "loaded {count} {count:area|areas}"),
        PlacesTag.BORDERS_LOADED: Words(
            "载入了区划边界 {count} 个", "loaded the borders of {count} {count:area|areas}"
        ),
        PlacesTag.LAYER_ADDED: Words("新建了网格图层 {key}", "added the grid layer {key}"),
        PlacesTag.GRIDS_LOADED: Words(
            "载入了 {layer} 图层网格 {count} 个", "loaded {count} {count:grid|grids} of layer {layer}"
        ),
        PlacesTag.GRIDS_IMPORTED: Words(
            "由文件 {file} 导入了 {layer} 图层网格：新增 {created} 个，调整 {changed} 个",
            "imported layer {layer} from {file}: {created} {created:grid|grids} added, {changed} redrawn",
        ),
        PlacesTag.GRID_SPLIT: Words("将网格 {old} 拆分为 {new}", "split grid {old} into {new}"),
        PlacesTag.GRIDS_MERGED: Words("将网格 {old} 合并为 {new}", "merged grids {old} into {new}"),
        PlacesTag.GRID_REDRAWN: Words("调整了网格 {old} 的边界", "redrew the border of {old}"),
        PlacesTag.CHANGE_PLANNED: Words(
            "预定了网格 {old} 的调整，{on} 生效", "planned a change of grids {old} that takes effect on {on}"
        ),
        PlacesTag.CHANGE_CANCELLED: Words("取消了网格 {old} 的预定调整", "cancelled the planned change of grids {old}"),
        PlacesTag.CHANGE_FAILED: Words(
            "网格 {old} 的预定调整未能生效", "the planned change of grids {old} could not take effect"
        ),
    }
)


class PlacesEvent(EventName):
    LAYER_CHANGED = "places.layer.changed"
    AREAS_CHANGED = "places.areas.changed"
    CHANGE_FAILED = "places.change.failed"
