"""Where a request comes from, through the proxies that are believed, and whether it came by HTTPS."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The asker's IP address: of the connection, or, when that is a trusted proxy, the last address in ``X-Forwarded-For`` that is
    not one. What a client writes into the header itself stands before what the proxies add, and is never reached."""
    address = _valid(request.META.get("REMOTE_ADDR", ""))
    trusted = settings.CONFIG.trusted_proxies
    if address not in trusted:
        return address
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        found = _valid(hop)
        if found is None:
            break
        address = found
        if found not in trusted:
            break
    return address


def is_https(request: HttpRequest) -> bool:
    """HTTPS is a proxy's work, so the installation's settings say it."""
    return settings.CONFIG.https or request.is_secure()


def _valid(text: str) -> str | None:
    text = text.strip().split("%")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
