"""Databases for tests: one template, copies on demand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from wangge.kernel.db import roles

# An autovacuum's transaction would hold back what the relay and the sealer take, at moments no test can know.
QUIET = {"autovacuum": "off"}


class Databases:
    def __init__(self, owner_url: str, blocker: Any) -> None:
        self._blocker = blocker
        self._owner = owner_url
        self._app_role = settings.CONFIG.database_app_role
        self._run = uuid.uuid4().hex[:8]
        self._template = f"wangge_template_{self._run}"
        self._made: list[str] = []
        self.shared = ""
        self._current = ""

    @classmethod
    @contextmanager
    def running(cls, url: str | None, folders: Any, blocker: Any) -> Iterator[Databases]:
        """On the server at ``url``, or on an embedded one started for this run."""
        if url:
            with cls(url, blocker)._prepared() as found:
                yield found
            return
        from wangge.kernel.db.embedded import EmbeddedServer

        with (
            EmbeddedServer(folders.mktemp("postgres"), durable=False, extra=QUIET) as server,
            cls(server.owner_url, blocker)._prepared() as found,
        ):
            yield found

    @contextmanager
    def _prepared(self) -> Iterator[Databases]:
        self._create(self._template)
        roles.prepare(self.owner_url(self._template), self.app_url(self._template))
        before = {alias: dict(connections.databases[alias]) for alias in ("default", "owner")}
        self.point_django_at(self._template)

        with self._blocker.unblock():
            call_command("migrate", database="owner", verbosity=0)
            connections.close_all()
        try:
            yield self
        finally:
            connections.close_all()
            for alias, described in before.items():
                connections.databases[alias].update(described)
            for name in [*self._made, self._template]:
                self._drop(name)

    def owner_url(self, name: str) -> str:
        return make_conninfo(self._owner, dbname=name)

    def app_url(self, name: str) -> str:
        return roles.app_url(self.owner_url(name), self._app_role)

    @property
    def version(self) -> int:
        """Major version of the server."""
        with psycopg.connect(self._owner) as connection:
            return connection.info.server_version // 10_000

    def furnished(self, purpose: str, furnish: Callable[[], Any]) -> tuple[str, Any]:
        """A database with what ``furnish`` writes, that nobody is connected to; its name, and what ``furnish`` returned."""
        name, before = self.copy(purpose), self._current
        self.point_django_at(name)
        made = furnish()
        self.point_django_at(before)
        return name, made

    def copy(self, purpose: str, of: str | None = None) -> str:
        """A new database with the migrated schema, or with all that is in another one which nobody is connected to; its name."""
        name = f"wangge_{purpose}_{self._run}_{uuid.uuid4().hex[:8]}"
        self._create(name, template=of or self._template)
        self._made.append(name)
        return name

    @contextmanager
    def for_one_test(self, of: str | None = None) -> Iterator[str]:
        """A copy with Django connected to it; afterwards Django is back where it was and the copy is gone."""
        name = self.copy("own", of)
        self.point_django_at(name)
        try:
            yield name
        finally:
            self.point_django_at(self.shared)
            self._drop(name)
            self._made.remove(name)

    @contextmanager
    def elsewhere(self, owner_url: str, app_url: str, *, replica: dict[str, Any] | None = None) -> Iterator[None]:
        """Django connected to another server, and to this replica of it; afterwards it is back where it was."""
        before, self._current = self._current, owner_url
        _point(owner_url, app_url)
        if replica:
            connections.databases["replica"] = connections.databases["default"] | replica
        try:
            yield
        finally:
            connections.close_all()
            if replica:
                del connections.databases["replica"]
                with suppress(AttributeError):
                    del connections["replica"]
            self.point_django_at(before)

    def point_django_at(self, name: str) -> None:
        if name != self._current:
            self._current = name
            _point(self.owner_url(name), self.app_url(name))

    def _create(self, name: str, template: str = "template0") -> None:
        with psycopg.connect(self._owner, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def _drop(self, name: str) -> None:
        with psycopg.connect(self._owner, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _point(owner_url: str, app_url: str) -> None:
    from wangge.settings import database

    connections.close_all()
    for alias, url in (("default", app_url), ("owner", owner_url)):
        with suppress(AttributeError):
            del connections[alias]  # nobody is bound there yet
        connections.databases[alias].update(
            {
                k: v
                for k, v in database(url, name=alias).items()
                if k in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
            }
        )
