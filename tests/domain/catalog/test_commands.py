"""The catalogue's commands: dry run first, errors by line, exit codes."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wangge.domain.catalog import queries
from wangge.domain.catalog.commands import COMMANDS
from wangge.domain.catalog.models import CalendarDay
from wangge.kernel.commands import FOUND, OK, CommandError

RUN = {command.name: command for command in COMMANDS}


def run(*words: str) -> int:
    command = RUN[words[:2]]
    parser = argparse.ArgumentParser()
    if command.arguments:
        command.arguments(parser)
    return command.run(parser.parse_args(words[2:]))


def test_a_year_is_imported_after_a_dry_run(world: SimpleNamespace, capsys: Any) -> None:
    CalendarDay.objects.filter(day__year=2026).delete()
    queries.forget()
    assert run("import", "calendar", "--year", "2026") == OK
    assert "2026-10-10  上班" in capsys.readouterr().out
    assert not CalendarDay.objects.filter(day__year=2026).exists()
    assert run("import", "calendar", "--year", "2026", "--apply") == OK
    assert CalendarDay.objects.filter(day__year=2026).count() == 39


def test_categories_go_out_and_come_back(world: SimpleNamespace, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "categories.csv"
    assert run("export", "categories", str(file)) == OK
    lines = file.read_text("utf-8-sig").splitlines()
    assert len(lines) == 138
    file.write_text("\n".join([*lines, "0188,01,新类" + "," * 18]), "utf-8-sig")
    assert run("import", "categories", str(file), "--apply") == FOUND
    assert "第 139 行 lead_duty" in capsys.readouterr().out
    file.write_text("\n".join([*lines, "0188,01,新类,,,,,fire" + "," * 13]), "utf-8-sig")
    assert run("import", "categories", str(file)) == OK
    assert queries.category_by_code("0188") is None
    assert run("import", "categories", str(file), "--apply") == OK
    assert queries.category_by_code("0188") is not None


def test_a_file_that_is_no_utf8_text_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "gbk.csv"
    file.write_bytes("编码,名称".encode("gbk"))
    with pytest.raises(CommandError) as error:
        run("import", "categories", str(file))
    assert "UTF-8" in error.value.words.zh


def test_the_shipped_defaults_are_loaded_where_there_is_nothing_and_never_twice(db: None, capsys: Any) -> None:
    assert run("import", "defaults") == OK
    queries.forget()
    assert "137" in capsys.readouterr().out
    assert len(queries.leaves()) >= 100
    assert run("import", "defaults") == OK
    assert "137" not in capsys.readouterr().out
