"""Where a webhook may go. An address that somebody typed must not become a way into the network that this program stands in
(server-side request forgery): only public addresses, but for the hosts that the installation's settings name, and the connection goes to
the very address that was looked at."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from wangge.kernel.web.stranger import is_public
from wangge.kernel.words import Words

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """``words`` say why, and what to do."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True)
class Target:
    """``address`` is the one to connect to; ``host`` goes into the Host header and the certificate check."""

    secure: bool
    host: str
    port: int
    path: str
    address: str


def target(url: str, allowed: Sequence[str]) -> Target:
    """Where ``url`` leads now. Raises Refused. ``allowed``: host names (``.example.cn``: all below), addresses and networks of the settings."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(Words("这不是一个网址。", "This is no URL.")) from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password or parts.fragment:
        raise Refused(
            Words(
                "网址应为 https://主机/路径，不含用户名、口令和 #。",
                "The URL is https://host/path, without user name, password and #.",
            )
        )
    if any(not 32 < ord(c) < 127 for c in url):
        raise Refused(Words("网址只能含可见的 ASCII 字符。", "The URL has only visible ASCII characters."))
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    found = _resolve(host, port)
    named = _named(host, allowed)
    for address in found:
        if not named and not _within(address, allowed) and not is_public(address):
            raise Refused(
                Words(
                    f"{host} 是内部地址。确需推送时，请管理员在 webhook_hosts 中列出该主机或网段。",
                    f"{host} is an internal address. If it is meant, list the host or its network in webhook_hosts.",
                )
            )
    if not secure and not named and not all(_within(a, allowed) for a in found):
        raise Refused(
            Words(
                "公网地址须用 https；http 只用于 webhook_hosts 中列出的主机。",
                "Use https; http is only for hosts that are listed in webhook_hosts.",
            )
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port, path, str(found[0]))


def _resolve(host: str, port: int) -> list[Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(
            Words(
                f"找不到主机 {host}，请检查拼写和域名解析。",
                f"The host {host} cannot be found; check its spelling and the DNS.",
            )
        ) from None
    found = [_plain(ipaddress.ip_address(answer[4][0])) for answer in answers]
    return list(dict.fromkeys(found))


def _plain(address: Address) -> Address:
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _named(host: str, allowed: Sequence[str]) -> bool:
    name = host.lower()
    return any(
        name == entry or (entry.startswith(".") and name.endswith(entry))
        for entry in (a.lower().removeprefix("*").rstrip(".") for a in allowed)
        if entry
    )


def _within(address: Address, allowed: Sequence[str]) -> bool:
    for entry in allowed:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            continue
        if address.version == network.version and address in network:
            return True
    return False
