"""Places on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from wangge.kernel.commands import FOUND, OK, USAGE, Command, CommandError, Progress, language, say, tell
from wangge.kernel.words import Words


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise CommandError(Words(f"没有文件 {text}。", f"There is no file {text}."), USAGE)
    return path


def _areas_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        help=say(
            "CSV（code,name，可为 .csv.gz）或带 code 属性的边界文件",
            "CSV (code,name; may be .csv.gz) or a file of borders with a code",
        ),
    )
    parser.add_argument("--system", default="wgs84", help=say("边界文件的坐标系", "coordinate system of the borders"))


def _import_areas(args: argparse.Namespace) -> int:
    from wangge.domain.places.actions import load_areas, load_borders, read_area_rows
    from wangge.kernel.access import SYSTEM, bind
    from wangge.kernel.geo import systems, vector_files

    bind(SYSTEM)
    path = _file(args.file)
    if path.name.lower().endswith((".csv", ".csv.gz")):
        areas = read_area_rows(path)
        with Progress(Words("导入区划", "Importing areas"), total=len(areas)) as progress:
            counts = load_areas(by=SYSTEM, areas=areas)
            progress.step(len(areas))
        tell(
            f"新增 {counts['added']} 个，更新 {counts['changed']} 个，补建上级 {counts['above']} 个。",
            f"{counts['added']} added, {counts['changed']} changed, {counts['above']} above them added.",
        )
        return OK
    try:
        system = systems.system(args.system)
        file = vector_files.read(path)
    except (systems.UnknownSystem, vector_files.UnreadableFile) as error:
        raise CommandError(Words(f"无法读取：{error}。", f"{error}."), USAGE) from error
    shapes = {
        str(f.properties.get("code") or ""): systems.to_wgs84(f.geometry, system)
        for f in file.features
        if f.geometry is not None
    }
    made = load_borders(by=SYSTEM, shapes=shapes)
    tell(f"更新边界 {made} 个。", f"{made} borders changed.")
    return OK


def _grids_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        help=say("GeoJSON、Shapefile（可为 zip）或 GeoPackage", "GeoJSON, Shapefile (may be zipped) or GeoPackage"),
    )
    parser.add_argument("--layer", default="base", help=say("图层标识", "key of the layer"))
    parser.add_argument(
        "--system",
        required=True,
        help=say("坐标系：wgs84 cgcs2000 gcj02 bd09 local", "wgs84, cgcs2000, gcj02, bd09 or local"),
    )
    parser.add_argument("--control", help=say("控制点 CSV：x,y,lon,lat", "CSV of control points: x,y,lon,lat"))
    parser.add_argument(
        "--column", action="append", default=[], metavar="code=网格编号", help=say("列对应", "which column is what")
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help=say("只检查（默认）", "check only (the default)"))
    what.add_argument("--apply", action="store_true", help=say("检查无误后写入", "write when nothing is wrong"))


def _import_grids(args: argparse.Namespace) -> int:
    import csv

    from wangge.domain.places.actions import import_grids
    from wangge.kernel.access import SYSTEM, bind
    from wangge.kernel.geo.systems import ControlPoint

    bind(SYSTEM)
    control = []
    if args.control:
        with _file(args.control).open(encoding="utf-8-sig", newline="") as file:
            try:
                control = [ControlPoint(*(float(r[k]) for k in ("x", "y", "lon", "lat"))) for r in csv.DictReader(file)]
            except (KeyError, TypeError, ValueError) as error:
                raise CommandError(
                    Words("控制点文件需有 x,y,lon,lat 四列数字。", "Control points need the columns x,y,lon,lat."),
                    USAGE,
                ) from error
    report = import_grids(
        by=SYSTEM,
        path=_file(args.file),
        layer=args.layer,
        system=args.system,
        control=control,
        columns=dict(pair.split("=", 1) for pair in args.column if "=" in pair),
        apply=args.apply,
    )
    for finding in report.findings:
        where = say(f"第 {finding.row} 行", f"row {finding.row}") if finding.row else say("文件", "file")
        tell(f"{'✗' if finding.blocks else '·'} {where} [{finding.code}] {finding.words.say(language())}")
    tell(
        f"共 {report.rows} 行：新增 {len(report.created)}，调整 {len(report.changed)}，不变 {len(report.unchanged)}。",
        f"{report.rows} rows: {len(report.created)} new, {len(report.changed)} redrawn, {len(report.unchanged)} unchanged.",
    )
    if report.applied:
        tell("已写入。", "Written.")
    elif report.sound:
        tell("检查通过，未写入；加 --apply 写入。", "Nothing is wrong; nothing was written. Add --apply to write.")
    else:
        tell("存在问题，未写入任何内容。", "Something is wrong; nothing was written.")
    return OK if report.sound else FOUND


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help=say("输出 GeoJSON", "the GeoJSON to write"))
    parser.add_argument("--layer", default="base", help=say("图层标识", "key of the layer"))
    parser.add_argument("--within", default=None, help=say("区划代码", "code of an area"))
    parser.add_argument("--system", default="wgs84", help=say("坐标系", "coordinate system"))


def _export_grids(args: argparse.Namespace) -> int:
    import orjson

    from wangge.domain.places import queries
    from wangge.domain.places.borders import shape
    from wangge.domain.places.features import collection, geometry_json, grid_feature
    from wangge.kernel.access import SYSTEM, bind
    from wangge.kernel.geo import systems

    bind(SYSTEM)
    queries.layer(args.layer)
    try:
        system = systems.system(args.system)
    except systems.UnknownSystem as error:
        raise CommandError(Words(f"坐标系未知：{error}。", f"{error}."), USAGE) from error
    found = queries.grids(layer=args.layer, within=args.within, geometry=True, limit=1_000_000)
    features = []
    for row in found:
        geometry = geometry_json(systems.from_wgs84(shape(row["geometry"]), system))
        features.append(grid_feature({**row, "geometry": None}) | {"geometry": geometry})
    Path(args.file).write_bytes(orjson.dumps(collection(features, system=system.key), default=str))
    tell(f"已导出 {len(features)} 个网格（{system.key}）。", f"{len(features)} grids exported ({system.key}).")
    return OK


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--layer", default="base", help=say("图层标识", "key of the layer"))
    parser.add_argument("--within", default=None, help=say("区划代码", "code of an area"))
    parser.add_argument("--geojson", help=say("把问题写成 GeoJSON", "write the faults as GeoJSON"))


def _check_coverage(args: argparse.Namespace) -> int:
    import orjson

    from wangge.domain.places import queries
    from wangge.domain.places.actions.importing import fault_words
    from wangge.domain.places.features import collection, fault_feature
    from wangge.kernel.access import SYSTEM, bind

    bind(SYSTEM)
    faults = queries.check_layer(args.layer, args.within)
    for fault in faults:
        tell(f"{'✗' if fault.grade == 'fault' else '·'} [{fault.kind}] {fault_words(fault).say(language())}")
    if args.geojson:
        features = [fault_feature(f, fault_words(f).say(language())) for f in faults]
        Path(args.geojson).write_bytes(orjson.dumps(collection(features)))
    real = sum(f.grade == "fault" for f in faults)
    tell(f"问题 {real} 处，细碎 {len(faults) - real} 处。", f"{real} faults, {len(faults) - real} slivers.")
    return FOUND if real else OK


COMMANDS = [
    Command(
        ("import", "areas"),
        Words("导入区划（GB 代码）或其边界", "Import areas (GB codes) or their borders"),
        _import_areas,
        _areas_arguments,
    ),
    Command(
        ("import", "grids"),
        Words("导入网格：先检查，后写入", "Import grids: checked first, written with --apply"),
        _import_grids,
        _grids_arguments,
    ),
    Command(
        ("export", "grids"), Words("导出网格为 GeoJSON", "Export grids as GeoJSON"), _export_grids, _export_arguments
    ),
    Command(
        ("check", "coverage"),
        Words("检查图层：缝隙、重叠、越界", "Check a layer: gaps, overlaps, crossings"),
        _check_coverage,
        _check_arguments,
    ),
]
