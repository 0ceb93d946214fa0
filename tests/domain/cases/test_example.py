"""The example in examples/ runs as it stands, over a real socket."""

from __future__ import annotations

import dataclasses
import runpy
import threading
from pathlib import Path

import pytest
from django.conf import settings

from tests.support import world as small

EXAMPLE = Path(__file__).parents[3] / "examples" / "first_loop.py"


def test_the_example_drives_a_report_to_its_end_and_prints_it(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, demo=True))
    small.build()
    example = runpy.run_path(str(EXAMPLE))
    people = {"worker": "alice", "centre": "bob", "handler": "hugo", "supervisor": "sue"}
    case = example["run"](server, people, small.PASSWORD)
    assert case["status"] == "closed"
    assert [c["outcome"] for c in case["clocks"]] == ["met"] * 5
    example["show"](case)
    printed = capsys.readouterr().out
    assert case["number"] in printed
    assert "福保城管办" in printed


def test_the_whole_loop_with_every_turn_runs_and_its_seal_holds(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, demo=True, home=tmp_path))
    small.build()
    example = runpy.run_path(str(EXAMPLE.with_name("one_loop.py")))
    people = {
        "worker": "alice",
        "centre": "bob",
        "lead": "hugo",
        "assisting": "hank",
        "supervisor": "sue",
        "auditor": "audrey",
    }
    stop = threading.Event()
    sealer = threading.Thread(target=_seal_until, args=(stop,))
    sealer.start()
    try:
        case = example["run"](server, people, small.PASSWORD)
    finally:
        stop.set()
        sealer.join()
    assert case["status"] == "archived"
    assert (case["returns"], case["rework"], case["reopened"], case["extensions"]) == (2, 1, 1, 1)
    assert [e["role"] for e in case["evidence"]] == ["report", "after", "after"]
    assert case["designated"]
    assert len(case["proofs"]) == len(case["timeline"])
    example["show"](case)
    assert "lie under a signed root" in capsys.readouterr().out
    broken = dict(case["proofs"][3], entry=case["proofs"][3]["entry"] | {"tag": "cases.void"})
    assert not example["holds"](broken)


def _seal_until(stop: threading.Event) -> None:
    """The worker's sealer."""
    from django.db import connections

    from wangge.kernel.access import SYSTEM, acting
    from wangge.kernel.ledger.seal import seal

    try:
        with acting(SYSTEM):
            while not stop.wait(0.1):
                seal()
    finally:
        connections.close_all()
