"""What a file's name may do: be shown."""

from __future__ import annotations

import base64
from email.message import Message
from typing import Any
from uuid import UUID

import pytest

from wangge.domain.evidence.actions import process
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.ids import uuid7

TEXT = "会议记录\n".encode() * 20


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\r\nSet-Cookie: x=1\r\n\r\n<b>.txt", "aSet-Cookie: x=1<b>.txt"),
        ("..\\..\\etc/passwd", "passwd"),
        ("../../../keys.json", "keys.json"),
        ("报告\u202etxt.exe", "报告txt.exe"),
        ("a\x00b\x1b[31m\x85\u2028.txt", "ab[31m.txt"),
        ('a"; filename=evil.html; b.txt', 'a"; filename=evil.html; b.txt'),
        ("长" * 500, "长" * 200),
    ],
)
def test_a_name_that_would_break_a_header_or_lead_elsewhere_is_made_plain(ask: Any, name: str, kept: str) -> None:
    upload = str(uuid7())
    said = {"id": upload, "kind": "document", "filename": name}
    meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
    made = ask(
        "alice",
        "POST",
        "/api/v1/uploads",
        TEXT,
        Tus_Resumable="1.0.0",
        Upload_Length=str(len(TEXT)),
        Upload_Metadata=meta,
        Content_Type="application/offset+octet-stream",
    )
    assert made.status_code == 201, made.content
    with acting(SYSTEM):
        process(UUID(upload))
    assert ask("alice", "GET", f"/api/v1/evidence/{upload}").json()["name"] == kept
    sent = ask("alice", "GET", f"/api/v1/evidence/{upload}/public")
    assert (sent.status_code, sent.content) == (200, TEXT)
    assert sent["Content-Type"].startswith("text/plain")
    assert sent["Content-Disposition"].startswith("attachment; filename")
    read = Message()  # by another hand than ours
    read["Content-Disposition"] = sent["Content-Disposition"]
    assert read.get_filename() == kept
    assert (sent["Content-Security-Policy"], sent["X-Content-Type-Options"]) == (
        "default-src 'none'; sandbox",
        "nosniff",
    )
