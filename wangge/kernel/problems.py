"""The errors a user can cause, each with what happened and what to do, as RFC 9457 problem details.

Actions and queries raise them; the web layer renders them as ``application/problem+json`` and the command line as one sentence.
An exception that is not a ``Problem`` is a defect of ours.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wangge.kernel.words import Words

TYPE_BASE = "urn:wangge:problem:"


@dataclass(frozen=True)
class FieldError:
    """One wrong field. ``path`` is the way to it in the input (``body.items[3].geometry``), ``code`` is stable."""

    path: str
    code: str
    message: Words

    def as_json(self, language: str) -> dict[str, str]:
        return {"path": self.path, "code": self.code, "message": self.message.say(language)}


@dataclass(eq=False)
class Problem(Exception):
    """``detail`` says what happened and how to go on; ``extra`` carries machine-readable members of the problem."""

    detail: Words
    errors: list[FieldError] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    status: ClassVar[int] = 400
    name: ClassVar[str] = "bad-request"
    title: ClassVar[Words] = Words("请求有误", "Bad request")

    def __str__(self) -> str:
        return self.detail.en

    def as_json(self, language: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": TYPE_BASE + self.name,
            "title": self.title.say(language),
            "status": self.status,
            "detail": self.detail.say(language),
        }
        if self.errors:
            body["errors"] = [e.as_json(language) for e in self.errors]
        return body | self.extra


class Unauthorized(Problem):
    status, name, title = 401, "not-logged-in", Words("尚未登录", "Not logged in")


class Forbidden(Problem):
    status, name, title = 403, "not-allowed", Words("无此权限", "Not allowed")


class NotFound(Problem):
    """Also what a person gets who may not know that the thing exists."""

    status, name, title = 404, "not-found", Words("未找到", "Not found")


class Conflict(Problem):
    """Somebody else was first. ``extra['current']`` is the present state, for the asker to go on from."""

    status, name, title = 409, "conflict", Words("内容已变化", "Changed meanwhile")


class Invalid(Problem):
    status, name, title = 422, "invalid", Words("内容不符合要求", "Not acceptable")

    @classmethod
    def fields(cls, *errors: FieldError) -> Invalid:
        """An ``Invalid`` made of field errors; its detail is their sentences."""
        zh = "；".join(e.message.zh.rstrip("。") for e in errors[:3])
        en = " ".join(e.message.en for e in errors[:3])
        more = len(errors) - 3
        if more > 0:
            zh, en = f"{zh}；另有 {more} 处", f"{en} And {more} more."
        return cls(Words(zh + "。", en), errors=list(errors))

    @classmethod
    def field(cls, path: str, code: str, zh: str, en: str) -> Invalid:
        return cls.fields(FieldError(path, code, Words(zh, en)))


class TooMany(Problem):
    """``extra['retry_after']``: seconds, also sent as the ``Retry-After`` header."""

    status, name, title = 429, "too-many", Words("操作过于频繁", "Too many requests")


class Unavailable(Problem):
    status, name, title = 503, "unavailable", Words("暂时无法服务", "Temporarily unavailable")


class NoRoom(Problem):
    """``extra['retry_after']``: seconds, also sent as the ``Retry-After`` header."""

    status, name, title = 507, "no-room", Words("存储空间不足", "Insufficient storage")


NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
NOTHING_KEPT = Words(
    "服务器磁盘已满（数据盘或临时目录），内容未能保存；请联系管理员清理磁盘后重试。",
    "A disk of the server is full (the data's, or that of temporary files) and nothing was kept. Tell your administrator to make room, then try again.",
)


def no_room(error: BaseException) -> NoRoom | None:
    """What to say of an error of the operating system's, if it is that a disk is full."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return NoRoom(NOTHING_KEPT, extra={"retry_after": 30})
    return None
