"""Every write of places."""

from wangge.domain.places.actions.changing import apply_change, preview_change
from wangge.domain.places.actions.importing import ImportReport, import_grids
from wangge.domain.places.actions.layers import add_layer, ensure_layer, touch_layer
from wangge.domain.places.actions.loading import load_areas, load_borders, load_grids, read_area_rows

__all__ = [
    "ImportReport",
    "add_layer",
    "apply_change",
    "ensure_layer",
    "import_grids",
    "load_areas",
    "load_borders",
    "load_grids",
    "preview_change",
    "read_area_rows",
    "touch_layer",
]
