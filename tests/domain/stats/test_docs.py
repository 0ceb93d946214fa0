"""The page of the figures says what the code counts. ``python -m tests.domain.stats.test_docs`` prints its table."""

from __future__ import annotations

from pathlib import Path

from wangge.domain.stats.rules import FIGURES, TIMES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "statistics.md"


def table() -> str:
    lines = ["| figure | 指标 | how it is made | 口径 |", "|---|---|---|---|"]
    for name, figure in FIGURES.items():
        lines.append(f"| `{name}` | {figure.words.zh} | {figure.formula.en} | {figure.formula.zh} |")
    for name, (words, formula) in TIMES.items():
        lines.append(f"| `times.{name}` | {words.zh} | {formula.en} | {formula.zh} |")
    return "\n".join(lines)


def test_the_page_has_every_figure_with_its_definition() -> None:
    assert table() in PAGE.read_text("utf-8")


if __name__ == "__main__":
    print(table())
