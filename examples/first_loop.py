"""Drives one report to its end over the API and prints its timeline.

    python examples/first_loop.py [URL]        (default http://127.0.0.1:8000, as `make demo` serves)

A grid worker reports street vending, the street's centre (or an automatic route) accepts and dispatches it, the urban management
team takes and resolves it, a supervisor verifies, the centre closes. Only Python's standard library is needed.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any

PASSWORD = "wangge-demo"
PEOPLE = {"worker": "worker", "centre": "fubao", "handler": "handler", "supervisor": "supervisor"}
STREET = "440304010"


class Person:
    """Somebody who is logged in."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.url = url
        self.token = ""
        answer = self.ask("POST", "/session", {"login": login, "password": password, "as_token": True})
        self.token = answer["token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API; a problem ends the program with its own sentence."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept-Language", "zh")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, json.dumps(body).encode() if body is not None else None, 30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            raise SystemExit(f"{method} {path}: {problem.get('detail', error)}") from error
        except urllib.error.URLError as error:
            raise SystemExit(
                f"{self.url} 没有应答（{error.reason}）；请先运行 make demo。 No answer; run `make demo` first."
            ) from error


def uuid7() -> str:
    """A time-ordered id made by the client (RFC 9562 §5.7): the same report sent again is the same case."""
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(0x3 << 62) | 2 << 62))


def run(url: str, people: dict[str, str] = PEOPLE, password: str = PASSWORD) -> dict[str, Any]:
    """The whole loop; returns the closed case as the centre sees it."""
    worker, centre, handler, supervisor = (
        Person(url, people[who], password) for who in ("worker", "centre", "handler", "supervisor")
    )

    grid = centre.ask("GET", f"/grids?layer=base&within={STREET}&limit=1")["items"][0]
    found = centre.ask("GET", "/categories/search?q=" + urllib.parse.quote("占道经营"))["items"][0]
    state = worker.ask(
        "POST",
        "/cases",
        {
            "id": uuid7(),
            "text": "益田路口有流动摊贩占道经营，行人只能走机动车道。",
            "category": found["id"],
            "point": {"lon": grid["centre_lon"], "lat": grid["centre_lat"]},
            "accuracy_m": 8,
        },
    )
    case = f"/cases/{state['id']}"

    def act(person: Person, name: str, **inputs: Any) -> None:
        state.update(person.ask("POST", f"{case}/{name}", {"version": state["version"], **inputs}))

    if state["status"] == "reported":  # an automatic route has done both already
        act(centre, "accept")
        act(centre, "dispatch")
    act(handler, "take")
    act(handler, "resolve", result="已劝离摊贩并清扫地面，安排早晚巡查。")
    act(supervisor, "verify", outcome="pass", note="现场已恢复通行。")
    act(
        centre, "close"
    )  # a grid worker saw it, so there is nobody outside to be answered: the follow-up says so by itself
    return centre.ask("GET", case)


def show(case: dict[str, Any]) -> None:
    print(f"{case['number']}  {case['category_name']}  {case['title']}")
    print(f"派遣依据 Why this unit: {case['route']['why']['zh']}")
    for step in case["timeline"]:
        at = step["at"][:19].replace("T", " ")
        print(f"  {at}  {step['act']:<9} {step['after']:<13} {step['actor_name']}  {step['note']}")
    for clock in case["clocks"]:
        print(f"  时限 clock {clock['stage']:<10} due {clock['due_at'][:16].replace('T', ' ')} UTC  {clock['outcome']}")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    show(run(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
