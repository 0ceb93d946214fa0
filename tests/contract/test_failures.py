"""What is no fault of the asker is answered with a sentence, too."""

from __future__ import annotations

import errno
from typing import Any

import orjson
import pytest
from django.db import OperationalError
from django.test import RequestFactory

from wangge.kernel.web.api import build

SPACE = OSError(errno.ENOSPC, "No space left on device")
DENIED = OSError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("error", "status", "zh", "again"),
    [
        (SPACE, 507, "服务器磁盘已满", True),
        (OperationalError("gone"), 503, "数据库暂时不可用", True),
        (DENIED, 500, "系统内部错误，已记录。请稍后重试；如仍出现，请将编号 ab12", False),
    ],
)
def test_it_says_what_happened_and_when_to_come_again(error: Exception, status: int, zh: str, again: bool) -> None:
    request: Any = RequestFactory().get("/api/v1/anything", headers={"Accept-Language": "zh"})
    request.number = "ab12"
    answer = build(title="t", version="1", description="").on_exception(request, error)
    assert answer.status_code == status
    assert zh in orjson.loads(answer.content)["detail"]
    assert answer.has_header("Retry-After") == again
