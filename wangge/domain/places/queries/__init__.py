"""Every read of places."""

from wangge.domain.places.queries.areas import area, area_borders, areas, is_street, names_of
from wangge.domain.places.queries.coverage import check_community, check_layer
from wangge.domain.places.queries.grids import (
    GRID_COLUMNS,
    current_grids,
    grid,
    grid_versions,
    grids,
    layer,
    layers,
    stack_of,
)
from wangge.domain.places.queries.locating import GridHit, Outside, forget, held, index_of, locate, outside_error
from wangge.domain.places.queries.planned import planned_changes
from wangge.domain.places.queries.tiles import area_tile, borders_stamp, grid_tile

__all__ = [
    "GRID_COLUMNS",
    "GridHit",
    "Outside",
    "area",
    "area_borders",
    "area_tile",
    "areas",
    "borders_stamp",
    "check_community",
    "check_layer",
    "current_grids",
    "forget",
    "grid",
    "grid_tile",
    "grid_versions",
    "grids",
    "held",
    "index_of",
    "is_street",
    "layer",
    "layers",
    "locate",
    "names_of",
    "outside_error",
    "planned_changes",
    "stack_of",
]
