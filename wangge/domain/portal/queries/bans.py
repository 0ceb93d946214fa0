"""The list of who is kept from reporting."""

from __future__ import annotations

from typing import Any

from wangge.domain.portal.actions.bans import told
from wangge.domain.portal.models import Ban
from wangge.domain.portal.tags import PortalPermission
from wangge.kernel.access import SYSTEM, Principal, acting


def bans(*, by: Principal, most: int = 200) -> list[dict[str, Any]]:
    """The newest, those that are over too; phones masked."""
    by.require(PortalPermission.BANS)
    with acting(SYSTEM):
        return [told(row) for row in Ban.objects.order_by("-made_at", "-id")[:most]]
