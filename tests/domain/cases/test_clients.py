"""The app of a phone that was not updated yet: what it sends is served for one version more, and never lost."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.domain.cases.test_batch import report_op
from tests.support.world import log_in
from wangge.domain.cases import batch_api
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

DOOR = Path(__file__).parents[3] / "web/field/src/outbox/door.ts"


def send(*operations: dict[str, Any], **more: Any) -> Any:
    return Client().post(
        "/api/v1/batch",
        {"operations": operations, **more},
        content_type="application/json",
        headers={"Authorization": f"Bearer {log_in('alice')}"},
    )


def test_the_newest_app_and_the_one_before_are_served_and_an_older_one_is_told_to_update(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_api, "CLIENT", 3)
    for version in (2, 3, 4):  # 4: of a server that is being updated right now, beside this one
        answer = send(report_op(), client=version).json()
        assert (answer["client"], answer["answers"][0]["outcome"]) == (3, "applied")

    operation = report_op()
    for more in ({"client": 1}, {}):  # the first one did not say which it was
        refused = send(operation, **more)
        assert (refused.status_code, refused.json()["type"]) == (426, "urn:wangge:problem:client-too-old")
    assert not rows.value("SELECT 1 FROM cases_operation WHERE id = %(id)s", {"id": operation["id"]})
    assert send(operation, client=3).json()["answers"][0]["outcome"] == "applied", "updated, it sends it as it is"


def test_what_the_first_app_sends_is_understood(world: SimpleNamespace) -> None:
    """Word by word as version 1 puts it. A version that is served no more is taken out of here."""
    assert batch_api.CLIENT - batch_api.SERVED < 1
    report = report_op(
        channel="worker",
        urgency="urgent",
        confidential=True,
        accuracy_m=8,
        wants_answer=False,
        evidence=[{"id": str(uuid7()), "kind": "photo", "sha256": "0" * 64, "role": "report"}],
    )
    captured = {"at": "2026-11-20T12:00:00.000Z", "ahead_s": 3, "point": report["given"]["point"], "accuracy_m": 8}
    note = {"id": str(uuid7()), "kind": "comment", "after": report["id"], "given": {"note": "补充"}}
    found = send(report | {"captured": captured}, note).json()["answers"]
    assert [a["outcome"] for a in found] == ["applied", "applied"], found
    assert {"id", "version", "status", "number"} <= set(found[0]["state"])


def test_the_app_of_this_source_is_the_newest() -> None:
    said = re.search(r"^export const CLIENT = (\d+)$", DOOR.read_text("utf-8"), re.MULTILINE)
    assert said and int(said[1]) == batch_api.CLIENT
