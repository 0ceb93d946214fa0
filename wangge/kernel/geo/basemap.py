"""The base map of an installation, as it was named in the configuration: raster tiles of another host, or a PMTiles archive.

Tiles are on the web's Mercator grid, as XYZ templates or WMTS (KVP or REST) with its variables in the address. The coordinates they
are drawn in are named, as those of GCJ-02 are shifted by the browser. None is the default: our own map needs no other host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wangge.kernel.problems import Invalid

SYSTEMS = {"wgs84": "wgs84", "cgcs2000": "wgs84", "gcj02": "gcj02"}
"""What may be said → what the browser does; CGCS2000 differs by centimetres."""
DEEPEST = 24
_WMTS = {"tilematrix": "z", "tilecol": "x", "tilerow": "y"}
_MAGIC, _TYPE_AT = b"PMTiles\x03", 99
_RASTER = {2, 3, 4, 5}  # PNG, JPEG, WebP, AVIF; 1 is vector
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9a-fA-F:]+\](:[0-9]+)?")


@dataclass(frozen=True)
class Basemap:
    """``tiles``: addresses with ``{z}``, ``{x}``, ``{y}``, drawn one over the other, the lowest first; or ``archive``: a PMTiles archive at an
    address, or a file of ours. ``system``: wgs84 or gcj02. ``zooms``: the least and the greatest at which there are tiles."""

    tiles: tuple[str, ...]
    archive: str | Path | None
    system: str
    attribution: str
    zooms: tuple[int, int]

    @property
    def origins(self) -> tuple[str, ...]:
        """The hosts that a browser has to ask, as a content policy names them."""
        asked = [*self.tiles, *([self.archive] if isinstance(self.archive, str) else [])]
        return tuple(sorted({f"{u.scheme}://{u.netloc}" for u in map(urlsplit, asked)}))


def basemap_of(
    *, addresses: Sequence[str], system: str, attribution: str, zooms: str, https: bool = False
) -> Basemap | None:
    """The base map that these settings name; None without one. Raises Invalid that names the setting and what it should be."""
    if not addresses:
        return None
    least, greatest = _zooms(zooms)
    if system.lower().replace("-", "") not in SYSTEMS:
        raise Invalid.field(
            "basemap_system",
            "unknown",
            f"底图坐标系“{system}”未知；可用 wgs84、cgcs2000 或 gcj02（百度 BD-09 的瓦片网格不同，不能用）。",
            f"The coordinates “{system}” of the base map are unknown: wgs84, cgcs2000 or gcj02 (Baidu's BD-09 has another grid of tiles).",
        )
    kind = SYSTEMS[system.lower().replace("-", "")]
    archives = [a for a in addresses if urlsplit(a).path.endswith(".pmtiles")]
    if archives and len(addresses) > 1:
        raise Invalid.field(
            "basemap",
            "one_archive",
            "PMTiles 底图只能有一个，且不能与瓦片地址并用。",
            "A PMTiles archive stands alone: name one, and no tiles beside it.",
        )
    if archives:
        return Basemap((), _archive(archives[0], https), kind, attribution, (least, greatest))
    return Basemap(tuple(_template(a, https) for a in addresses), None, kind, attribution, (least, greatest))


def _zooms(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,2})\s*-\s*(\d{1,2})\s*", text)
    if not found or not int(found[1]) <= int(found[2]) <= DEEPEST:
        raise Invalid.field(
            "basemap_zooms",
            "range",
            f"底图级别“{text}”应为“最小-最大”，在 0 到 {DEEPEST} 之间，如 3-18。",
            f"The zooms “{text}” of the base map must be the least and the greatest between 0 and {DEEPEST}, as in 3-18.",
        )
    return int(found[1]), int(found[2])


def _template(address: str, https: bool) -> str:
    """The address with ``{z}``, ``{x}``, ``{y}`` for its variables, whatever WMTS calls them."""
    named = re.sub(r"\{(\w+)\}", lambda m: "{" + _WMTS.get(m[1].lower(), m[1]) + "}", address)
    _reachable(named, https)
    if sorted(re.findall(r"\{(.*?)\}", named)) != ["x", "y", "z"]:
        raise Invalid.field(
            "basemap",
            "template",
            f"底图地址“{_plain(address)}”须含且只含 {{z}}、{{x}}、{{y}} 各一次（WMTS 为 {{TileMatrix}}、{{TileCol}}、{{TileRow}}），或为 .pmtiles 文件。",
            f"The address “{_plain(address)}” of the base map needs {{z}}, {{x}} and {{y}} once each and nothing else in braces "
            "(of WMTS: {TileMatrix}, {TileCol}, {TileRow}), or is a .pmtiles archive.",
        )
    return named


def _plain(address: str) -> str:
    """What can be shown of an address: not its query, where keys stand."""
    return address.partition("?")[0]


def _reachable(address: str, https: bool) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc):
        raise Invalid.field(
            "basemap",
            "address",
            f"底图地址“{_plain(address)}”应以 http:// 或 https:// 加主机名开头，主机名中不能有变量。",
            f"The address “{_plain(address)}” of the base map must begin with http:// or https:// and a plain host name.",
        )
    if https and parts.scheme == "http":
        raise Invalid.field(
            "basemap",
            "mixed",
            f"本系统以 HTTPS 提供，浏览器会拒绝底图“{_plain(address)}”；请用 https:// 地址。",
            f"This system is served by HTTPS, so browsers refuse “{_plain(address)}”: give an https:// address.",
        )


def _archive(address: str, https: bool) -> str | Path:
    if "://" in address:
        _reachable(address, https)
        return address
    path = Path(address).expanduser().absolute()
    try:
        with path.open("rb") as file:
            head = file.read(127)
    except OSError as error:
        raise Invalid.field(
            "basemap",
            "missing",
            f"无法打开底图文件 {path}：{error.strerror}。",
            f"The archive {path} cannot be opened: {error.strerror}.",
        ) from error
    if not head.startswith(_MAGIC) or len(head) < 127:
        raise Invalid.field(
            "basemap",
            "archive",
            f"{path} 不是 PMTiles 第 3 版文件。",
            f"{path} is no PMTiles archive of version 3.",
        )
    if head[_TYPE_AT] not in _RASTER:
        raise Invalid.field(
            "basemap",
            "vector",
            f"{path} 是矢量瓦片；底图须为图片（PNG、JPEG、WebP、AVIF）。",
            f"{path} holds vector tiles; a base map is of pictures (PNG, JPEG, WebP, AVIF).",
        )
    return path
