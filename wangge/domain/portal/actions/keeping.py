"""保存期限: counts and codes are forgotten when they are over, bans a year after."""

from __future__ import annotations

from datetime import timedelta

from wangge.domain.portal import limits
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows


def forget() -> None:
    """Delete what nobody needs any more."""
    now = clock.now()
    with acting(SYSTEM):
        limits.forget()
        rows.run("DELETE FROM portal_phone_code WHERE expires_at < %(now)s", {"now": now})
        rows.run("DELETE FROM portal_ban WHERE expires_at < %(before)s", {"before": now - timedelta(days=365)})
