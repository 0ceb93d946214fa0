"""How often somebody may ask: counted by keyed hashes of a network, a phone or a case's number, in rows that every process shares."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from math import ceil

from wangge.domain.portal.rules import Limit
from wangge.kernel import clock, crypto
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.problems import Forbidden, TooMany
from wangge.kernel.words import Words


def take(limit: Limit, what: str) -> None:
    """Count one more. Raises TooMany with the seconds until it may be tried again."""
    _within(limit, *_counted(limit, what, 1))


def check(limit: Limit, what: str) -> None:
    """Raises TooMany when no more is possible now; counts nothing."""
    _within(limit, *_counted(limit, what, 0), more=1)


def count(limit: Limit, what: str) -> None:
    """Count one more, whatever the limit says."""
    _counted(limit, what, 1)


def used_up(limit: Limit, what: str) -> bool:
    """Whether that many were counted already. Writes nothing."""
    used = rows.value(
        "SELECT used FROM portal_use WHERE key = %(key)s AND until > %(now)s",
        {"key": crypto.lookup_hash(f"portal.{limit.name}", what), "now": clock.now()},
    )
    return (used or 0) >= limit.most


def _counted(limit: Limit, what: str, more: int) -> tuple[int, float]:
    now = clock.now()
    row = rows.one(
        """INSERT INTO portal_use AS u (key, since, until, used) VALUES (%(key)s, %(now)s, %(now)s + %(window)s, %(more)s)
           ON CONFLICT (key) DO UPDATE SET since = CASE WHEN u.until <= %(now)s THEN %(now)s ELSE u.since END,
               until = CASE WHEN u.until <= %(now)s THEN %(now)s + %(window)s ELSE u.until END,
               used = CASE WHEN u.until <= %(now)s THEN %(more)s ELSE least(u.used + %(more)s, %(most)s + 1) END
           RETURNING used, extract(epoch FROM until - %(now)s)::float AS left""",
        {
            "key": crypto.lookup_hash(f"portal.{limit.name}", what),
            "now": now,
            "window": limit.window,
            "more": more,
            "most": limit.most,
        },
    )
    assert row is not None
    return row["used"], row["left"]


def _within(limit: Limit, used: int, left: float, *, more: int = 0) -> None:
    if used + more > limit.most:
        seconds = max(1, ceil(left))
        minutes = -(-seconds // 60)
        raise TooMany(
            Words(
                f"操作过于频繁，请在 {minutes} 分钟后再试；急事请直接拨打 12345 或所在街道电话。",
                f"Too many at once. Try again in {minutes} min; if it is urgent, call 12345 or your street's office.",
            ),
            extra={"retry_after": seconds},
        )


def not_banned(*, network: str, phone: str = "") -> None:
    """Raises Forbidden, with the reason and until when, for a network or a phone that is on the list."""
    with acting(SYSTEM):
        found = rows.all(
            """SELECT kind, network, phone_hash, reason, expires_at FROM portal_ban
               WHERE lifted_at IS NULL AND expires_at > %(now)s ORDER BY expires_at DESC""",
            {"now": clock.now()},
        )
    hashes = crypto.lookup_hashes("phone", phone) if phone else []
    for ban in found:
        if _holds(ban["network"], network) if ban["kind"] == "network" else bytes(ban["phone_hash"]) in hashes:
            until = f"{ban['expires_at']:%Y-%m-%d}"
            raise Forbidden(
                Words(
                    f"已被限制使用至 {until}，原因：{ban['reason']}。如有异议或急事，请拨打 12345 或到街道中心。",
                    f"Kept from reporting here until {until}: {ban['reason']}. If you object, or it is urgent, call 12345 or go to your street's centre.",
                ),
                extra={"until": ban["expires_at"].isoformat()},
            )


def _holds(wanted: str, network: str) -> bool:
    try:
        theirs = ip_network(network, strict=False) if "/" in network else ip_network(ip_address(network))
        whole = ip_network(wanted, strict=False)
        return theirs.version == whole.version and theirs.subnet_of(whole)  # type: ignore[arg-type]
    except ValueError:
        return False


def forget() -> int:
    """Counts whose time is over."""
    return rows.run("DELETE FROM portal_use WHERE until < %(now)s", {"now": clock.now()})
