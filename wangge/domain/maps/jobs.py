"""What maps of the past need."""

from __future__ import annotations

import logging

from wangge.domain.maps import actions
from wangge.kernel.jobs import cron, job

log = logging.getLogger("wangge.maps")


@cron("*/10 * * * *")
@job("maps.pack")
def pack() -> None:
    """What changed lately is packed again."""
    actions.pack()


@cron("41 19 * * *")
@job("maps.check")
def check() -> None:
    """At night (03:41 in China): every pack is compared with the cases."""
    if wrong := actions.check():
        log.error("packs of maps were wrong and are made anew", extra={"packs": wrong})
