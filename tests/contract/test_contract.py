"""What ``docs/openapi.json`` says is what happens: each route, asked by each role, answers as described and never with a defect.

The requests are made by schemathesis from the description itself (see ``calls``), with real commits, so that later ones read what odd
ones wrote. ``WANGGE_CONTRACT_DEPTH=10`` asks ten times as much, ``WANGGE_CONTRACT_SEED`` something else.
"""

from __future__ import annotations

import logging
from itertools import cycle

import pytest
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup

from tests.contract.calls import CHECKS, DEPTH, TAGS, Filled, admitted, described, operations, requests
from tests.contract.conftest import Office
from tests.matrix.test_routes import HOLDERS
from wangge.wsgi import application

ENDS_A_SESSION = {"DELETE /api/v1/session", "DELETE /api/v1/sessions", "PUT /api/v1/me/password"}


@pytest.mark.parametrize("tag", TAGS)
def test_every_role_is_answered_as_described(office: Office, caplog: pytest.LogCaptureFixture, tag: str) -> None:
    schema, filled, wrong = described(application), Filled(office.known), []
    for operation in operations(schema, tag):
        holders = admitted(operation)
        others = [None, *(login for login in HOLDERS if login not in holders)]
        turn = cycle(holders)
        made = list(requests(operation, bordering=round(8 * DEPTH), random=round(3 * DEPTH)))
        for number, case in enumerate(made):
            for login in (next(turn), *(others if number < DEPTH / 3 else ())):
                wrong += faults(office, filled(case), login, caplog)
        if operation.label in ENDS_A_SESSION:
            for login in HOLDERS:
                office.log_in(login)
    assert wrong == [], "\n\n".join(wrong)


def faults(office: Office, case: Case, login: str | None, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    answer = case.call(headers=office.headers(login) | {"Accept-Language": "en"})
    unwell = (
        case.operation.path == "/api/v1/health" and answer.status_code == 503
    )  # its way to say that nobody does the work
    found = []
    try:
        case.validate_response(answer, checks=CHECKS, excluded_checks=[not_a_server_error] if unwell else [])
    except FailureGroup as failures:
        found = [str(f) for f in failures.exceptions]
    found += [
        logging.Formatter().format(r)[-1500:] for r in caplog.records if r.levelno >= logging.ERROR and not unwell
    ]
    if not found:
        return []
    return [
        f"{case.operation.label} by {login}: {case.path_parameters} {case.query} {str(case.body)[:600]}\n"
        + "\n".join(found)
    ]
