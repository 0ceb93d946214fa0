"""Figures for Prometheus. Web processes write them into files of a shared folder, so any of them can answer for all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily

REQUESTS = Counter("wangge_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram(
    "wangge_request_seconds",
    "Time of HTTP requests",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
READS = Counter(
    "wangge_replica_reads_total",
    "Reads that a replica may answer, by who did: replica, or the primary because it was behind, away, broken, or it was unknown what the asker had written",
    ["by"],
)
TURNED_AWAY = Counter("wangge_turned_away_total", "HTTP requests sent away because too many waited")


def turned_away() -> None:
    TURNED_AWAY.inc()


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; ``route`` is the pattern, never the path with its ids."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


class State:
    """What the database knows of queues and loops, read when it is asked for; any process may answer."""

    def collect(self) -> Iterator[Any]:
        from wangge.kernel.jobs import state, sweep
        from wangge.kernel.outbox import relay

        lag = GaugeMetricFamily(
            "wangge_outbox_lag_seconds", "Age of the oldest event a consumer has not had", labels=["consumer"]
        )
        stuck = GaugeMetricFamily("wangge_outbox_stuck", "Events set aside", labels=["consumer"])
        for one in relay.lag():
            lag.add_metric([one["consumer"]], one["seconds"])
            stuck.add_metric([one["consumer"]], one["stuck"])
        silent = GaugeMetricFamily(
            "wangge_loop_silent_seconds", "Since a worker's loop gave a sign of life", labels=["loop"]
        )
        failures = GaugeMetricFamily("wangge_loop_failures", "Failures of a loop in a row", labels=["loop"])
        for one in state.loops():
            silent.add_metric([one["name"]], one["seconds"])
            failures.add_metric([one["name"]], one["failures"])
        waiting = GaugeMetricFamily("wangge_jobs_waiting", "Jobs that wait", labels=["job"])
        failed = GaugeMetricFamily("wangge_jobs_failed", "Jobs that were given up", labels=["job"])
        for one in sweep.failing(1000):
            waiting.add_metric([one["job"]], one["waiting"])
            failed.add_metric([one["job"]], one["failed"])
        yield from (lag, stuck, silent, failures, waiting, failed)


def exposition() -> tuple[bytes, str]:
    """The text Prometheus reads, and its content type."""
    registry = CollectorRegistry()
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        multiprocess.MultiProcessCollector(registry)
        text = generate_latest(registry)
    else:
        text = generate_latest(REGISTRY)
    own = CollectorRegistry()
    own.register(State())
    return text + generate_latest(own), CONTENT_TYPE_LATEST
