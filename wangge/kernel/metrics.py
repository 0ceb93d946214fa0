"""Figures for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("wangge_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("wangge_request_seconds", "Time of HTTP requests", ["method", "route"])


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; ``route`` is the pattern, never the path with its ids."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)
