"""docs/security.md and docs/resilience.md name code and tests: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMES = re.compile(r"`((?:wangge|tests|web|tools|docs|requirements|examples|\.ci)/[^`\s]*)`")


@pytest.mark.parametrize(("page", "least"), [("security.md", 100), ("resilience.md", 12)])
def test_every_file_and_test_that_the_page_names_is_there(page: str, least: int) -> None:
    missing, named = [], set(NAMES.findall((ROOT / "docs" / page).read_text("utf-8")))
    for name in sorted(named):
        path, _, test = name.partition("::")
        file = ROOT / path
        if not file.exists() or (test and not re.search(rf"^ *def {test}\(", file.read_text("utf-8"), re.MULTILINE)):
            missing.append(name)
    assert missing == []
    assert len([n for n in named if "::" in n]) > least


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]
    assert len(links) > 200
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_every_line_of_the_tables_is_met_open_or_does_not_apply() -> None:
    """A requirement has a number, and what follows it: code and tests, "open", or why it does not apply."""
    tables = PAGE.partition("## ASVS 5.0, level 2")[2]
    lines = [line for line in tables.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]
    assert len(lines) > 120
    for line in lines:
        *_, how, _ = line.split("|")
        assert "`" in how or "**open**" in how or "n/a" in how, line


def test_every_open_point_stands_in_the_list_of_them() -> None:
    listed, _, tables = PAGE.partition("## Open points")[2].partition("## ASVS 5.0, level 2")
    numbers = [re.findall(r"\d+\.\d+\.\d+(?:\.\d+ [a-g])?|8\.1\.4\.\d+", line.split("|")[1])
               for line in tables.splitlines() if "**open**" in line]  # fmt: skip
    assert len(numbers) >= 15
    assert [n for n in numbers if not any(one in listed for one in n)] == []


def test_no_source_runs_text_or_takes_it_for_markup() -> None:
    python = r"\b(eval|exec)\(|\bpickle\.|yaml\.load\(|mark_safe|\|safe\b|autoescape off|shell=True|minidom|\blxml\b|\bET\.(parse|XML|from|iter)"
    web = r"v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\("
    looked = [(path, python) for path in (ROOT / "wangge").rglob("*.*") if path.suffix in {".py", ".html"}]
    looked += [(path, web) for path in (ROOT / "web").glob("*/src/**/*.*") if path.suffix in {".ts", ".vue"}]
    assert len(looked) > 400
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path, forbidden in looked
        if "static" not in path.parts and (hit := re.search(forbidden, path.read_text("utf-8")))
    ]
    assert found == []
