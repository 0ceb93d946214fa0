"""The commands, as they are run."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.domain.people.test_api import BAD, GOOD, workbook
from wangge.domain.people.commands import COMMANDS
from wangge.domain.people.models import Post, User
from wangge.kernel.commands import FOUND, OK, CommandError
from wangge.kernel.problems import Conflict


def run(*line: str) -> int:
    for command in COMMANDS:
        if line[: len(command.name)] == command.name:
            parser = argparse.ArgumentParser()
            if command.arguments:
                command.arguments(parser)
            return command.run(parser.parse_args(line[len(command.name) :]))
    raise AssertionError(line)


def test_an_administrator_is_made_and_cannot_be_made_another(people, capsys) -> None:
    assert run("createadmin", "Zhao", "--name", "赵", "--role", "security") == OK
    assert Post.objects.get(user__login="zhao").role == "security_admin"
    with pytest.raises(Conflict):
        run("createadmin", "zhao", "--role", "audit")
    assert "zhao" not in capsys.readouterr().err


def test_a_token_is_made_listed_and_revoked(people, capsys) -> None:
    assert run("token", "create", "GIS", "--permission", "people.units.read", "--everywhere") == OK
    token = capsys.readouterr().out.strip()
    assert token.startswith("wgt_")
    run("token", "list")
    line = capsys.readouterr().out
    assert token[:8] in line
    assert token not in line
    assert run("token", "revoke", line.split()[0]) == OK
    with pytest.raises(CommandError):
        run("token", "revoke", "nonsense")


def test_a_workbook_is_checked_and_imported_only_with_apply(people, tmp_path: Path, capsys) -> None:
    file = tmp_path / "staff.xlsx"
    file.write_bytes(workbook(*GOOD, *BAD))
    assert run("import", "staff", str(file)) == FOUND
    assert run("import", "staff", str(file), "--apply") == FOUND
    assert "第 5 行 登录名" in capsys.readouterr().out
    assert not User.objects.filter(login="hua").exists()
    assert run("import", "staff", str(file), "--apply", "--accept-good-rows") == FOUND
    assert User.objects.filter(login="hua").exists()
    with pytest.raises(CommandError):
        run("import", "staff", str(tmp_path / "none.xlsx"))


def test_what_counts_no_more_is_deleted_and_the_rest_stays(people) -> None:
    from datetime import timedelta

    from tests.domain.people.conftest import PASSWORD, START
    from wangge.domain.people.actions import sessions
    from wangge.domain.people.jobs import tidy
    from wangge.domain.people.models import Session, Throttle
    from wangge.kernel import clock
    from wangge.kernel.problems import Unauthorized

    for days, left in ((0, 1), (1.5, 2), (91, 2)):
        with clock.at(START + timedelta(days=days)):
            sessions.log_in(login="dora", password=PASSWORD, address="10.0.0.1")
            with pytest.raises(Unauthorized):
                sessions.log_in(login="eve", password="wrong", address="10.0.0.1")
            tidy()
            assert Session.objects.count() == left
            assert Throttle.objects.count() == 2
