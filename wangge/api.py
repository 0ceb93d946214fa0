"""The HTTP API ``/api/v1``: the routers of all packages in one place."""

from __future__ import annotations

from typing import Any

import wangge
from wangge.domain.cases import api as cases
from wangge.domain.cases import rules
from wangge.domain.catalog import api as catalog
from wangge.domain.evidence import api as evidence
from wangge.domain.exchange.actions.partners import EVENT_NAME
from wangge.domain.exchange.levels import api as exchange
from wangge.domain.exchange.rules import MessageKind, PartnerKind
from wangge.domain.exports import api as exports
from wangge.domain.live import api as live
from wangge.domain.maps import api as maps
from wangge.domain.notices import api as notices
from wangge.domain.notices.rules import EVENT_NAMES
from wangge.domain.people import api as people
from wangge.domain.places import api as places
from wangge.domain.places import api_changes as places_changes
from wangge.domain.portal import api as portal
from wangge.domain.portal import map_api as portal_map
from wangge.domain.search import api as search
from wangge.domain.stats import api as stats
from wangge.domain.templates import api as templates
from wangge.domain.views import api as views
from wangge.kernel.access import Role, permissions
from wangge.kernel.health import api as health
from wangge.kernel.jobs import api as jobs
from wangge.kernel.ledger import api as ledger
from wangge.kernel.web.api import Api, build, check_names, check_permissions

DESCRIPTION = """城乡社区网格化服务管理开放平台接口。Open platform for community grid service management.

Errors are problem details (RFC 9457) in Chinese or English by `Accept-Language`. Lists are paged by keyset: pass `next` as `after`.
Creating calls take an `id` made by the client (UUIDv7) and may be repeated. Changes carry `version`; 409 holds the current state.
"""

ROUTERS = (
    people,
    places_changes,  # before /grids/{code}, which would take its addresses
    places,
    catalog,
    cases,
    maps,
    evidence,
    live,
    search,
    views,
    templates,
    notices,
    stats,
    exports,
    exchange,
    portal,
    portal_map,
    ledger,
    health,
    jobs,
)
WORDS: dict[str, Any] = {
    "status": rules.Status,
    "act": rules.Act,
    "stage": rules.Stage,
    "channel": rules.Channel,
    "urgency": rules.Urgency,
    "level": rules.Level,
    "follow_up": rules.FollowUp,
    "role": Role,
    "permission": list(permissions()),
    "event": EVENT_NAMES | EVENT_NAME,
    "partner": PartnerKind,
    "message": MessageKind,
}
"""What clients need to name and no answer of the API says: the web apps take it from the description."""


def assemble() -> Api:
    """The whole API, refused if a route lacks a permission or two schemas share a name."""
    api = build(title="Wangge 网格", version=wangge.__version__, description=DESCRIPTION, words=WORDS)
    for package in ROUTERS:
        api.add_router("", package.router.inner)
    check_permissions(api)
    check_names()
    return api


api = assemble()
