"""The parsers, in a process of their own: ``python -m wangge.domain.evidence.sandbox FILE KIND TYPE FOLDER``.

Images, sound and pictures come from strangers, and what reads them is large and old. So it is read where a bomb or a fault can hurt
nothing: little memory, little time, small files, no way to the database. It prints one JSON object; the caller trusts nothing else.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

MEMORY = 1_500 << 20
SECONDS = 90
LARGEST_OUTPUT = 400 << 20
MOST_PIXELS = 60_000_000
"""A photo of 60 megapixels takes 180 MB as it is decoded; larger ones are refused before they are."""
PUBLIC_EDGE, THUMB_EDGE = 2560, 360
MOST_UNPACKED = 300 << 20
MOST_RATIO = 200


class Refused(Exception):
    """What is wrong with the file, in Chinese and English with a line between."""


def main() -> int:
    source, kind, media, folder = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_OUTPUT, LARGEST_OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = {"photo": photo, "audio": moving, "video": moving, "document": document}[kind](source, media, folder)
        print(json.dumps(found))
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}))
    except MemoryError:
        print(json.dumps({"refused": "解码所需内存过大\nit needs too much memory to be read"}))
    return 0


# — photos —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def photo(source: Path, media: str, folder: Path) -> dict[str, Any]:
    """Public copy and thumbnail made anew from the pixels; place, time and size as the device wrote them."""
    from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(source, formats=["JPEG", "PNG", "WEBP"]) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise Refused(
                    f"照片过大（{width}×{height}），最多 6000 万像素\nthe photo is too large ({width}×{height}): at most 60 megapixels"
                )
            found: dict[str, Any] = {"width": width, "height": height} | _exif(image)
            if image.format == "JPEG":
                image.draft("RGB", (PUBLIC_EDGE, PUBLIC_EDGE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise Refused("照片像素过多\nthe photo has too many pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Refused("照片已损坏，无法读取\nthe photo is damaged and cannot be read") from error
    for name, edge, quality in (("public", PUBLIC_EDGE, 85), ("thumb", THUMB_EDGE, 78)):
        copy = upright.copy()
        copy.thumbnail((edge, edge))
        # A new image of the pixels alone: nothing that the device wrote goes with it.
        clean = Image.frombytes("RGB", copy.size, copy.tobytes())
        clean.save(folder / name, "JPEG", quality=quality, optimize=True, progressive=name == "public")
    return found | {"public": "public", "public_type": "image/jpeg", "thumb": "thumb"}


def _exif(image: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # whatever a device wrote, the photo itself is good
        exif = image.getexif()
        gps = exif.get_ifd(0x8825)
        lat, lon = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
        if lat is not None and lon is not None and -90 <= lat <= 90 and -180 <= lon <= 180:
            found |= {"lon": round(lon, 7), "lat": round(lat, 7)}
        details = exif.get_ifd(0x8769)
        said = details.get(0x9003) or exif.get(0x0132)
        if said:
            day, _, moment = str(said).strip("\x00 ").partition(" ")
            found["captured"] = datetime.fromisoformat(f"{day.replace(':', '-')}T{moment}").isoformat()
            zone = str(details.get(0x9011) or "").strip("\x00 ")
            if len(zone) == 6 and zone[0] in "+-":
                found["captured"] += zone
    return found


def _degrees(parts: Any, half: Any) -> float | None:
    if not parts or len(parts) != 3:
        return None
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return -value if str(half).strip("\x00 ").upper() in ("S", "W") else value


# — sound and pictures in motion ———————————————————————————————————————————————————————————————————————————————————————————

_CONTAINERS = {
    "audio/mpeg": "mp3",
    "audio/mp4": "mp4",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/quicktime": "mp4",
    "video/3gpp": "mp4",
    "video/webm": "webm",
}
_PUBLIC = {"mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav"}


def moving(source: Path, media: str, folder: Path) -> dict[str, Any]:
    """Its length, a poster of a video, and a public copy of the same streams without what the device wrote beside them."""
    import av
    import av.error

    kind = media.split("/")[0]
    try:
        with av.open(str(source)) as given:
            streams = [s for s in given.streams if s.type in ("audio", "video")]
            if not any(s.type == kind for s in streams):
                raise Refused("文件中没有声音或画面\nthere is neither sound nor picture in it")
            seconds = given.duration / av.time_base if given.duration else None
            found: dict[str, Any] = {"seconds": round(seconds, 2) if seconds else None}
            if kind == "video":
                found |= _poster(given, folder)
        container = _CONTAINERS.get(media)
        if container is not None:
            copied, ends = _without_metadata(source, container, kind, folder)
            found |= copied
            found["seconds"] = found["seconds"] or ends  # what a browser records does not say how long it is
    except av.error.FFmpegError as error:
        raise Refused("录音或视频已损坏，无法读取\nthe recording is damaged and cannot be read") from error
    return found


def _poster(given: Any, folder: Path) -> dict[str, Any]:
    stream = given.streams.video[0]
    if (stream.width or 0) * (stream.height or 0) > MOST_PIXELS:
        raise Refused("视频画面过大\nthe pictures of the video are too large")
    for frame in given.decode(stream):
        image = frame.to_image()
        image.thumbnail((PUBLIC_EDGE // 2, PUBLIC_EDGE // 2))
        image.convert("RGB").save(folder / "thumb", "JPEG", quality=78, optimize=True)
        return {"width": frame.width, "height": frame.height, "thumb": "thumb"}
    raise Refused("视频中没有画面\nthere is no picture in the video")


def _without_metadata(source: Path, container: str, kind: str, folder: Path) -> tuple[dict[str, Any], float | None]:
    """The same streams in a new container, not decoded, and when they end in seconds. Streams that it cannot hold are left out; none left,
    there is no public copy."""
    import av
    import av.error

    target = folder / "public"
    options = {"movflags": "+faststart"} if container == "mp4" else {}
    with av.open(str(source)) as given, av.open(str(target), "w", format=container, options=options) as made:
        pairs = {}
        for stream in given.streams:
            if stream.type in ("audio", "video"):
                with contextlib.suppress(av.error.FFmpegError, ValueError):
                    pairs[stream.index] = made.add_stream_from_template(stream)
        if not pairs:
            return {}, None
        ends = 0.0
        made.metadata.clear()
        for copy in pairs.values():
            copy.metadata.clear()
        for packet in given.demux([s for s in given.streams if s.index in pairs]):
            if packet.dts is not None:
                ends = max(ends, float((packet.dts + (packet.duration or 0)) * packet.time_base))
                packet.stream = pairs[packet.stream.index]
                made.mux(packet)
    return {"public": "public", "public_type": _PUBLIC.get(container, f"{kind}/{container}")}, round(ends, 2) or None


# — documents ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def document(source: Path, media: str, folder: Path) -> dict[str, Any]:
    """Documents are not read, only looked at: an office file that unpacks beyond all measure is a bomb."""
    if "officedocument" not in media:
        return {}
    try:
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused("文件已损坏，无法读取\nthe document is damaged and cannot be read") from error
    unpacked = sum(i.file_size for i in infos)
    if unpacked > MOST_UNPACKED or any(
        i.file_size > MOST_RATIO * max(i.compress_size, 1) and i.file_size > 1 << 20 for i in infos
    ):
        raise Refused("文件解压后过大\nthe document unpacks to far more than it is")
    names = {i.filename for i in infos}
    if "[Content_Types].xml" not in names or not any(n.startswith(("word/", "xl/", "ppt/")) for n in names):
        raise Refused("这是压缩包，不是 Office 文件\nthis is an archive, not an office document")
    if any(i.filename.lower().endswith((".exe", ".js", ".vbs", "vbaproject.bin")) for i in infos):
        raise Refused("文件含有宏或程序\nthe document holds macros or programs")
    return {}


if __name__ == "__main__":
    sys.exit(main())
