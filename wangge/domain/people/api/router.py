from __future__ import annotations

from django.http import HttpRequest

from wangge.kernel.access import Principal
from wangge.kernel.problems import Forbidden
from wangge.kernel.web.api import Router
from wangge.kernel.words import Words

router = Router(tags=["people"])


def person(request: HttpRequest) -> Principal:
    """The asker, who must be a person with a session: what concerns one's own account is nothing for an integration token."""
    by: Principal = request.principal
    if by.kind != "user":
        raise Forbidden(Words("访问令牌没有个人账号。", "A token has no account of its own."))
    return by
