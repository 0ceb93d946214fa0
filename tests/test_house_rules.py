"""The rules of the house that a machine can hold (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LONG = {
    # a file past 500 lines stands here with its reason, or is cut in two
}
BINARY = {".png", ".jpg", ".gpkg", ".shp", ".dbf", ".shx", ".xlsx", ".ico", ".pdf", ".gz", ".zip", ".woff2", ".webp"}


def _files(*suffixes: str) -> list[Path]:
    """What is in the project: tracked files, and new ones that are not ignored; without git, everything outside made folders."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        found = [ROOT / line for line in done.stdout.splitlines()]
    else:
        found = [
            p
            for p in ROOT.rglob("*")
            if not {".venv", "var", "node_modules", "__pycache__"} & set(p.relative_to(ROOT).parts)
        ]
    return [p for p in found if p.is_file() and p.suffix not in BINARY and (not suffixes or p.suffix in suffixes)]


def _python() -> Iterator[tuple[Path, str]]:
    for path in _files(".py"):
        yield path.relative_to(ROOT), path.read_text("utf-8")


def _tool(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_go_down_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_linter_finds_nothing() -> None:
    done = _tool("ruff", "check", "--no-cache", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout[-4000:]


def test_no_file_is_longer_than_500_lines_unless_it_is_listed() -> None:
    long = {str(p): n for p, text in _python() if "migrations" not in p.parts and (n := text.count("\n")) > 500}
    assert set(long) - set(LONG) == set(), long
    assert set(LONG) - set(long) == set(), "listed, but no longer long"


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = "|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", "npm" + r"mirror\.com"))
    places = re.compile(
        rf"({hosts})|(^|[\s\"'=(:])/(work|farm|root|home/[a-z]+)/|file:///|/tmp/(dev|brief|bash_jobs)", re.MULTILINE
    )
    found = [
        f"{path.relative_to(ROOT)}: {hit[0].strip()}"
        for path in _files()
        if path != Path(__file__) and (hit := places.search(path.read_text("utf-8", errors="replace")))
    ]
    assert found == []


def test_every_requirement_is_pinned_with_hashes_and_names_no_place() -> None:
    for name in ("runtime.txt", "dev.txt", "web.txt"):
        text = (ROOT / "requirements" / name).read_text("utf-8")
        blocks = re.findall(
            r"^([a-z0-9][^\s=]*)==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
        )
        assert len(blocks) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) >= (2 if name == "web.txt" else 10)
        assert "://" not in text


def test_nothing_is_left_unfinished_or_skipped() -> None:
    weak = re.compile(
        "|".join(
            (
                "TO" + "DO",
                "FIX" + "ME",
                "raise NotImplemented" + "Error",
                r"pytest\.(skip|mark\.(skip|xfail))",
                r"time\.sle" + r"ep\(",
            )
        )
    )
    found = [
        f"{path}: {hit[0]}"
        for path, text in _python()
        if (hit := weak.search(text)) and path != Path("tests/test_house_rules.py")
    ]
    assert found == []


def test_time_has_one_door() -> None:
    """``datetime.now`` and ``date.today`` are called by the clock alone; logs, locks and backups are stamped with the real time."""
    allowed = {
        "wangge/kernel/clock/__init__.py",
        "wangge/kernel/logs.py",
        "wangge/kernel/db/embedded/locks.py",
        "wangge/kernel/db/backup/store.py",
        "wangge/demo/other_side.py",  # another system, which has a clock of its own
    }
    door = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|timezone\.now)\(")
    found = [str(p) for p, text in _python() if p.parts[0] == "wangge" and str(p) not in allowed and door.search(text)]
    assert found == []


def test_no_signals_carry_required_behaviour() -> None:
    found = [
        str(p)
        for p, text in _python()
        if p.parts[0] == "wangge" and re.search(r"django\.(db\.models|dispatch|core)\S*signals", text)
    ]
    assert found == []


def test_actions_take_keywords_only_and_first_who_acts() -> None:
    """What an actions package offers to others, when somebody acts: ``def act(*, by: Principal, …)``."""
    wrong: list[str] = []
    for folder in sorted((ROOT / "wangge" / "domain").iterdir()):
        offered = _offered(folder / "actions" / "__init__.py")
        for path in [*folder.glob("actions.py"), *folder.glob("actions/*.py")]:
            for node in ast.parse(path.read_text("utf-8")).body:
                if not isinstance(node, ast.FunctionDef) or (offered is not None and node.name not in offered):
                    continue
                named = [a.arg for a in [*node.args.args, *node.args.kwonlyargs]]
                if "by" in named and (node.args.args or named[0] != "by"):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def _offered(init: Path) -> set[str] | None:
    """The names a package's ``__init__`` takes from its modules; None when there is no package."""
    if not init.exists():
        return None
    return {
        alias.asname or alias.name
        for node in ast.parse(init.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_every_route_declares_its_permission_and_every_other_address_is_known() -> None:
    from django.urls import get_resolver

    from wangge.api import api
    from wangge.kernel.web.api import check_permissions

    check_permissions(api)
    public = {"", "health", "healthz", "metrics", r"^console(?:/(?P<path>.*))?$", r"^field(?:/(?P<path>.*))?$"}
    public |= {"portal/track", "start", r"^portal(?:/(?P<path>.*))?$"}
    other = {
        str(p.pattern)
        for p in _flat(get_resolver().url_patterns)
        if not str(p.pattern).startswith(("api/v1", "ogc", "open311"))
    }
    assert {name for name in other if not name.startswith(("api/v1", "ogc"))} - public == set()


def _flat(patterns: list, prefix: str = "") -> Iterator:
    from django.urls import URLPattern

    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif not str(pattern.pattern).startswith(("api/", "ogc", "open311")):
            yield from _flat(pattern.url_patterns, prefix + str(pattern.pattern))


def test_the_models_and_the_migrations_agree(db: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_make_target_has_its_line_of_help() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) - {"setup", "setup-dev", "apps"}
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.split()[1] for line in done.stdout.splitlines()} == targets


@pytest.mark.parametrize(
    "name",
    ["README.md", "README.zh.md", "LICENSE", "NOTICE", "CHANGELOG.md", "docs/operations.md", "docs/configuration.md"],
)
def test_the_papers_are_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 200


def test_the_configuration_page_names_every_setting() -> None:
    import dataclasses

    from wangge.config import Config

    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    example = (ROOT / "examples" / "wangge.toml").read_text("utf-8")
    for spec in dataclasses.fields(Config):
        assert f"WANGGE_{spec.name.upper()}" in page
        assert f"# {spec.name} = " in example


def test_the_committed_description_of_the_api_is_that_of_the_program() -> None:
    """A change of the interface is announced: ``make openapi`` and the new file are part of the change."""
    from wangge.processes.commands import openapi_text

    assert (ROOT / "docs" / "openapi.json").read_text("utf-8") == openapi_text(), (
        "run make openapi and read the difference"
    )
