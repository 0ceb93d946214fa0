"""The statements that a call makes, for tests which show that a list makes as many of a hundred rows as of one."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

BY_THE_CLOCK = ("FROM catalog_state", "FROM places_gridlayer ORDER BY key")
"""What every process asks again after a second, whatever it is asked itself: whether rules or grids have changed."""


class Statements(CaptureQueriesContext):
    """Those of the block on the default connection, without what is asked by the clock. A prepared one has no text."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def captured_queries(self) -> list[dict[str, Any]]:
        return [q for q in super().captured_queries if not any(part in (q["sql"] or "") for part in BY_THE_CLOCK)]
