"""The installation that is measured: a folder with its database, its keys and its files, kept from one run to the next when it is named.

One process works on it at a time: while it is filled nothing else runs but PostgreSQL; then `wangge serve` takes it over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from bench.generator.fill import Filled
    from bench.generator.lives import Life
    from bench.server import Server

QUIET = {
    "autovacuum": "off",
    "archive_mode": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "summarize_wal": "off",
    "max_wal_size": "3GB",
    "full_page_writes": "off",
}
"""While it is filled: nothing is archived, and what is lost in a power cut is filled again."""


LED = 300
"""So many cases are led through the loop by their acts; the others are made after them."""


def set_up(home: Path) -> None:
    """Django with the settings of this installation. Before anything of it is imported that has models."""
    for name in [n for n in os.environ if n.startswith("WANGGE_") and n != "WANGGE_CHROMIUM"]:
        del os.environ[name]
    os.environ |= {
        "WANGGE_HOME": str(home / "var"),
        "WANGGE_DEMO": "true",
        "DJANGO_SETTINGS_MODULE": "wangge.settings",
        "WANGGE_LANG": "en",
    }
    import django

    django.setup()


@contextmanager
def filling(home: Path) -> Iterator[None]:
    """The database of this installation, open to this process alone, brought up to date, and Django at it."""
    from django.core.management import call_command

    from wangge.kernel import crypto
    from wangge.kernel.db import roles
    from wangge.kernel.db.embedded import EmbeddedServer

    (home / "var").mkdir(parents=True, exist_ok=True)
    crypto.ensure_keyring()
    with EmbeddedServer(home / "var", durable=False, extra=QUIET, tied=True) as server:
        roles.prepare(server.owner_url, server.app_url)
        with pointed(server.owner_url, server.app_url):
            call_command("migrate", database="owner", verbosity=0)
            yield


@contextmanager
def pointed(owner_url: str, app_url: str) -> Iterator[None]:
    """Django's connections lead to these for the block."""
    from django.db import connections

    from wangge.settings import database

    connections.close_all()
    for alias, url in (("default", app_url), ("owner", owner_url)):
        described: dict[str, Any] = database(url, name=alias)
        connections.databases[alias].update(
            {k: v for k, v in described.items() if k in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
        )
    try:
        yield
    finally:
        connections.close_all()


def handed_on() -> None:
    """Let every follower of the acts do its work: search, figures, notices, seal, map."""
    from wangge.domain.maps import actions as maps
    from wangge.domain.stats import actions as stats
    from wangge.kernel.access import SYSTEM, acting
    from wangge.kernel.ledger import seal
    from wangge.kernel.outbox import relay

    while relay.relay_once():
        pass
    seal.seal_all()
    with acting(SYSTEM):
        stats.pack()
        maps.check()
        maps.pack()


def furnish(*, total: int, say: Callable[[str], object]) -> list[tuple[Life, list[UUID]]]:
    """The demo's world and the cases that all others are made after, in an empty database. Returns the latter."""
    from bench.generator import lives
    from wangge import demo
    from wangge.kernel.access import SYSTEM, acting
    from wangge.kernel.db import rows

    with acting(SYSTEM):
        if rows.value("SELECT EXISTS (SELECT 1 FROM cases_case)"):
            raise SystemExit("there are cases in this database already")
    demo.load(say=None)
    with acting(SYSTEM):
        made = lives.play(total=total)
        handed_on()
    say(f"the demo's world, and {sum(len(members) for _, members in made)} cases led through the loop by their acts")
    return made


@contextmanager
def serving(folder: Path, cases: int, *, seconds: float, memory: str = "") -> Iterator[tuple[Server, Filled | None]]:
    """The program at work over so many cases, which are made first if the folder is empty (then it is told how that went), and Django at its
    database. ``memory``: PostgreSQL has so much of its own. After ``set_up``. SystemExit when the folder has another number of cases."""
    from bench.server import Server
    from tests.support.program import Running

    mark, filled = folder / "filled", None
    if not mark.exists():
        filled = _filled(folder, cases)
        mark.write_text(f"{cases}\n")
    elif int(mark.read_text()) != cases:
        raise SystemExit(f"{folder} has {mark.read_text().strip()} cases: name another folder, or ask for as many")
    (folder / "var" / "database.conf").write_text(f"shared_buffers = '{memory}'\n" if memory else "")
    running = Running(folder, env={"WANGGE_DEMO": "true", "WANGGE_WORKERS": "0"}).start()
    try:
        server = Server(running, cases=cases, seconds=seconds)
        with pointed(server.embedded.owner_url, server.embedded.app_url):
            yield server, filled
        server.close()
    finally:
        running.stop()


def _filled(folder: Path, cases: int) -> Filled:
    from bench.generator.fill import fill

    with filling(folder):
        made = furnish(total=min(LED, cases // 20), say=print)
        done = fill(cases, made, say=print)
    print(
        f"{done.cases} cases, {done.rows} rows, {done.bytes / 1e6:.0f} MB in {sum(done.seconds.values()):.0f} s: {done.rate:.0f} a second; "
        f"of a processor: Python {done.python:.0f} s, PostgreSQL {done.postgres:.0f} s; "
        f"floor, plain COPY of the same lines: {done.floor:.0f} s",
        flush=True,
    )
    return done
