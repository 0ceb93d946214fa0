"""The tree of areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapely.geometry.base import BaseGeometry

from wangge.domain.places.borders import shapes
from wangge.kernel.db import rows
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

COLUMNS = """a.code, a.name, a.name_en, a.named, a.level, a.parent, a.version, a.valid_from, a.valid_to,
    EXISTS (SELECT FROM places_area c WHERE c.parent = a.code AND c.valid_to IS NULL) AS has_children,
    EXISTS (SELECT FROM places_areaborder b WHERE b.area = a.code AND b.valid_to IS NULL) AS has_border"""


def area(code: str) -> dict[str, Any]:
    """One area with the names above it (`path`, from the province down). Raises NotFound."""
    found = rows.one(f"SELECT {COLUMNS} FROM places_area a WHERE a.code = %(code)s", {"code": code})
    if found is None:
        raise NotFound(Words(f"没有代码为 {code} 的区划。", f"There is no area with the code {code}."))
    above = [code[:n] for n in (2, 4, 6, 9) if n < len(code)]
    found["path"] = rows.all(
        "SELECT code, name, name_en FROM places_area WHERE code = ANY(%(above)s) ORDER BY length(code)",
        {"above": above},
    )
    return found


def areas(
    *,
    parent: str | None = None,
    level: str | None = None,
    search: str | None = None,
    within: str | None = None,
    layer: str | None = None,
    after: str = "",
    limit: int = 20,
) -> list[dict[str, Any]]:
    """Current areas in the order of their codes, `limit + 1` of them after the code `after`.

    `parent`: children of that area ("" gives the provinces); `within`: all below an area; `search`: part of a name in
    either language, or the beginning of a code. `layer`: with the number of its living grids below each, as `grids`.
    """
    terms, params = ["a.valid_to IS NULL", "a.code > %(after)s"], {"after": after, "limit": limit + 1}
    if parent is not None:
        terms.append("a.parent IS NULL" if parent == "" else "a.parent = %(parent)s")
        params["parent"] = parent
    if level is not None:
        terms.append("a.level = %(level)s")
        params["level"] = level
    if within:
        terms.append("a.code >= %(within)s AND a.code < %(beyond)s AND a.code <> %(within)s")
        params |= {"within": within, "beyond": within + ":"}  # ":" follows the digits
    if search:
        terms.append("(a.name ILIKE %(like)s OR a.name_en ILIKE %(like)s OR a.code LIKE %(begins)s)")
        safe = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        params |= {"like": f"%{safe}%", "begins": f"{safe}%"}
    count = ""
    if layer:
        count = """, (SELECT count(*) FROM places_grid g JOIN places_gridlayer l ON l.id = g.layer_id WHERE l.key = %(layer)s
                      AND g.retired_at IS NULL AND g.code >= a.code AND g.code < a.code || ':') AS grids"""
        params["layer"] = layer
    return rows.all(
        f"SELECT {COLUMNS}{count} FROM places_area a WHERE {' AND '.join(terms)} ORDER BY a.code LIMIT %(limit)s",
        params,
    )


def names_of(codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Chinese and English names by code, for those that exist."""
    found = rows.all("SELECT code, name, name_en FROM places_area WHERE code = ANY(%(c)s)", {"c": list(set(codes))})
    return {row["code"]: (row["name"], row["name_en"]) for row in found}


def area_borders(codes: Sequence[str]) -> dict[str, BaseGeometry]:
    """Current borders by code (degrees), for the areas that have one."""
    found = rows.all(
        "SELECT area, geometry FROM places_areaborder WHERE valid_to IS NULL AND area = ANY(%(c)s)",
        {"c": list(set(codes))},
    )
    return dict(zip([r["area"] for r in found], shapes([r["geometry"] for r in found]), strict=True))


def is_street(code: str) -> bool:
    """Whether a code is that of a street or town that exists now."""
    return bool(
        rows.value(
            "SELECT 1 FROM places_area WHERE code = %(code)s AND level = 'street' AND valid_to IS NULL", {"code": code}
        )
    )
