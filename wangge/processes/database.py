"""Which database this run uses: the server of ``WANGGE_DATABASE_URL``, or the embedded one under this home.

The addresses are put into the environment, where the settings and every child process find them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wangge import config as configuration
from wangge.config import Config
from wangge.kernel import commands as kit
from wangge.kernel.commands import CommandError
from wangge.kernel.db.embedded.locks import Users
from wangge.kernel.problems import Conflict
from wangge.kernel.words import Words
from wangge.processes.supervisor import Member

if TYPE_CHECKING:
    from wangge.kernel.db.embedded import EmbeddedServer


class Embedded:
    """The embedded server as a member of the supervisor."""

    name = "database"

    def __init__(self, settings: Config) -> None:
        from wangge.kernel.db.embedded import EmbeddedServer

        self._server = EmbeddedServer(settings.home, say=_say, tied=True)

    def start(self) -> None:
        self._server.start()
        point_environment_at(self._server.owner_url, self._server.app_url)

    def alive(self) -> bool:
        return self._server.is_alive()

    def stop(self) -> None:
        self._server.stop()

    def why(self) -> str:
        return "the server process ended"


def member(settings: Config) -> Member | None:
    """The embedded server for the supervisor; None when the configuration names a server, which has to answer."""
    if settings.database_url:
        reach(settings.database_url)
        return None
    return Embedded(settings)


def point_environment_at(owner_url: str, app_url: str) -> None:
    os.environ["WANGGE_DATABASE_URL"] = owner_url
    os.environ["WANGGE_DATABASE_APP_URL"] = app_url


@contextmanager
def available() -> Iterator[None]:
    """A database answers inside the block. A running embedded server is used as it is, a stopped one is started; of several commands at
    once the last one out stops it."""
    settings = configuration.load()
    if settings.database_url:
        reach(settings.database_url)
        yield
        return
    users = Users(settings.home / "database.users")
    server = _join(settings, users)
    point_environment_at(server.owner_url, server.app_url)
    try:
        yield
    finally:
        _leave(settings, users)


def _join(settings: Config, users: Users) -> EmbeddedServer:
    """The running server, or one started for this and any other command that comes meanwhile. It is not tied to this process: when we
    are killed, those others go on."""
    from wangge.kernel.db.embedded import EmbeddedServer
    from wangge.kernel.db.embedded.waiting import Patience

    patience = Patience()
    while True:
        users.join()
        running = EmbeddedServer.attach(settings.home)
        if running:
            return running
        started = EmbeddedServer(settings.home, say=_say)
        try:
            started.start()
            started.hand_over()
            return started
        except Conflict:  # somebody else is just starting or stopping it
            users.leave()
            if patience.seconds > START_WITHIN:
                raise
            patience.pause()
        except BaseException:
            users.leave()
            raise


def _leave(settings: Config, users: Users) -> None:
    """The last one out stops the server, unless `wangge serve` has taken it over."""
    from wangge.kernel.db.embedded import EmbeddedServer

    try:
        if users.is_last():
            last = EmbeddedServer(settings.home, say=_say)
            last.start()  # takes over the one that runs
            last.stop()
    except Conflict:
        pass  # `wangge serve` runs it
    finally:
        users.leave()


START_WITHIN = 60
"""Seconds to wait for another command that starts or stops the database."""


def _say(words: Words) -> None:
    print(f"  {kit.say(words)} …", file=sys.stderr, flush=True)


def reach(url: str) -> None:
    """Raises CommandError, with what the server said, when the database does not let us in."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.execute("SELECT 1")
    except psycopg.ProgrammingError as error:
        raise CommandError(
            Words(f"WANGGE_DATABASE_URL 无法理解：{error}", f"WANGGE_DATABASE_URL cannot be understood: {error}")
        ) from error
    except psycopg.OperationalError as error:
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise CommandError(
            Words(
                f"无法连接 WANGGE_DATABASE_URL 所指的数据库：{reason}。请确认地址、账号与口令，并确认服务器在运行。",
                f"The database of WANGGE_DATABASE_URL cannot be reached: {reason}. Check address, log-in and that the server runs.",
            ),
            kit.UNREACHABLE,
        ) from error
