"""Parts of files (RFC 9110, Range): what a browser asks of a video, a phone on a bad line, a map of its archive."""

from __future__ import annotations

import re

from django.http import HttpRequest

from wangge.kernel.problems import Problem
from wangge.kernel.words import Words

SLICE = 4 << 20
"""The most bytes of one answer to a range."""
WHOLE = 64 << 20
"""A file up to this size may be read at once."""


class TooWide(Problem):
    status, name, title = 416, "range", Words("范围无效", "Range not satisfiable")


def part_of(request: HttpRequest, size: int) -> tuple[int, int] | None:
    """The first and the last byte that are asked for, at most ``SLICE`` of them; None: the whole. Raises TooWide."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if asked and int(asked[1]) >= size:
        raise TooWide(Words(f"文件只有 {size} 字节。", f"The file has {size} bytes."))
    if not asked and size > WHOLE:
        raise TooWide(
            Words(
                f"文件有 {size} 字节，请按范围（Range）分段读取，每段最多 {SLICE} 字节。",
                f"The file has {size} bytes: read it in parts by Range, each of at most {SLICE} bytes.",
            )
        )
    if not asked:
        return None
    start = int(asked[1])
    return start, min(int(asked[2]) if asked[2] else size - 1, size - 1, start + SLICE - 1)
