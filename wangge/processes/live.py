"""The one ASGI process: it tells live events and does nothing else. The WSGI processes never hold a stream."""

from __future__ import annotations

import os
from typing import Any

from wangge.processes.tie import have_workers, tie_to_supervisor, tie_worker

KILL_AFTER = 3


def port_of(settings: Any) -> int:
    return settings.live_port or settings.port + 1


def load() -> Any:
    """Granian's factory, called in its worker."""
    tie_worker()
    from wangge.kernel import logs

    logs.configure(process="live")
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
    django.setup()
    from wangge.domain.live.app import Live

    return Live()


def main() -> None:
    tie_to_supervisor()
    from granian import Granian
    from granian.constants import Interfaces

    from wangge import config
    from wangge.kernel import logs

    logs.configure(process="live")
    settings = config.load()
    have_workers()
    Granian(
        "wangge.processes.live:load",
        factory=True,
        address=settings.host,
        port=port_of(settings),
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=KILL_AFTER,
        log_dictconfig=logs.dict_config(process="live", level="WARNING"),
        process_name=None,
    ).serve()
