"""Import of grids from a file: everything that is wrong is named first, and nothing is written unless nothing is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from wangge.domain.places import borders, queries
from wangge.domain.places.actions.layers import touch_layer
from wangge.domain.places.actions.loading import insert_grids
from wangge.domain.places.tags import PlacesPermission, PlacesTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, Scope
from wangge.kernel.codes import area_fault, grid_fault
from wangge.kernel.db import rows
from wangge.kernel.geo import systems
from wangge.kernel.geo.coverage import Fault, check_coverage, check_ring, check_stack
from wangge.kernel.geo.lattice import areal, snap
from wangge.kernel.geo.numbering import NoNumberLeft, next_codes, reading_order
from wangge.kernel.geo.vector_files import Feature, UnreadableFile, VectorFile, read
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

# names of columns that are understood without being told, the first that exists wins
COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "grid_code", "gridcode", "网格编码", "网格代码", "编码"),
    "name": ("name", "grid_name", "gridname", "网格名称", "网格名", "名称"),
    "name_en": ("name_en", "英文名称"),
    "community": ("community", "community_code", "社区编码", "社区代码", "所属社区"),
}
_DEGREES = ("EPSG:4326", "EPSG:4490", "OGC:CRS84", "EPSG:4979")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a row (or, with row 0, with the file): `code` is stable, `blocks` says whether it
    keeps the import from being applied. `geometry` shows where, when that can be shown."""

    row: int
    code: str
    words: Words
    blocks: bool = True
    grid: str = ""
    geometry: BaseGeometry | None = None
    size_m2: float | None = None


