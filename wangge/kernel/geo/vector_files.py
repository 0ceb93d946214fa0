"""Reading GeoJSON, Shapefile (also zipped) and GeoPackage: features with their row number, and what is wrong with each.

A file is read from a local path only and within limits, and only when its first bytes are those of the kind that its name says: GDAL goes by
the content, and would take a "GeoJSON" that is a virtual dataset for what it is, and open the files and addresses that this one names. A Shapefile without a `.cpg` is read as UTF-8 when its table is
valid UTF-8, else as GB 18030 (which holds GBK and GB 2312), because that is what offices send.
"""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

MOST_BYTES = 300 * 1024 * 1024
MOST_FEATURES = 100_000
MOST_VERTICES = 5_000_000

SUFFIXES = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".shp": "ESRI Shapefile",
    ".gpkg": "GPKG",
    ".zip": "ESRI Shapefile",
}

BEGINNINGS = {"GeoJSON": b"{", "ESRI Shapefile": b"\x00\x00\x27\x0a", "GPKG": b"SQLite format 3\x00"}
HEAD = 4096

_CODE_PAGES = {"936": "gb18030", "cp936": "gb18030", "ansi 936": "gb18030", "gbk": "gb18030", "65001": "utf-8"}


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass
class Feature:
    """One row: `row` counts from 1, `geometry` is None when there is none that could be read (then `error` says so)."""

    row: int
    geometry: BaseGeometry | None
    properties: dict[str, Any]
    error: str = ""


@dataclass
class VectorFile:
    """All rows of one layer of a file. `crs`: what the file says of itself (text of GDAL, may be empty)."""

    features: list[Feature]
    crs: str = ""
    columns: list[str] = field(default_factory=list)


def read(path: Path, layer: str | None = None) -> VectorFile:
    """Read a file whose kind is told by its name. Raises `UnreadableFile` (kind, size, content, several layers)."""
    import pyogrio.errors  # here: GDAL and PROJ are 44 MB of every process, and files come a few times a year
    import pyogrio.raw

    driver = SUFFIXES.get(path.suffix.lower())
    if driver is None:
        raise UnreadableFile(f"{path.name}: a .geojson, .shp, .zip (of a Shapefile) or .gpkg file is needed")
    if not path.is_file():
        raise UnreadableFile(f"{path.name}: there is no such file")
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableFile(f"{path.name}: larger than {MOST_BYTES // 1024 // 1024} MB")
    source, encoding = _source(path, driver)
    try:
        layers = [str(name) for name in pyogrio.list_layers(source)[:, 0]]
        if layer is None and len(layers) > 1:
            raise UnreadableFile(f"{path.name} has several layers, name one: {', '.join(layers)}")
        if layer is not None and layer not in layers:
            raise UnreadableFile(f"{path.name} has no layer {layer}; it has {', '.join(layers)}")
        info = pyogrio.read_info(source, layer=layer, force_feature_count=True)
        if info["driver"] != driver:
            raise _other_kind(path, driver)
        count = int(info["features"])
        if count > MOST_FEATURES:
            raise UnreadableFile(f"{path.name}: {count} features, more than {MOST_FEATURES}")
        # a dBASE table is taken byte by byte: its column names are cut at 10 bytes, through the middle of a character
        meta, _, wkb, columns = pyogrio.raw.read(
            source, layer=layer, encoding="ISO-8859-1" if encoding else None, force_2d=True
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        raise UnreadableFile(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    except UnicodeError as error:
        raise UnreadableFile(f"{path.name}: its text cannot be decoded") from error
    names = [_text(str(name), encoding) for name in meta["fields"]]
    return VectorFile(_features(wkb, names, columns, encoding), str(meta.get("crs") or ""), names)


def _other_kind(path: Path, driver: str) -> UnreadableFile:
    return UnreadableFile(f"{path.name}: its content is not that of a {driver} file")


def _checked(path: Path, driver: str, head: bytes) -> None:
    """Raises UnreadableFile for what does not begin as its kind does."""
    if (
        not head.removeprefix(codecs.BOM_UTF8)
        .lstrip(b" \t\r\n" if driver == "GeoJSON" else b"")
        .startswith(BEGINNINGS[driver])
    ):
        raise _other_kind(path, driver)


def _source(path: Path, driver: str) -> tuple[str, str | None]:
    """What GDAL opens, and the encoding of a Shapefile's table (None for the other kinds, which say it themselves)."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            _checked(path, driver, file.read(HEAD))
    if path.suffix.lower() == ".shp":
        table, said = _sibling(path, ".dbf"), _sibling(path, ".cpg")
        return str(path), _encoding(table.read_bytes() if table else b"", said.read_bytes() if said else b"")
    if path.suffix.lower() != ".zip":
        return str(path), None
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise UnreadableFile(f"{path.name}: larger than {MOST_BYTES // 1024 // 1024} MB when unpacked")
            names = {n.lower(): n for n in archive.namelist() if not n.startswith("__MACOSX")}
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise UnreadableFile(f"{path.name} holds two files of one name")
            shapes = [n for n in names if n.endswith(".shp")]
            if len(shapes) != 1:
                raise UnreadableFile(f"{path.name} holds {len(shapes)} .shp files; one is needed")
            with archive.open(names[shapes[0]]) as file:
                _checked(path, driver, file.read(HEAD))
            stem = shapes[0][:-4]
            table, said = (archive.read(names[stem + s]) if stem + s in names else b"" for s in (".dbf", ".cpg"))
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise UnreadableFile(f"{path.name} is no zip archive that can be opened") from error
    return f"/vsizip/{path}/{names[shapes[0]]}", _encoding(table, said)


def _sibling(path: Path, suffix: str) -> Path | None:
    return next((p for p in (path.with_suffix(suffix), path.with_suffix(suffix.upper())) if p.is_file()), None)


def _encoding(table: bytes, said: bytes) -> str:
    """The encoding of a dBASE table: what its .cpg says when that is one we know, else by its content."""
    try:
        return codecs.lookup(_CODE_PAGES.get(name := said.decode("ascii").strip().lower(), name)).name
    except (LookupError, UnicodeDecodeError):
        pass
    records = table[int.from_bytes(table[8:10], "little") :]  # behind the header, whose names may be cut
    try:
        records.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _text(value: str, encoding: str | None) -> str:
    """The text of bytes that were read as Latin-1; what cannot be decoded (the end of a cut name) is dropped."""
    return (value.encode("latin-1").decode(encoding, "ignore") if encoding else value).strip()


def _features(
    wkb: np.ndarray | None, names: list[str], columns: Sequence[np.ndarray], encoding: str | None
) -> list[Feature]:
    count = len(wkb) if wkb is not None else (len(columns[0]) if columns else 0)
    shapes = shapely.from_wkb(wkb, on_invalid="ignore") if wkb is not None else np.full(count, None)
    total = int(shapely.get_num_coordinates(shapes).sum())
    if total > MOST_VERTICES:
        raise UnreadableFile(f"{total} vertices, more than {MOST_VERTICES}")
    out = []
    for i in range(count):
        properties = {name: _plain(column[i], encoding) for name, column in zip(names, columns, strict=True)}
        error = ""
        if shapes[i] is None:
            error = "no geometry" if wkb is None or wkb[i] is None else "the geometry cannot be read"
        elif not np.isfinite(shapely.get_coordinates(shapes[i])).all():
            error = "a coordinate is no number"
        out.append(Feature(i + 1, shapes[i], properties, error))
    return out


def _plain(value: Any, encoding: str | None) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return _text(value, encoding) if isinstance(value, str) else value
