"""Layers, grids and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from wangge.domain.places.borders import shapes
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

GRID_COLUMNS = """g.id, l.key AS layer, g.code, g.name, g.name_en, g.district, g.street, g.community, g.created_at,
    g.retired_at, g.version, g.successors"""
VERSION_COLUMNS = """v.id AS version_id, v.number, v.valid_from, v.valid_to, v.reason, v.west, v.south, v.east, v.north,
    v.centre_lon, v.centre_lat, v.area_m2"""


def layers() -> list[dict[str, Any]]:
    """All layers with the number of their living grids, base layers first."""
    return rows.all(
        """SELECT l.id, l.key, l.name, l.name_en, l.kind, o.key AS over, l.stacking, l.version, l.stamp,
                  (SELECT count(*) FROM places_grid g WHERE g.layer_id = l.id AND g.retired_at IS NULL) AS grids
           FROM places_gridlayer l LEFT JOIN places_gridlayer o ON o.id = l.over
           ORDER BY array_position(ARRAY['base','working','specialised','dedicated'], l.kind::text), l.key"""
    )


def layer(key: str) -> dict[str, Any]:
    """One layer. Raises NotFound with the keys that exist."""
    found = rows.one(
        """SELECT l.id, l.key, l.name, l.name_en, l.kind, o.key AS over, l.stacking, l.version, l.stamp
           FROM places_gridlayer l LEFT JOIN places_gridlayer o ON o.id = l.over WHERE l.key = %(key)s""",
        {"key": key},
    )
    if found is None:
        keys = "、".join(r["key"] for r in rows.all("SELECT key FROM places_gridlayer ORDER BY key"))
        raise NotFound(
            Words(
                f"没有名为 {key} 的图层（现有：{keys or '无'}）。",
                f"There is no layer {key}; there are: {keys or 'none'}.",
            )
        )
    return found


def grids(
    *,
    layer: str | None = None,
    within: str | None = None,
    search: str | None = None,
    box: Sequence[float] | None = None,
    at: datetime | None = None,
    since: datetime | None = None,
    geometry: bool = False,
    retired: bool = False,
    counted: bool = False,
    after: str = "",
    limit: int = 20,
) -> list[dict[str, Any]]:
    """Grids with their border, in the order of their codes, `limit + 1` of them after the code `after`.

    `within`: an area's code (6 digits or more). `box`: west, south, east, north in degrees, what touches it.
    `at`: the borders that were valid then (default: the current ones; with `since`: the last one valid in since..at).
    `counted`: only one row with their number, `matched`.
    """
    terms, params = ["g.code > %(after)s"], {"after": after, "limit": limit + 1}
    if since is not None:
        params |= {"at": at, "since": since}
        valid = (
            "v.id = (SELECT id FROM places_gridversion w WHERE w.grid_id = g.id AND (w.valid_to IS NULL OR "
            "w.valid_to > %(since)s) AND (%(at)s::timestamptz IS NULL OR w.valid_from <= %(at)s) "
            "ORDER BY w.valid_from DESC LIMIT 1)"
        )
    elif at is not None:
        valid = "v.valid_from <= %(at)s AND (v.valid_to IS NULL OR v.valid_to > %(at)s)"
        params["at"] = at
    elif retired:
        valid = "v.number = (SELECT max(number) FROM places_gridversion w WHERE w.grid_id = g.id)"
    else:
        valid = "v.valid_to IS NULL"
    if layer:
        terms.append("l.key = %(layer)s")
        params["layer"] = layer
    if within:
        column = {6: "g.district", 9: "g.street", 12: "g.community"}.get(len(within))
        terms.append(f"{column} = %(within)s" if column else "g.code LIKE %(within)s || '%%'")
        params["within"] = within
    if search:
        terms.append("(g.name ILIKE %(like)s OR g.name_en ILIKE %(like)s OR g.code LIKE %(begins)s)")
        safe = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        params |= {"like": f"%{safe}%", "begins": f"{safe}%"}
    if box is not None:
        terms.append("v.west <= %(b_e)s AND v.east >= %(b_w)s AND v.south <= %(b_n)s AND v.north >= %(b_s)s")
        params |= dict(zip(("b_w", "b_s", "b_e", "b_n"), box, strict=True))
    source = f"""FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id
            JOIN places_gridversion v ON v.grid_id = g.id AND {valid}
            WHERE {" AND ".join(terms)}"""
    if counted:
        return rows.all(f"SELECT count(*) AS matched {source}", params)
    return rows.all(
        f"""SELECT {GRID_COLUMNS}, {VERSION_COLUMNS}{", v.geometry" if geometry else ""}
            {source} ORDER BY g.code LIMIT %(limit)s""",
        params,
    )


def grid(code: str) -> dict[str, Any]:
    """One grid, living or retired, with its newest border and its geometry. Raises NotFound."""
    found = rows.one(
        f"""SELECT {GRID_COLUMNS}, {VERSION_COLUMNS}, v.geometry
            FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id
            JOIN places_gridversion v ON v.grid_id = g.id
            WHERE g.code = %(code)s ORDER BY v.number DESC LIMIT 1""",
        {"code": code},
    )
    if found is None:
        raise NotFound(Words(f"没有编码为 {code} 的网格。", f"There is no grid with the code {code}."))
    return found


def grid_versions(grid_id: UUID) -> list[dict[str, Any]]:
    """All borders a grid ever had, the newest first, with geometry."""
    return rows.all(
        f"SELECT {VERSION_COLUMNS}, v.geometry FROM places_gridversion v WHERE v.grid_id = %(id)s ORDER BY number DESC",
        {"id": grid_id},
    )


def stack_of(code: str) -> list[dict[str, Any]]:
    """The base grids that a stacked grid is made of; of a base grid, the living stacked grids that it belongs to."""
    return rows.all(
        """SELECT l.key AS layer, g.code, g.name, g.name_en FROM places_membership m
           JOIN places_grid g ON g.code = CASE WHEN m.stacked = %(code)s THEN m.base ELSE m.stacked END
           JOIN places_gridlayer l ON l.id = g.layer_id
           WHERE (m.stacked = %(code)s OR m.base = %(code)s) AND g.retired_at IS NULL ORDER BY l.key, g.code""",
        {"code": code},
    )


def current_grids(layer_id: UUID, communities: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Living grids of a layer in the order of their codes: id, code, community, version and the current `shape`."""
    params: dict[str, Any] = {"layer": layer_id}
    term = ""
    if communities is not None:
        term, params["communities"] = "AND g.community = ANY(%(communities)s)", list(communities)
    found = rows.all(
        f"""SELECT g.id, g.code, g.name, g.name_en, g.district, g.street, g.community, g.version, v.id AS version_id,
                   v.geometry
            FROM places_grid g JOIN places_gridversion v ON v.grid_id = g.id AND v.valid_to IS NULL
            WHERE g.layer_id = %(layer)s AND g.retired_at IS NULL {term} ORDER BY g.code""",
        params,
    )
    for row, shape in zip(found, shapes([r.pop("geometry") for r in found]), strict=True):
        row["shape"] = shape
    return found
