"""What happens to places by itself."""

from __future__ import annotations

from wangge.domain.places import actions
from wangge.kernel.jobs import cron, job


@cron("*/5 * * * *")
@job("places.apply_planned")
def apply_planned() -> None:
    """Changes of grids whose day has begun take effect."""
    actions.apply_due()
