"""A real browser. ``make test`` finds one, installs one as root, or leaves this folder out and says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.program import Running, wangge
from tests.support.tiles import TileHost

PATIENCE = 60_000
"""Milliseconds that a full machine may take; nothing waits longer than it has to."""
expect.set_options(timeout=PATIENCE / 2)

MARKED = (114.2758, 22.6000)
"""A place in Yantian, WGS 84, where the base map is red."""

QUIET = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",  # the shell without windows has nobody to ask
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    path = os.environ.get("WANGGE_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "no Chromium: name one in WANGGE_CHROMIUM, or leave out tests/web"
    # playwright runs an event loop in this thread, which Django takes for asynchronous code
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    try:
        with sync_playwright() as p:
            started = p.chromium.launch(executable_path=path, args=arguments)
            yield started
            started.close()
    finally:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture(scope="session")
def tiles() -> Iterator[TileHost]:
    """The host of the base map."""
    host = TileHost(*MARKED)
    yield host
    host.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, tiles: TileHost) -> Iterator[Running]:
    """``wangge serve`` with the demo's data, without its year of history, and with a base map."""
    home = tmp_path_factory.mktemp("demo")
    base = {"WANGGE_BASEMAP": tiles.address, "WANGGE_BASEMAP_SYSTEM": "gcj02", "WANGGE_BASEMAP_ATTRIBUTION": "某地图"}
    # Other systems are played by the tests at http://localhost; an address within the network stays refused.
    env = {"WANGGE_DEMO": "true", "WANGGE_SMS": "log", "WANGGE_WEBHOOK_HOSTS": "localhost", **base}
    running = Running(home, env=env).start()
    try:
        done = wangge("demo", "load", cwd=home, WANGGE_HOME=str(home / "var"), WANGGE_DEMO="true")
        assert done.returncode == 0, done.stdout + done.stderr
        yield running
    finally:
        running.stop()
