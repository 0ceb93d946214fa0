"""What may be uploaded: kinds of evidence, their limits and the types of content that each takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wangge.kernel.words import Words

MB = 1_000_000


class Kind(StrEnum):
    PHOTO = "photo"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"

    @property
    def words(self) -> Words:
        return KINDS[self].words


@dataclass(frozen=True)
class Limits:
    """``most``: bytes. ``types``: media types by content, whatever the file is called."""

    words: Words
    most: int
    types: frozenset[str]


KINDS: dict[Kind, Limits] = {
    Kind.PHOTO: Limits(Words("照片", "Photo"), 20 * MB, frozenset({"image/jpeg", "image/png", "image/webp"})),
    Kind.AUDIO: Limits(
        Words("录音", "Audio"),
        30 * MB,
        frozenset({"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/webm", "audio/amr"}),
    ),
    Kind.VIDEO: Limits(
        Words("视频", "Video"), 300 * MB, frozenset({"video/mp4", "video/quicktime", "video/webm", "video/3gpp"})
    ),
    Kind.DOCUMENT: Limits(
        Words("文件", "Document"),
        50 * MB,
        frozenset(
            {
                "application/pdf",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                "text/plain",
            }
        ),
    ),
}
MOST = max(limits.most for limits in KINDS.values())


class State(StrEnum):
    """``promised``: announced by its digest, nothing sent yet. ``stored``: whole and sealed, copies not made yet."""

    PROMISED = "promised"
    UPLOADING = "uploading"
    STORED = "stored"
    READY = "ready"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    ERASED = "erased"


class Role(StrEnum):
    """What a piece of evidence shows."""

    REPORT = "report"
    BEFORE = "before"
    AFTER = "after"
    PROGRESS = "progress"
    VERIFY = "verify"
    COMMENT = "comment"


_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_BRANDS = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"3gp": "video/3gpp", b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}  # fmt: skip


def type_of(head: bytes, kind: Kind) -> str | None:
    """The media type by the first bytes (at least 4 KB of a longer file); None for what is nothing we know. ``kind`` only decides where
    one container holds both (WebM of sound or of pictures, MP4 without a brand of its own)."""
    sound = kind is Kind.AUDIO
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp":
        brand = next((t for b, t in _BRANDS.items() if head[8:12].startswith(b)), "video/mp4")
        return "audio/mp4" if sound and brand == "video/mp4" else brand
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "audio/webm" if sound else "video/webm"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06):
        return "audio/mpeg"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return next((t for mark, t in _OFFICE.items() if mark in head), "application/zip")
    if head and b"\x00" not in head and head.lstrip()[:1] != b"<" and _is_utf8(head):
        return "text/plain"
    return None


def plain_name(name: str) -> str:
    """A file's name as it is kept: without what would break a header or a line, turn the reading direction (and so hide the ending), or
    lead into another folder."""
    shown = "".join(c for c in name if c.isprintable())
    return shown.replace("\\", "/").rsplit("/", 1)[-1][:200]


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # a character cut in two at the end of what was read
    return True
