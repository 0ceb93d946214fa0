"""Requests made from the API's own description: its borders in order, then some at random from a fixed seed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.matrix.table import declared
from tests.matrix.test_routes import HOLDERS
from tests.support.program import ROOT
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows

DEPTH = float(os.environ.get("WANGGE_CONTRACT_DEPTH", "1"))
"""How many requests: 1 is what every run makes, 10 ten times as many."""
SEED = int(os.environ.get("WANGGE_CONTRACT_SEED", "20261121"))
"""Every run makes the same requests; another seed makes others, which is worth more than asking the same ones deeper."""
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


DESCRIPTION = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))
TAGS = sorted({t for path in DESCRIPTION["paths"].values() for operation in path.values() for t in operation["tags"]})
RIGHTS = {(r["method"], "/api/v1" + r["path"]): r["roles"].split() for r in declared()}


def admitted(operation: APIOperation) -> list[str]:
    """Who passes the gate of an operation: everybody where it names no role."""
    roles = RIGHTS[operation.method.upper(), operation.path]
    return [login for login, role in HOLDERS.items() if role in roles] or list(HOLDERS)


def described(app: Any) -> OpenApiSchema:
    found = schemathesis.openapi.from_dict(DESCRIPTION)
    found.app = app
    found.config.generation.with_security_parameters = False  # the caller says who asks
    found.config.phases.coverage.unexpected_methods = set()
    return found


def operations(schema: OpenApiSchema, tag: str) -> list[APIOperation]:
    return [o for o in (r.ok() for r in schema.get_all_operations()) if tag in o.definition.raw.get("tags", [])]


def requests(operation: APIOperation, *, bordering: int, random: int) -> Iterator[Case]:
    """At most ``bordering`` of the cases at the borders of the description, evenly taken, and ``random`` each of good and bad ones."""
    every = list(
        operation.schema.iter_coverage_cases(
            operation, generation_modes=list(GenerationMode), generation_config=operation.schema.config.generation
        )
    )
    yield from every[:: max(1, -(-len(every) // bordering))]
    for mode in GenerationMode:
        yield from drawn(operation, mode, random)


def drawn(operation: APIOperation, mode: GenerationMode, most: int) -> list[Case]:
    found: list[Case] = []

    @seed(SEED)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Case) -> None:
        found.append(case)

    try:
        draw()
    except Unsatisfiable:
        pass  # an operation without inputs has no bad ones
    return found


class Filled:
    """Puts what exists into most addresses, and the present version into most acts: otherwise all would end at 404 and 409."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self._known, self._turn = known, count()

    def __call__(self, case: Case) -> Case:
        turn = next(self._turn)
        for name in case.path_parameters or {}:
            if name in self._known and turn % 4:
                case.path_parameters[name] = self._known[name][turn % len(self._known[name])]
                if name in TABLES and isinstance(case.body, dict) and case.body.get("version") == 1:
                    case.body["version"] = _version(name, case.path_parameters[name])
        if isinstance(case.body, dict) and turn % 4:
            for name in set(case.body) & set(BODIES):
                if isinstance(case.body[name], str):
                    case.body[name] = self._known[BODIES[name]][turn % len(self._known[BODIES[name]])]
        return case


BODIES = {"case": "case", "other": "case", "category": "category", "unit": "unit", "user": "user", "to": "user"}
TABLES = {"case": "cases_case", "user": "people_user", "unit": "people_unit", "category": "catalog_category"}


def _version(name: str, id: str) -> int:
    with acting(SYSTEM):
        return rows.value(f"SELECT version FROM {TABLES[name]} WHERE id = %(id)s", {"id": id})
