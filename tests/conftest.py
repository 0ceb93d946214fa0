"""A real PostgreSQL for every test: the embedded one, or the server at ``WANGGE_TEST_DATABASE_URL`` (an owner's log-in).

The schema is migrated once into a template. Ordinary tests (``db``) run in a transaction on one copy of it; tests that need real
commits, several connections or a server take ``own_database``, a fresh copy of their own.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test.client import ClientHandler
from psycopg.conninfo import conninfo_to_dict

from tests.support import program
from tests.support.databases import Databases
from wangge.kernel import crypto
from wangge.kernel.crypto import Keyring
from wangge.kernel.ledger import head

TURNS = {"system": 0, "demo": 0, "web/portal": 2, "web/field": 3, "web": 4}
"""Of the folders; the others come between. What takes long is begun first: else one process runs it alone at the end, while the others have nothing
left. Browsers come last, their longest files first: what drives them leaves a loop of events running in its process, beside which no other can be begun."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folders = item.path.relative_to(item.config.rootpath).parts[1:]
    return TURNS.get("/".join(folders[:2]), TURNS.get(folders[0], 1))


def server_url() -> str | None:
    """The server of these tests; ``{worker}`` in it is the name of the process of the run (gw0, gw1 …)."""
    url = os.environ.get("WANGGE_TEST_DATABASE_URL")
    return url and url.replace("{worker}", os.environ.get("PYTEST_XDIST_WORKER", "gw0"))


@pytest.fixture(scope="session", autouse=True)
def one_chain() -> Iterator[None]:
    """All test clients go through one chain of middleware, as all requests of a server do: to make it, each static file is looked at."""
    made: dict[str, Any] = {}
    load = ClientHandler.load_middleware

    def once(handler: ClientHandler, is_async: bool = False) -> None:
        if not made:
            load(handler, is_async)
            made.update(
                {
                    name: value
                    for name, value in vars(handler).items()
                    if name.endswith("_middleware") or "chain" in name
                }
            )
        vars(handler).update(made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    """Keys of this run's own: the ledger marks its entries with them and columns are encrypted with them."""
    with crypto.using(Keyring(tmp_path_factory.mktemp("keys") / crypto.KEY_FILE)) as ring:
        ring.create()
        yield ring


@pytest.fixture(scope="session", autouse=True)
def model_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All processes of a run copy one home (``Running``)."""
    own = tmp_path_factory.getbasetemp()
    os.environ[program.MODEL] = str((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "model")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Databases]:
    """The server, with the migrated template."""
    with Databases.running(server_url(), tmp_path_factory, django_db_blocker) as found:
        yield found


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's door to the database that ``db`` tests share."""
    with django_db_blocker.unblock():
        name = databases.copy("shared")
        databases.point_django_at(name)
        databases.shared = name
        yield
        connections.close_all()


@dataclass(frozen=True)
class SmallWorld:
    """The small world (tests.support.world), built once: a database to be copied, one for tests that roll back, and what is known of it."""

    pristine: str
    shared: str
    known: SimpleNamespace

    def entered(self) -> SimpleNamespace:
        """What is known of it, for one test. The ledger's head of another test's database says nothing of this one's."""
        head.forget()
        return copy.deepcopy(self.known)


@pytest.fixture(scope="session")
def small_world(databases: Databases, django_db_setup: None, django_db_blocker: Any, key_file: Keyring) -> SmallWorld:
    from tests.support import world

    with django_db_blocker.unblock():
        pristine, known = databases.furnished("world", world.build)
    return SmallWorld(pristine, databases.copy("in_world", pristine), known)


@pytest.fixture(autouse=True)
def _stands_on(request: pytest.FixtureRequest) -> None:
    """Before ``db`` opens its transaction: in which of the two shared databases that will be."""
    if "in_world" in request.fixturenames:
        found: SmallWorld = request.getfixturevalue("small_world")
        request.getfixturevalue("databases").point_django_at(found.shared)
    elif "db" in request.fixturenames:
        request.getfixturevalue("django_db_setup")
        databases: Databases = request.getfixturevalue("databases")
        databases.point_django_at(databases.shared)


@pytest.fixture
def in_world(small_world: SmallWorld, db: None) -> SimpleNamespace:
    """The small world, in a transaction that is rolled back."""
    return small_world.entered()


@pytest.fixture
def in_own_world(small_world: SmallWorld, databases: Databases, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """A small world of this test's own, in which commits are real."""
    with django_db_blocker.unblock(), databases.for_one_test(small_world.pristine):
        yield small_world.entered()


@pytest.fixture
def world(in_world: SimpleNamespace) -> SimpleNamespace:
    """What most folders call the world; some have one of their own."""
    return in_world


@pytest.fixture
def real_world(in_own_world: SimpleNamespace) -> SimpleNamespace:
    """The same, with real commits."""
    return in_own_world


@pytest.fixture
def own_database(databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A fresh database of this test's own, in which commits are real; Django is connected to it. Yields its owner's URL."""
    with django_db_blocker.unblock(), databases.for_one_test() as name:
        yield databases.owner_url(name)


@pytest.fixture
def server(own_database: str) -> Iterator[str]:
    """The application behind a real socket on ``own_database``; yields its address."""
    from tests.support.http import serving

    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_version(databases: Databases) -> int:
    return databases.version


def pytest_report_header() -> str:
    url = server_url()
    return f"database: server {conninfo_to_dict(url).get('host')}" if url else "database: embedded"


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Layers and rules of a test that was rolled back must not linger in what a process remembers of them."""
    for name in ("wangge.domain.places.queries.locating", "wangge.domain.catalog.store"):
        if name in sys.modules:
            sys.modules[name].forget()
