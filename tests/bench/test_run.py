"""What a run tells: as a table, as JSON that is read again, as a plot; and what is said where there are no sources."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.measure import Run, compared, measured, table
from bench.plot import cost, draw
from wangge.kernel.commands import REFUSED, CommandError
from wangge.processes import commands

CPU = {"web": 2.0, "worker": 0.5, "live": 0.0, "postgres": 1.5, "client": 9.0}


def run(cases: int = 1000) -> Run:
    took = [n / 1000 for n in range(1, 101)]
    report = measured("report", "report", took, 2.0, cpu=CPU, statements=7, alone=8.0)
    floor = measured("floors", "GET /healthz", took[:10], 1.0, floor=True)
    return Run(cases, {"processors": 2}, "2026-11-22T08:00:00+00:00", measurements=[report, floor])


def test_a_measurement_has_its_rate_and_the_times_that_half_and_nearly_all_calls_stay_below() -> None:
    report = run().measurements[0]
    assert (report.count, report.rate) == (100, 50.0)
    assert [round(t) for t in (report.p50, report.p95, report.p99)] == [51, 96, 100]


def test_the_table_has_a_line_for_each_and_names_the_floors() -> None:
    lines = table(run(20_000)).splitlines()
    assert lines[0].startswith("| 20 000 cases |")
    assert lines[2] == "| report | 50 | 51.0 | 96.0 | 100.0 | 8.0 | 2.0 | 0.5 | 1.5 | 7 |  |"
    assert lines[3].startswith("| *floor: GET /healthz* |")


def test_the_same_calls_at_several_sizes_stand_side_by_side_and_what_one_size_lacks_is_left_open() -> None:
    smaller, larger = run(1000), run(100_000)
    slower = replace(larger.measurements[0], seconds=4.0)
    lines = compared([replace(larger, measurements=[slower]), smaller]).splitlines()
    assert lines[2] == "| report | 50, 8, 4.0 | 25, 8, 4.0 | 0.50 |"
    assert lines[3] == "| *floor: GET /healthz* | 10, –, 0.0 | – | – |"


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run().write(tmp_path / "run.json")
    assert Run.read(tmp_path / "run.json") == run()


def test_the_cost_is_the_servers_alone_and_the_plot_has_a_point_for_each_run(tmp_path: Path) -> None:
    assert cost(run()) == {"report": 4.0}
    runs = [run(n) for n in (1000, 100_000)]
    draw([*runs, replace(run(10_000))], tmp_path / "cost.svg")
    found = ElementTree.parse(tmp_path / "cost.svg").getroot()
    lines = found.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3]


def test_without_the_sources_the_command_says_where_the_measurements_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(commands, "SOURCES", tmp_path)
    with pytest.raises(CommandError) as refused:
        commands.bench(argparse.Namespace())
    assert refused.value.code == REFUSED
    assert "make bench" in refused.value.words.en
