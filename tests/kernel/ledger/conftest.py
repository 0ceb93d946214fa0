"""Every test here has a database: its own when it asks for ``own_database``, else the shared one in a transaction."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _a_database(request: pytest.FixtureRequest) -> None:
    if "own_database" not in request.fixturenames:
        request.getfixturevalue("db")