@dataclass
class ImportReport:
    """What an import found and would do, or has done (`applied`)."""

    layer: str
    file: str
    rows: int
    findings: list[Finding] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    applied: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing keeps it from being applied."""
        return not any(f.blocks for f in self.findings)


@dataclass
class _Row:
    row: int
    code: str
    community: str
    name: str
    name_en: str
    shape: BaseGeometry


def import_grids(
    *,
    by: Principal,
    path: Path,
    layer: str,
    system: str,
    control: Sequence[systems.ControlPoint] = (),
    columns: Mapping[str, str] | None = None,
    apply: bool = False,
    file_layer: str | None = None,
) -> ImportReport:
    """Read grids from a file and say what is wrong; with `apply`, write them when nothing is, in one transaction.

    `system`: the file's coordinates (`wgs84`, `cgcs2000`, `gcj02`, `bd09`, or `local` with control points). `columns`: our
    name → the file's. A row without a code but with a community gets the next number, in reading order. A grid whose code is
    known in this layer gets a new border when it differs. Raises Invalid when the file or the system cannot be used at all.
    """
    scope = by.require(PlacesPermission.GRIDS_MANAGE)
    this = queries.layer(layer)
    convert = _system(system, control)
    try:
        file = read(path, file_layer)
    except UnreadableFile as error:
        raise Invalid.field("file", "unreadable", f"文件无法读取：{error}。", f"{error}.") from error
    report = ImportReport(layer, path.name, len(file.features))
    _refuse_other_system(file, convert, report)
    good = _shapes(file, _columns(file.columns, columns or {}), convert, report)
    good = _codes(good, this, scope, report)
    with transaction.atomic():
        if apply:  # nobody else may change the layer between the check and the writing
            rows.run("SELECT 1 FROM places_gridlayer WHERE id = %(id)s FOR UPDATE", {"id": this["id"]})
        current = queries.current_grids(this["id"], sorted({r.community for r in good}))
        _coverage(good, current, this, convert.key, report)
        known = {g["code"]: g for g in current}
        fresh = [r for r in good if r.code not in known]
        changed = [r for r in good if r.code in known and not shapely.equals_exact(known[r.code]["shape"], r.shape)]
        moved = {r.code for r in changed}
        report.created, report.changed = [r.code for r in fresh], [r.code for r in changed]
        report.unchanged = [r.code for r in good if r.code in known and r.code not in moved]
        if not apply or not report.sound:
            return report
        named = [({"code": r.code, "name": r.name, "name_en": r.name_en}, r.shape) for r in fresh]
        if named:
            insert_grids(this["id"], named, reason="import")
        borders.add("grid", [(known[r.code]["id"], r.shape) for r in changed], at=clock.now(), reason="import")
        if changed:
            rows.run(
                "UPDATE places_grid SET version = version + 1 WHERE code = ANY(%(c)s)", {"c": [r.code for r in changed]}
            )
        if fresh or changed:
            touch_layer(this["id"], layer)
            ledger.append(
                by=by,
                tag=PlacesTag.GRIDS_IMPORTED,
                kind="layer",
                subject=this["id"],
                body={"file": path.name, "layer": layer, "created": len(fresh), "changed": len(changed)},
            )
    report.applied = True
    return report


def _system(name: str, control: Sequence[systems.ControlPoint]) -> systems.System:
    try:
        if control or name.lower() == "local":
            return systems.fit_plane(control, "affine" if len(control) > 3 else "helmert")
        return systems.system(name)
    except systems.UnknownSystem as error:
        known = "、".join([*systems.SYSTEMS, "local"])
        raise Invalid.field(
            "system",
            "unknown_system",
            f"坐标系“{name}”未知；可用：{known}（local 需给出控制点）。",
            f"The system “{name}” is unknown; there are {', '.join([*systems.SYSTEMS, 'local'])} (local with control points).",
        ) from error
    except systems.BadFit as error:
        raise Invalid.field("control", "bad_fit", f"控制点无法拟合：{error}。", f"{error}.") from error


def _columns(there: list[str], told: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): name for name in there}
    chosen: dict[str, str] = {}
    for ours, candidates in COLUMNS.items():
        if ours in told:
            if told[ours] not in there:
                raise Invalid.field(
                    f"columns.{ours}",
                    "unknown",
                    f"文件没有“{told[ours]}”列；有：{'、'.join(there)}。",
                    f"The file has no column “{told[ours]}”; it has {', '.join(there)}.",
                )
            chosen[ours] = told[ours]
        else:
            found = next((lower[c] for c in candidates if c in lower), None)
            if found:
                chosen[ours] = found
    if "code" not in chosen and "community" not in chosen:
        raise Invalid.field(
            "columns.code",
            "missing",
            f"文件中没有网格编码列，也没有社区编码列；有：{'、'.join(there) or '无'}。",
            f"The file has neither a column with grid codes nor one with community codes; it has {', '.join(there) or 'none'}.",
        )
    return chosen


def _refuse_other_system(file: VectorFile, convert: systems.System, report: ImportReport) -> None:
    """A file that names its own system must not be declared as another; degrees must look like degrees."""
    if convert.key != "local":
        said = file.crs
        if said and said not in _DEGREES and (said.startswith(("PROJCS", "PROJCRS", "EPSG:"))):
            report.findings.append(
                Finding(
                    0,
                    "wrong_system",
                    Words(
                        f"文件自述坐标系为 {said[:60]}，与声明的 {convert.key} 不符",
                        f"the file says its system is {said[:60]}, not {convert.key}",
                    ),
                )
            )
        shapes = [f.geometry for f in file.features if f.geometry is not None and not f.error]
        beyond = [s for s in shapes if max(map(abs, s.bounds or (0,))) > 180 or abs(s.bounds[3]) > 90]
        if beyond:
            report.findings.append(
                Finding(
                    0,
                    "wrong_system",
                    Words(
                        f"{len(beyond)} 个要素的坐标不是经纬度，声明的 {convert.key} 有误（平面坐标请用 local 并给控制点）",
                        f"the coordinates of {len(beyond)} features are no degrees, so {convert.key} is wrong (for a plane use local)",
                    ),
                )
            )


def _shapes(file: VectorFile, columns: Mapping[str, str], convert: systems.System, report: ImportReport) -> list[_Row]:
    good: list[_Row] = []
    for feature in file.features:
        text = {ours: str(feature.properties.get(theirs) or "").strip() for ours, theirs in columns.items()}
        code = text.get("code", "")
        shape = _shape(feature, convert, code, report)
        if shape is not None:
            community = text.get("community", "") or code[:12]
            good.append(_Row(feature.row, code, community, text.get("name", ""), text.get("name_en", ""), shape))
    return good


def _shape(feature: Feature, convert: systems.System, code: str, report: ImportReport) -> BaseGeometry | None:
    def bad(kind: str, zh: str, en: str, at: BaseGeometry | None = None) -> None:
        report.findings.append(Finding(feature.row, kind, Words(zh, en), grid=code, geometry=at))

    if feature.geometry is None or feature.error:
        bad("no_geometry", f"没有可读的边界（{feature.error}）", f"no border that can be read ({feature.error})")
        return None
    if feature.geometry.geom_type not in ("Polygon", "MultiPolygon"):
        kind = feature.geometry.geom_type
        bad("not_a_polygon", f"几何类型为 {kind}，应为面", f"its geometry is a {kind}, a polygon is needed")
        return None
    limits = (
        (abs(shapely.get_coordinates(feature.geometry)).max(axis=0) > (180, 90)) if convert.key != "local" else [False]
    )
    if any(limits):
        return None  # said once for the file
    shape = snap(areal(systems.to_wgs84(feature.geometry, convert)))
    fault = check_ring(shape, code)
    if fault is not None:
        at = shapely.get_coordinates(fault.geometry)
        where = f"{at[0][0]:.7f}, {at[0][1]:.7f}" if len(at) else "—"
        bad(
            "invalid_ring",
            f"边界环无效：{fault.note}，位于 {where}",
            f"its ring is not valid: {fault.note} at {where}",
            fault.geometry,
        )
        return None
    return shape


def _codes(given: list[_Row], this: Mapping[str, Any], scope: Scope, report: ImportReport) -> list[_Row]:
    """Rows with a usable code; missing ones are numbered. Malformed, duplicate, used or foreign codes are named."""
    known_areas = queries.names_of([r.community for r in given])
    taken = {
        r["code"]: r
        for r in rows.all(
            "SELECT code, layer_id, retired_at FROM places_grid WHERE code = ANY(%(c)s)", {"c": [r.code for r in given]}
        )
    }
    times = Counter(r.code for r in given if r.code)
    good: list[_Row] = []
    for row in given:
        found: tuple[str, Words] | None = None
        if (row.code and (fault := grid_fault(row.code)) is not None) or (
            not row.code and (fault := area_fault(row.community)) is not None
        ):
            found = "malformed_code", fault
        elif row.code and times[row.code] > 1:
            others = "、".join(str(r.row) for r in given if r.code == row.code)
            found = (
                "duplicate_code",
                Words(
                    f"编码 {row.code} 在文件中重复（第 {others} 行）",
                    f"code {row.code} occurs more than once (rows {others})",
                ),
            )
        elif row.code and row.community != row.code[:12]:
            found = (
                "wrong_parent",
                Words(
                    f"编码 {row.code} 不属于社区 {row.community}",
                    f"code {row.code} is not of community {row.community}",
                ),
            )
        elif row.community not in known_areas:
            found = "wrong_parent", Words(f"没有社区 {row.community}", f"there is no community {row.community}")
        elif row.code in taken and taken[row.code]["retired_at"] is not None:
            found = (
                "duplicate_code",
                Words(f"编码 {row.code} 已停用，不得再用", f"code {row.code} is retired and never used again"),
            )
        elif row.code in taken and taken[row.code]["layer_id"] != this["id"]:
            found = (
                "duplicate_code",
                Words(f"编码 {row.code} 已用于其他图层", f"code {row.code} belongs to another layer"),
            )
        elif not scope.covers(district=row.community[:6], street=row.community[:9], community=row.community):
            found = (
                "not_in_scope",
                Words(f"社区 {row.community} 不在您的管辖范围", f"{row.community} is not in your scope"),
            )
        if found:
            report.findings.append(Finding(row.row, found[0], found[1], grid=row.code, geometry=row.shape))
        else:
            good.append(row)
    _number([r for r in good if not r.code], good, report)
    return [r for r in good if r.code]


def _number(nameless: list[_Row], good: list[_Row], report: ImportReport) -> None:
    for community in sorted({r.community for r in nameless}):
        mine = [r for r in nameless if r.community == community]
        given = [r["code"] for r in rows.all("SELECT code FROM places_grid WHERE community = %(c)s", {"c": community})]
        given += [r.code for r in good if r.community == community and r.code]
        try:
            codes = next_codes(community, given, len(mine))
        except NoNumberLeft as error:
            report.findings.append(
                Finding(mine[0].row, "no_number_left", Words(f"社区 {community} 的网格号已用完", str(error)))
            )
            continue
        for code, at in zip(codes, reading_order([r.shape for r in mine]), strict=True):
            mine[at].code = code


def _coverage(
    good: list[_Row], current: list[dict[str, Any]], this: Mapping[str, Any], system: str, report: ImportReport
) -> None:
    """The layer as it would be: coverage of each community for a base layer, coinciding borders for a stacked one."""
    row_of = {r.code: r.row for r in good}
    after = {g["code"]: g["shape"] for g in current} | {r.code: r.shape for r in good}
    parents = queries.area_borders([r.community for r in good])
    if this["over"]:
        base = queries.current_grids(queries.layer(this["over"])["id"])
        faults = check_stack(
            list(after.values()), list(after), [g["shape"] for g in base], [g["code"] for g in base], this["stacking"]
        )[0]
        _tell(faults, row_of, report)
        return
    for community in sorted({r.community for r in good}):
        codes = sorted(c for c in after if c[:12] == community)
        shapes = [after[c] for c in codes]
        parent = parents.get(community)
        if parent is not None and _elsewhere(community, codes, shapes, parent, row_of, system, report):
            continue
        if this["kind"] == "base":
            _tell(check_coverage(shapes, codes, parent), row_of, report)


def _elsewhere(
    community: str,
    codes: list[str],
    shapes: list[BaseGeometry],
    parent: BaseGeometry,
    row_of: Mapping[str, int],
    system: str,
    report: ImportReport,
) -> bool:
    """Grids that lie mostly outside their community; a file shifted as a whole was declared in the wrong system."""
    array = np.array(shapes, dtype=object)
    sizes = shapely.area(array)
    shares = shapely.area(shapely.intersection(array, parent)) / sizes
    total = float(shapely.area(shapely.intersection(shapely.unary_union(array), parent))) / float(sizes.sum())
    if total < 0.9 and system != "local":
        best, reached = system, total
        back = systems.from_wgs84(shapely.unary_union(array), systems.SYSTEMS[system])
        for name, other in systems.SYSTEMS.items():
            moved = systems.to_wgs84(back, other)
            share = float(shapely.area(shapely.intersection(moved, parent))) / float(shapely.area(moved))
            if share > reached + 0.02 and name not in ("cgcs2000",):
                best, reached = name, share
        if best != system and reached > 0.97:
            report.findings.append(
                Finding(
                    0,
                    "wrong_system",
                    Words(
                        f"社区 {community} 的网格按 {system} 只有 {total:.0%} 落在社区内，按 {best} 有 {reached:.0%}：坐标系应为 {best}",
                        f"read as {system} only {total:.0%} of the grids of {community} lie in it, as {best} {reached:.0%}: "
                        f"the file is in {best}",
                    ),
                )
            )
            return True
    far = [(code, shape) for code, shape, share in zip(codes, array, shares, strict=True) if share < 0.5]
    for code, shape in far:
        report.findings.append(
            Finding(
                row_of.get(code, 0),
                "outside_parent",
                Words(f"网格 {code} 不在社区 {community} 内", f"grid {code} does not lie in its community {community}"),
                grid=code,
                geometry=shape,
            )
        )
    return False


_FAULT_WORDS = {
    "gap": Words("缝隙 {size} 平方米，相邻：{pieces}", "a gap of {size} m² beside {pieces}"),
    "overlap": Words("重叠 {size} 平方米：{pieces}", "an overlap of {size} m²: {pieces}"),
    "crossing": Words(
        "越出社区边界 {size} 平方米：{pieces}", "{pieces} crosses the border of its community by {size} m²"
    ),
    "edge": Words("公共边顶点不一致：{pieces}", "the vertices of {pieces} differ from the neighbour's"),
    "mismatch": Words(
        "与所叠图层边界不重合 {size} 平方米：{pieces}", "{pieces} does not coincide with the layer below by {size} m²"
    ),
    "invalid_ring": Words("边界环无效：{pieces}", "{pieces} has an invalid ring"),
}


def fault_words(fault: Fault) -> Words:
    """One sentence about a fault."""
    pieces = "、".join(str(p) for p in fault.pieces) or "—"
    size = f"{fault.size_m2:,.2f}" if fault.size_m2 < 100 else f"{fault.size_m2:,.0f}"
    return _FAULT_WORDS[fault.kind].fill(size=size, pieces=pieces)


def _tell(faults: Sequence[Fault], row_of: Mapping[str, int], report: ImportReport) -> None:
    for fault in faults:
        row = next((row_of[p] for p in fault.pieces if p in row_of), 0)
        grid = str(fault.pieces[0]) if fault.pieces else ""
        blocks = fault.grade == "fault"
        report.findings.append(
            Finding(row, fault.kind, fault_words(fault), blocks, grid, fault.geometry, fault.size_m2)
        )


def refuse_unsound(report: ImportReport) -> None:
    """Raise Invalid with every finding that blocks (for callers that must not go on)."""
    if not report.sound:
        raise Invalid.fields(*(FieldError(f"rows[{f.row}]", f.code, f.words) for f in report.findings if f.blocks))
