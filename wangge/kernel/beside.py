"""Another process of ours beside this one, for work that one processor cannot do in time.

It is started anew and not forked, since a fork would share this process's connections; so what it is given has to travel, and this module
imports nothing that needs Django before it is set up there.
"""

from __future__ import annotations

import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any


def another() -> ProcessPoolExecutor:
    """One process, on the same database and with the same keys as this one; it does what is submitted one after another."""
    from django.db import connections

    from wangge.kernel import crypto

    given = (dict(connections.databases["default"]), crypto.keyring().path)
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin, initargs=given)


def _begin(database: dict[str, Any], keys: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started us is asked to stop, and lets us end what we are at
    import django

    django.setup()
    from django.db import connections

    from wangge.kernel import crypto

    connections.databases["default"].update(database)
    crypto.use(crypto.Keyring(keys))
