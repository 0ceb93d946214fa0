"""Every route × every role, against one reviewed file.

``routes.csv`` says for each route of the API which permission it needs and which roles pass its gate. It is compared with the
declarations in the code (a new route without a row fails, and so does a changed right) and with what the running API answers.
To review a change: ``python -m tests.matrix`` writes the file anew; read the diff.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from tests.matrix.table import FILE, declared
from wangge.kernel.access import Role

NOBODY = "00000000-0000-7000-8000-000000000000"
HOLDERS = {
    "alice": Role.GRID_WORKER,
    "bob": Role.OPERATOR,
    "wally": Role.WORKSTATION,
    "hank": Role.HANDLER,
    "lea": Role.UNIT_LEADER,
    "sue": Role.SUPERVISOR,
    "leo": Role.LEADER,
    "ana": Role.ANALYST,
    "audrey": Role.AUDITOR,
    "sam": Role.SYSTEM_ADMIN,
    "secu": Role.SECURITY_ADMIN,
}


def reviewed() -> list[dict[str, str]]:
    return list(csv.DictReader(Path(FILE).read_text("utf-8").splitlines()))


def test_the_reviewed_file_is_what_the_code_declares() -> None:
    assert reviewed() == declared(), "rights have changed: run `python -m tests.matrix`, read the diff, commit it"


def address(path: str) -> str:
    """A path with something in its places that exists for nobody."""

    def filled(found: re.Match[str]) -> str:
        return {"code": "440304010001999", "z": "1", "x": "0", "y": "0", "layer": "base", "key": "base"}.get(
            found.group(1), NOBODY
        )

    return "/api/v1" + re.sub(r"\{(\w+)\}", filled, path)


class Undo(Exception):
    """Takes back what a request has written."""


def gate(answer: Any) -> str:
    """What the gate said: ``who`` (log in first), ``no`` (this role may not) or ``in`` (whatever came after)."""
    if answer.status_code == 405:
        return "unreachable: another route takes its address"
    if answer.status_code == 401:
        return "who"
    if answer.status_code == 403 and (
        not answer.content or "permission" in answer.json()
    ):  # HEAD answers without a body
        return "no"
    return "in"


@pytest.mark.parametrize("login", [None, *HOLDERS])
def test_the_running_api_lets_in_whom_the_file_says(world: SimpleNamespace, ask: Any, login: str | None) -> None:
    if login:
        ask(login, "GET", "/api/v1/session")  # log in before anything is taken back
    wrong = []
    for row in reviewed():
        if row["permission"] == "public":
            expected = "in"
        elif login is None:
            expected = "who"
        elif row["permission"] in ("signed-in", "any-session") or HOLDERS[login] in row["roles"].split():
            expected = "in"
        else:
            expected = "no"
        try:
            with transaction.atomic():
                found = gate(ask(login, row["method"], address(row["path"]), {} if row["method"] != "GET" else None))
                raise Undo
        except Undo:
            pass
        if found != expected:
            wrong.append((row["method"], row["path"], expected, found))
    assert wrong == []
