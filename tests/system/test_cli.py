"""The program on the command line: two languages, exit codes, and no traceback for a person's mistake."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import ROOT, environment, wangge
from wangge import cli
from wangge.kernel import commands as kit
from wangge.kernel import crypto
from wangge.kernel.crypto import Keyring
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.ledger.commands import COMMANDS


def test_help_is_in_english_and_in_chinese_with_every_exit_code() -> None:
    english, chinese = wangge("--lang", "en", "--help"), wangge("--lang", "zh", "--help")
    assert english.returncode == chinese.returncode == 0
    assert "Serve: database, web and worker processes" in english.stdout
    assert "启动服务" in chinese.stdout
    for code in (kit.OK, kit.FOUND, kit.USAGE, kit.UNREACHABLE, kit.REFUSED, kit.DEFECT, kit.INTERRUPTED):
        assert str(code) in english.stdout
        assert str(code) in chinese.stdout


def test_help_of_every_command_says_something_in_both_languages() -> None:
    for language in ("zh", "en"):
        kit.set_language(language)
        parser = cli.build_parser(cli.collect())
        assert parser.format_help()
    for command in cli.collect():
        assert command.help.zh
        assert command.help.en
        assert command.help.zh != command.help.en
    kit.set_language("zh")


@pytest.mark.parametrize(
    ("environ", "argv", "language"),
    [
        ({}, [], "zh"),
        ({"LANG": "C.UTF-8"}, [], "zh"),
        ({"LANG": "en_GB.UTF-8"}, [], "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, [], "zh"),
        ({"LANG": "zh_CN.UTF-8", "WANGGE_LANG": "en"}, [], "en"),
        ({"WANGGE_LANG": "en"}, ["--lang", "zh"], "zh"),
        ({}, ["health", "--lang=en"], "en"),
    ],
)
def test_the_language_follows_the_option_then_the_variable_then_the_locale(environ, argv, language) -> None:
    assert cli.choose_language(argv, environ) == language


def test_help_does_not_import_django() -> None:
    probe = (
        "import sys; sys.argv=['wangge','--help']\nimport wangge.cli\ntry: wangge.cli.main()\nexcept SystemExit: pass\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            probe + "print(sorted(m for m in sys.modules if m.split('.')[0] in ('django','psycopg','shapely')))",
        ],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("argv", [["nothing-like-this"], [], ["serve", "--port", "x"], ["health", "--nope"]])
def test_a_wrong_command_line_is_told_in_a_sentence_with_exit_code_2(argv: list[str]) -> None:
    for language in ("zh", "en"):
        done = wangge("--lang", language, *argv)
        assert done.returncode == kit.USAGE
        assert "Traceback" not in done.stderr
        assert "wangge" in done.stderr
    assert "usage" not in wangge("--lang", "zh", *argv).stderr


def test_a_server_that_does_not_answer_is_exit_code_3() -> None:
    done = wangge("health", "http://127.0.0.1:9")
    assert done.returncode == kit.UNREACHABLE
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_reached_is_exit_code_3_and_its_password_is_not_shown() -> None:
    done = wangge("check", WANGGE_DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/x")
    assert done.returncode == kit.UNREACHABLE
    assert "WANGGE_DATABASE_URL" in done.stderr
    assert "geheim" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port = 'many'", "must be a whole number"),
        ("prot = 1", "no setting named prot"),
        ("port = = 1", "cannot be read"),
    ],
)
def test_a_mistake_in_the_settings_file_names_the_place(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "wangge.toml").write_text(text)
    done = wangge("config", cwd=tmp_path)
    assert done.returncode == kit.USAGE
    assert words in done.stderr
    assert "wangge.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_config_says_where_each_value_came_from_and_hides_secrets(tmp_path: Path) -> None:
    (tmp_path / "wangge.toml").write_text('port = 8080\nhost = "0.0.0.0"\n')
    done = wangge("config", cwd=tmp_path, WANGGE_PORT="9090", WANGGE_DATABASE_URL="postgresql://u:geheim@h/x")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[lines.index("port = 9090") + 1].endswith("WANGGE_PORT")
    assert lines[lines.index("host = 0.0.0.0") + 1].endswith("wangge.toml")
    assert lines[lines.index("zone = Asia/Shanghai") + 1].endswith("default")
    assert "geheim" not in done.stdout


def test_the_example_settings_file_names_only_settings_that_exist(tmp_path: Path) -> None:
    done = wangge("config", cwd=tmp_path, WANGGE_CONFIG=str(ROOT / "examples" / "wangge.toml"))
    assert done.returncode == 0, done.stderr


def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m wangge config | head -1",
        shell=True,
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("home = ")
    assert done.stderr == ""


def test_version_is_told() -> None:
    assert wangge("version").stdout.startswith("wangge 0.")


def test_a_rotated_key_is_on_record_and_what_the_former_one_sealed_is_still_read(
    db: None, key_file: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    place = crypto.Place.of("cases_party", "name_sealed", uuid7())
    sealed, hashed = crypto.seal("欧阳明月", place), crypto.lookup_hash("phone", "13800001234")
    commands = {command.name: command for command in COMMANDS}
    for use in crypto.Use:
        before = key_file.keys().active(use).id
        assert commands["keys", "rotate"].run(argparse.Namespace(use=str(use))) == kit.OK
        assert key_file.reload().active(use).id != before
    found = crypto.masked(sealed, place, crypto.Kind.NAME)
    assert found is not None
    assert found.masked.startswith("欧")
    assert hashed in crypto.lookup_hashes("phone", "13800001234")
    tags = rows.all("SELECT body ->> 'use' AS use FROM ledger_entry WHERE tag = 'ledger.key.rotated'")
    assert {r["use"] for r in tags} == {str(use) for use in crypto.Use}
    assert commands["keys", "status"].run(argparse.Namespace()) == kit.OK
    assert capsys.readouterr().out.count("已退役") >= len(crypto.Use)


def test_a_part_alone_needs_a_server_that_the_other_hosts_can_reach(tmp_path: Path) -> None:
    done = wangge("serve", "--parts", "web", WANGGE_HOME=str(tmp_path))
    assert done.returncode == kit.REFUSED
    assert "WANGGE_DATABASE_URL" in done.stderr
