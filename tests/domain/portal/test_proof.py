"""Mallory floods the portal. Rita, in the same network, still reports: her page solves a small task."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.portal.conftest import Resident, lamp
from wangge.domain.portal import proof, rules
from wangge.domain.portal.rules import Limit
from wangge.kernel import clock
from wangge.kernel.ids import uuid7


def solved(challenge: str) -> str:
    return next(f"{challenge}:{n}" for n in itertools.count() if proof.found(challenge, str(n)))


@pytest.fixture
def flooded(rita: Resident, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two reports of her network are all that is ordinary, and they have been sent."""
    monkeypatch.setattr(rules, "CALLS_OF_NETWORK", Limit("calls.network", 2, rules.TEN_MINUTES))
    monkeypatch.setattr(rules, "PROOF_BITS", 6)
    for _ in range(2):
        assert rita.ask("POST", "/reports", lamp()).status_code == 201
    return lambda body, **headers: rita.ask("POST", "/reports", body, **headers)


def test_nobody_is_asked_until_there_are_too_many_and_what_was_taken_is_answered_again_without(flooded: Any) -> None:
    body = lamp()
    wanted = flooded(body)
    assert (wanted.status_code, wanted.json()["type"], wanted.json()["bits"]) == (428, "urn:wangge:problem:proof-wanted", 6)  # fmt: skip
    assert flooded(body, Proof=solved(wanted.json()["challenge"])).status_code == 201
    assert flooded(body).status_code == 200


def test_a_proof_counts_once_in_its_network_while_it_holds_and_only_when_it_is_one(
    flooded: Any, ralf: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = flooded(lamp()).json()["challenge"]
    right = solved(challenge)
    wrong = next(f"{challenge}:{n}" for n in itertools.count() if not proof.found(challenge, str(n)))
    said = challenge.rpartition(".")[0]
    easier = f"{said.rpartition('.')[0].replace('.6', '.0')}.{challenge.rpartition('.')[2]}"
    for refused in (wrong, f"{easier}:1", "", "x", f"{challenge}:-1", "1.2:3", "..:"):
        assert flooded(lamp(), Proof=refused).status_code == 428, refused
    with clock.at(clock.now() + rules.PROOF_HOLDS + timedelta(seconds=1)):
        assert flooded(lamp(), Proof=right).status_code == 428
    assert flooded(lamp(), Proof=right).status_code == 201
    assert flooded(lamp(), Proof=right).status_code == 428
    assert ralf.ask("POST", "/reports", lamp()).status_code == 201  # elsewhere all is quiet
    for _ in range(2):
        ralf.ask("POST", "/reports", lamp())
    other = solved(flooded(lamp()).json()["challenge"])
    assert ralf.ask("POST", "/reports", lamp(), Proof=other).status_code == 428


def test_it_is_over_when_the_flood_is(flooded: Any) -> None:
    assert flooded(lamp()).status_code == 428
    with clock.at(clock.now() + rules.TEN_MINUTES + timedelta(seconds=1)):
        assert flooded(lamp()).status_code == 201


def test_a_flood_from_everywhere_is_met_everywhere_and_an_sms_and_me_too_cost_the_same(
    rita: Resident, ralf: Resident, settings: Any
) -> None:
    settings.CONFIG = replace(settings.CONFIG, portal_proof_from=2)
    for who in (rita, ralf):
        assert who.ask("POST", "/reports", lamp()).status_code == 201
    for path, body in (
        ("/reports", lamp()),
        ("/me-too", {"id": str(uuid7()), "secret": lamp()["secret"], "ref": "00"}),
        ("/phone/code", {"phone": "13800001234"}),
    ):
        assert rita.ask("POST", path, body).status_code == 428, path
    settings.CONFIG = replace(settings.CONFIG, portal_proof_from=0)
    assert rita.ask("POST", "/reports", lamp()).status_code == 201
