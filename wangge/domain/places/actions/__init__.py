"""Every write of places."""

from wangge.domain.places.actions.changing import apply_change, preview_change
from wangge.domain.places.actions.importing import ImportReport, import_grids
from wangge.domain.places.actions.layers import add_layer, ensure_layer, touch_layer
from wangge.domain.places.actions.loading import load_areas, load_borders, load_grids, read_area_rows
from wangge.domain.places.actions.planning import apply_due, cancel_planned, plan_change

__all__ = [
    "ImportReport",
    "add_layer",
    "apply_change",
    "apply_due",
    "cancel_planned",
    "ensure_layer",
    "import_grids",
    "load_areas",
    "load_borders",
    "load_grids",
    "plan_change",
    "preview_change",
    "read_area_rows",
    "touch_layer",
]
