"""Every act on a case × every role × own, parent, sibling and other place, against one reviewed file.

The case lies in the first grid of 福保社区, 福保街道, 福田区; its lead unit is 福保环卫所, 福保城管办 assists. ``cases.csv`` says what each
person gets who tries an act on a case in a status that the act is for: 200, 403 (may know of it, may not do this), 404 (may not know
of it) or 409. ``WANGGE_WRITE_MATRIX=1 pytest tests/matrix/test_cases.py`` writes the file anew for review.
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
from wangge.domain.cases.acts_api import PATHS
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
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
LATER = "2030-01-07T02:00:00Z"
WHY = {"note": "写明原因"}

# Statuses by name, each with the acts that lead there from a fresh report: (who, act, inputs).
WAYS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "reported": [],
    "accepted": [("bob", "accept", {})],
}
WAYS["returned twice"] = [
    *WAYS["accepted"],
    *[("bob", "dispatch", {}), ("hank", "return", WHY)] * 2,
]
WAYS["handling"] = [*WAYS["accepted"], ("bob", "dispatch", {"assisting": ["wardens"]})]
WAYS["handling, asked"] = [
    *WAYS["handling"],
    ("hank", "ask-help", {"unit": "police", **WHY}),
    ("hank", "ask-extension", {"due_at": LATER, **WHY}),
]
WAYS["suspended"] = [*WAYS["handling"], ("bob", "suspend", {"review_at": LATER, **WHY})]
WAYS["verifying"] = [*WAYS["handling"], ("hank", "resolve", {"result": "已清运"})]
WAYS["following_up"] = [*WAYS["verifying"], ("bob", "verify", {"outcome": "pass"})]
WAYS["answered"] = [*WAYS["following_up"], ("bob", "follow-up", {"outcome": "satisfied"})]
WAYS["disputed"] = [
    *WAYS["following_up"],
    ("bob", "follow-up", {"outcome": "dissatisfied", **WHY}),
    ("hank", "resolve", {"result": "再次清运"}),
    ("bob", "verify", {"outcome": "pass"}),
    ("bob", "follow-up", {"outcome": "dissatisfied", **WHY}),
]
WAYS["closed"] = [*WAYS["answered"], ("bob", "close", {})]
WAYS["merged"] = [("bob", "merge", {"other": "main"})]
WAYS["supervised"] = [*WAYS["handling"], ("sue", "supervise", {"level": "key", **WHY})]
WAYS["linked"] = [("bob", "link", {"other": "main"})]
WAYS["questioned"] = [("bob", "ask-reporter", WHY)]

# Each act in a status where it is possible, with inputs that are right.
ATTEMPTS: dict[str, tuple[str, dict[str, Any]]] = {
    "locate": ("reported", {"point": NORTH_EAST}),
    "self-resolve": ("reported", {"result": "已清扫"}),
    "accept": ("reported", {}),
    "reject": ("reported", WHY),
    "merge": ("reported", {"other": "main"}),
    "unmerge": ("merged", WHY),
    "withdraw": ("reported", WHY),
    "void": ("reported", WHY),
    "escalate": ("reported", WHY),
    "delegate": ("reported", {}),
    "dispatch": ("accepted", {}),
    "designate": ("returned twice", {"unit": "cleaners", **WHY}),
    "reassign": ("handling", {"unit": "police", **WHY}),
    "involve": ("handling", {"unit": "police"}),
    "take": ("handling", {}),
    "return": ("handling", WHY),
    "decline": ("handling", WHY),
    "progress": ("handling", WHY),
    "ask-help": ("handling", {"unit": "police", **WHY}),
    "answer-help": ("handling, asked", WHY),
    "ask-extension": ("handling", {"due_at": LATER, **WHY}),
    "extend": ("handling, asked", {}),
    "ask-suspension": ("handling", {"review_at": LATER, **WHY}),
    "suspend": ("handling", {"review_at": LATER, **WHY}),
    "refuse": ("handling, asked", WHY),
    "resume": ("suspended", {}),
    "resolve-share": ("handling", {"result": "已办"}),
    "resolve": ("handling", {"result": "已清运"}),
    "verify": ("verifying", {"outcome": "pass"}),
    "follow-up": ("following_up", {"outcome": "satisfied"}),
    "decide": ("disputed", {"outcome": "uphold", **WHY}),
    "close": ("answered", {}),
    "reopen": ("closed", WHY),
    "archive": ("closed", {}),
    "urge": ("handling", WHY),
    "supervise": ("handling", {"level": "key", **WHY}),
    "instruct": ("handling", WHY),
    "answer": ("supervised", WHY),
    "lift": ("supervised", {}),
    "reclassify": ("reported", {"category": "0105", **WHY}),
    "set-urgency": ("reported", {"urgency": "emergency", **WHY}),
    "set-confidential": ("reported", {"confidential": True}),
    "comment": ("reported", WHY),
    "tag": ("reported", {"tags": ["夜间"]}),
    "link": ("reported", {"other": "main"}),
    "unlink": ("linked", {"other": "main"}),
    "ask-reporter": ("reported", WHY),
    "answer-question": ("questioned", WHY),
    "publish": ("reported", {"public_text": "已清运"}),
}
READ_IN = ("reported", "handling", "closed")


def observed(ask: Any, world: SimpleNamespace) -> list[dict[str, str]]:
    """Lead a case to each status; let everybody try there what belongs there, and take it back each time."""
    for login in PEOPLE:  # log in before anything is taken back
        ask(login, "GET", "/api/v1/session")
    found: list[dict[str, str]] = []
    for status, way in WAYS.items():
        wanted = [(act, given) for act, (where, given) in ATTEMPTS.items() if where == status]
        main, state = _report(ask), _report(ask)
        for login, act, given in way:
            answer = ask(
                login,
                "POST",
                f"/api/v1/cases/{state['id']}/{act}",
                {"version": state["version"], **_meant(given, world, main)},
            )
            assert answer.status_code == 200, (status, act, answer.content)
            state = answer.json()
        if status in READ_IN:
            wanted.insert(0, ("read", None))
        for act, given in wanted:
            row = {"act": act, "status": status}
            for login in PEOPLE:
                inputs = None if given is None else _meant(given, world, main)
                row[login] = str(attempt(ask, login, state["id"], act, inputs, state["version"]))
            found.append(row)
    return found


def _report(ask: Any) -> dict[str, Any]:
    """A resident's call, taken by the district, about the first grid of Fubao."""
    lon, lat = point_in(FUBAO + "001001")
    body = {
        "id": str(uuid7()),
        "text": "益田路边有垃圾堆",
        "category": str(category("0101").id),
        "channel": "hotline",
        "reporter": {"name": "李小红", "phone": "13900005678"},
        "point": {"lon": lon, "lat": lat},
    }
    made = ask("dan", "POST", "/api/v1/cases", body)
    assert made.status_code == 201, made.content
    with acting(SYSTEM):  # who called was given a code, so that they can be asked
        rows.run(
            """INSERT INTO cases_follower (district, id, "case", kind, code_hash, made_at)
               VALUES ('440304', %(case)s, %(case)s, 'reporter', %(code)s, now())""",
            {"case": made.json()["id"], "code": uuid7().bytes},
        )
    return made.json()


def _meant(given: dict[str, Any], world: SimpleNamespace, main: dict[str, Any]) -> dict[str, Any]:
    """Names of units, categories and the other case as the API takes them."""
    out = dict(given)
    if "unit" in out:
        out["unit"] = str(getattr(world.units, out["unit"]))
    if "assisting" in out:
        out["assisting"] = [str(getattr(world.units, name)) for name in out["assisting"]]
    if "other" in out:
        out["other"] = main["id"]
    if "category" in out:
        out["category"] = str(category(out["category"]).id)
    return out


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
    seen = observed(ask, world)
    if os.environ.get("WANGGE_WRITE_MATRIX"):
        with FILE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["act", "status", *PEOPLE], lineterminator="\n")
            writer.writeheader()
            writer.writerow({"act": "", "status": "", **PEOPLE})
            writer.writerows(seen)
    head, *reviewed = csv.DictReader(FILE.read_text("utf-8").splitlines())
    assert {k: v for k, v in head.items() if v} == PEOPLE
    assert reviewed == seen


def test_every_act_of_the_table_is_tried() -> None:
    assert set(ATTEMPTS) == set(PATHS.values())


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
