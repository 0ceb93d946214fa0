"""The ways out of the system: mail, SMS, webhooks. Each sends one thing and says how it went; none knows the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Failed(Exception):
    """It was not accepted. ``final``: another try would not help. ``unreachable``: the other side did not answer at all, so that the
    rest need not be tried now. ``error`` names no address and no text."""

    error: str
    final: bool = False
    unreachable: bool = False
    http_status: int | None = None


class NotConfigured(Exception):
    """The channel has no settings."""
