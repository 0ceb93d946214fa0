"""Every act on a case × every role × own, parent, sibling and other place, against one reviewed file.

The case lies in the first grid of 福保社区, 福保街道, 福田区; its lead unit is 福保环卫所. ``cases.csv`` says what each person gets who
tries an act on a case in the very status that the act is for: 200, 403 (may know of it, may not do this), 404 (may not know of
it) or 409. ``WANGGE_WRITE_MATRIX=1 pytest tests/matrix/test_cases.py`` writes the file anew for review.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.db import transaction

from tests.matrix.test_routes import Undo
from tests.support.world import FUBAO, category, point_in
from wangge.kernel.ids import uuid7

FILE = Path(__file__).parent / "cases.csv"
PEOPLE = {
    "alice": "grid worker, own grid",
    "amy": "grid worker, sibling grid",
    "wally": "workstation, own community",
    "bob": "operator, own street",
    "cora": "operator, sibling street",
    "dan": "operator, parent district",
    "charlie": "operator, other district",
    "hank": "handler, lead unit",
    "lea": "unit leader, lead unit",
    "hugo": "handler, other unit",
    "sue": "supervisor, parent district",
    "leo": "leader, city above",
    "ana": "analyst, parent district",
    "audrey": "auditor",
    "sam": "system administrator",
    "secu": "security administrator",
}
NORTH_EAST = dict(zip(("lon", "lat"), point_in(FUBAO + "001002"), strict=True))
ATTEMPTS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "read": ("reported", "GET", None),
    "locate": ("reported", "locate", {"point": NORTH_EAST}),
    "accept": ("reported", "accept", {}),
    "dispatch": ("accepted", "dispatch", {}),
    "take": ("handling", "take", {}),
    "resolve": ("handling", "resolve", {"result": "已清运"}),
    "read when dispatched": ("handling", "GET", None),
    "verify": ("verifying", "verify", {"outcome": "pass"}),
    "close": ("following_up", "close", {"follow_up": "not_wanted"}),
    "accept too late": ("handling", "accept", {}),
}
WAY = [
    ("reported", "bob", "accept", {}),
    ("accepted", "bob", "dispatch", {}),
    ("handling", "hank", "resolve", {"result": "已清运"}),
    ("verifying", "bob", "verify", {"outcome": "pass"}),
]


def observed(ask: Any) -> list[dict[str, str]]:
    """Lead one case along its way; in each status let everybody try what belongs there, and take it back."""
    for login in PEOPLE:  # log in before anything is taken back
        ask(login, "GET", "/api/v1/session")
    key = str(uuid7())
    body = {"id": key, "text": "益田路边有垃圾堆", "category": str(category("0101").id)}
    lon, lat = point_in(FUBAO + "001001")
    made = ask("dan", "POST", "/api/v1/cases", body | {"point": {"lon": lon, "lat": lat}})
    assert made.status_code == 201, made.content
    state = made.json()
    found: dict[str, dict[str, str]] = {name: {"act": name, "status": ATTEMPTS[name][0]} for name in ATTEMPTS}
    for status, mover, act, inputs in [*WAY, ("following_up", "", "", {})]:
        assert state["status"] == status
        for name, (wanted, verb, given) in ATTEMPTS.items():
            if wanted == status:
                for login in PEOPLE:
                    found[name][login] = str(attempt(ask, login, key, verb, given, state["version"]))
        if mover:
            moved = ask(mover, "POST", f"/api/v1/cases/{key}/{act}", {"version": state["version"], **inputs})
            assert moved.status_code == 200, moved.content
            state = moved.json()
    return list(found.values())


def attempt(ask: Any, login: str, key: str, verb: str, given: dict[str, Any] | None, version: int) -> int:
    try:
        with transaction.atomic():
            if given is None:
                answer = ask(login, "GET", f"/api/v1/cases/{key}")
            else:
                answer = ask(login, "POST", f"/api/v1/cases/{key}/{verb}", {"version": version, **given})
            raise Undo
    except Undo:
        return answer.status_code


def test_everybody_gets_what_the_reviewed_file_says(world: SimpleNamespace, ask: Any) -> None:
    seen = observed(ask)
    if os.environ.get("WANGGE_WRITE_MATRIX"):
        with FILE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["act", "status", *PEOPLE], lineterminator="\n")
            writer.writeheader()
            writer.writerow({"act": "", "status": "", **PEOPLE})
            writer.writerows(seen)
    head, *rows = csv.DictReader(FILE.read_text("utf-8").splitlines())
    assert {k: v for k, v in head.items() if v} == PEOPLE
    assert rows == seen


def test_the_queue_shows_each_person_exactly_the_cases_they_may_read(world: SimpleNamespace, ask: Any) -> None:
    grids = [FUBAO + "001001", FUBAO + "002001", "440304001001001", "440308004001001"]
    for grid in grids:
        lon, lat = point_in(grid)
        body = {"id": str(uuid7()), "text": "有垃圾堆", "point": {"lon": lon, "lat": lat}}
        assert ask("sue", "POST", "/api/v1/cases", body).status_code == 201
    expected = {
        "alice": 1,
        "amy": 1,
        "wally": 1,
        "bob": 2,
        "cora": 1,
        "dan": 3,
        "charlie": 1,
        "hank": 0,
        "leo": 4,
        "sue": 4,
    }
    for login, count in expected.items():
        listed = ask(login, "GET", "/api/v1/cases").json()["items"]
        assert (login, len(listed)) == (login, count)
        for item in listed:
            assert ask(login, "GET", f"/api/v1/cases/{item['id']}").status_code == 200
    for login in ("ana", "audrey", "sam", "secu"):
        assert ask(login, "GET", "/api/v1/cases").status_code == 403
