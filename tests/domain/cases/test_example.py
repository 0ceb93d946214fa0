"""The example in examples/ runs as it stands, over a real socket."""

from __future__ import annotations

import dataclasses
import runpy
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
