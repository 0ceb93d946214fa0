"""Every act that staff do with a case, one after the other, on cases that were reported a moment ago, each by whose act it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from bench.generator.chinese import Texts
from bench.server import Call, Server
from bench.workloads import reports
from wangge.kernel import clock
from wangge.kernel.ids import uuid7

Case = dict[str, Any]


class Step(NamedTuple):
    """``given``: the body without the version, or what makes it of the case."""

    login: str
    act: str
    given: dict[str, Any] | Callable[[Case], dict[str, Any]] = {}


def chains(server: Server) -> list[tuple[str, list[Step]]]:
    """What is done in turn, and with which reports: of a worker, or of somebody who called."""
    now = clock.now()
    units = {
        login: str(server.sql(
            "SELECT p.unit_id FROM people_post p JOIN people_user u ON u.id = p.user_id WHERE u.login = %(login)s AND p.unit_id IS NOT NULL",
            login=login,
        )[0]["unit_id"])
        for login in ("handler", "cleaner")
    }  # fmt: skip
    [other] = server.sql("SELECT id FROM catalog_category WHERE code = '0109'")
    [some] = server.sql(
        "SELECT id, district FROM cases_case WHERE street = '440304010' AND status = 'handling' LIMIT 1"
    )
    later = {"due_at": (now + timedelta(days=40)).isoformat(), "note": "需采购配件"}
    review = {"review_at": (now + timedelta(days=90)).isoformat(), "note": "待统一改造"}
    to_handler, to_cleaner = {"unit": units["handler"]}, {"unit": units["cleaner"]}
    note = {"note": "请说明进展"}

    def back(case: Case) -> dict[str, Any]:
        return {"point": {"lon": case["_lon"], "lat": case["_lat"]}}

    long = [
        Step("fubao", "locate", back), Step("fubao", "accept"), Step("fubao", "reclassify", {"category": str(other["id"])} | note),
        Step("fubao", "set-urgency", {"urgency": "urgent"} | note), Step("fubao", "dispatch", to_handler), Step("fubao", "involve", to_cleaner),
        Step("handler", "take"), Step("handler", "progress", note), Step("handler", "ask-help", to_cleaner | note),
        Step("cleaner", "answer-help", note), Step("cleaner", "resolve-share", {"result": "本单位部分已处理完毕"}),
        Step("handler", "ask-extension", later), Step("fubao", "extend"), Step("handler", "ask-suspension", review),
        Step("fubao", "refuse", note), Step("fubao", "suspend", review), Step("fubao", "resume"),
        Step("fubao", "urge", note), Step("handler", "answer", note), Step("supervisor", "supervise", {"level": "ordinary"} | note),
        Step("supervisor", "lift"), Step("leader", "instruct", note), Step("fubao", "comment", note), Step("fubao", "tag", {"tags": ["复查"]}),
        Step("fubao", "link", {"other": str(some["id"])}), Step("fubao", "unlink", {"other": str(some["id"])}),
        Step("fubao", "set-confidential", {"confidential": True}), Step("fubao", "publish", {"public_text": "已安排处理"}),
        Step("handler", "resolve", {"result": "已处理完毕"}), Step("worker", "verify", {"outcome": "fail"} | note),
        Step("handler", "resolve", {"result": "已处理完毕"}), Step("worker", "verify", {"outcome": "pass"}), Step("fubao", "close"),
        Step("fubao", "reopen", note), Step("fubao", "dispatch", to_handler), Step("handler", "return", note),
        Step("fubao", "dispatch", to_cleaner), Step("cleaner", "return", note), Step("fubao", "designate", to_handler | note),
        Step("fubao", "reassign", to_cleaner | note),
    ]  # fmt: skip
    again = [Step("handler", "resolve", {"result": "已处理完毕"}), Step("worker", "verify", {"outcome": "pass"})]
    dissent = Step("fubao", "follow-up", {"outcome": "dissatisfied", "rating": 1} | note)
    called = [
        Step("fubao", "accept"), Step("fubao", "dispatch", to_handler | {"assisting": [units["cleaner"]]}),
        Step("cleaner", "decline", note), *again, dissent, *again, dissent, Step("supervisor", "decide", {"outcome": "uphold"} | note),
        Step("fubao", "archive"),
    ]  # fmt: skip
    short = [[Step("fubao", "reject", note)], [Step("worker", "withdraw", note)], [Step("fubao", "void", note)],
             [Step("worker", "self-resolve", {"result": "现场清理完毕"})], [Step("fubao", "escalate", note)],
             [Step("fubao", "merge", {"other": str(some["id"])}), Step("fubao", "unmerge", note), Step("fubao", "delegate")]]  # fmt: skip
    return [("worker", long), ("caller", called), *(("worker", one) for one in short)]


def run(server: Server) -> None:
    """Each act for half the time of other workloads at most, on as many cases as the act before it left."""
    done: set[str] = set()
    for who, chain in chains(server):
        source = reports.calls(server) if who == "worker" else _by_phone(server)
        many = max(4, int(server.seconds * (80 if len(chain) > 20 else 40)))
        cases = []
        for _ in range(many):
            call = next(source)
            cases.append(server.send(call) | {"_lon": call.body["point"]["lon"], "_lat": call.body["point"]["lat"]})
        for step in chain:
            outcome = step.given.get("outcome", "") if isinstance(step.given, dict) else ""
            name = f"{step.act}, {outcome}" if outcome else step.act
            cases = _each(server, step, name if name not in done else f"{name}, again", cases)
            done.add(name)


def _each(server: Server, step: Step, name: str, cases: list[Case]) -> list[Case]:
    """The cases that the act was done with, as they are now."""
    known = {str(case["id"]): case for case in cases}

    def calls() -> Iterator[Call]:
        for case in cases:
            given = step.given(case) if callable(step.given) else step.given
            yield Call(
                step.login, "POST", f"/api/v1/cases/{case['id']}/{step.act}", given | {"version": case["version"]}
            )

    answered = server.ask("acts", name, calls(), seconds=server.seconds / 2)
    return [known[state["id"]] | state for state in (orjson.loads(a.body) for a in answered)]


def _by_phone(server: Server) -> Iterator[Call]:
    """Reports that an operator writes down for somebody who called."""
    texts = Texts(random.Random(9))
    for _, body in reports.bodies(server):
        more = {"id": str(uuid7()), "channel": "hotline", "text": texts.draw().text.decode(), "wants_answer": True}
        yield Call(
            "fubao", "POST", "/api/v1/cases", body | more | {"reporter": {"name": "来电人", "phone": "0755-20000001"}}
        )
