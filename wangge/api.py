"""The HTTP API ``/api/v1``: the routers of all packages in one place."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import wangge
from wangge.kernel.web.api import Api, build, check_permissions

DESCRIPTION = """城乡社区网格化服务管理开放平台接口。Open platform for community grid service management.

Errors are problem details (RFC 9457) in Chinese or English by `Accept-Language`. Lists are paged by keyset: pass `next` as `after`.
Creating calls take an `id` made by the client (UUIDv7) and may be repeated. Changes carry `version`; 409 holds the current state.
"""

ROUTERS = (
    "wangge.domain.people.api",
    "wangge.domain.places.api",
    "wangge.domain.catalog.api",
    "wangge.domain.cases.api",
    "wangge.kernel.ledger.api",
    "wangge.kernel.health.api",
)


def present(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def assemble() -> Api:
    """The whole API, refused if a route lacks a permission."""
    api = build(title="Wangge 网格", version=wangge.__version__, description=DESCRIPTION)
    for name in ROUTERS:
        if present(name):
            api.add_router("", import_module(name).router.inner)
    check_permissions(api)
    return api


api = assemble()
