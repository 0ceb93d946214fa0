"""Exports over HTTP: headers, languages, figures, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.support.world import FUBAO, log_in
from wangge.domain.exports.columns import COLUMNS, USUAL
from wangge.domain.stats.rules import FIGURES
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.sheets import TYPES

Get = Callable[..., Any]


@pytest.fixture
def get(world: SimpleNamespace, settings: Any) -> Get:
    settings.CONFIG = replace(settings.CONFIG, demo=True)

    def ask(login: str, path: str, *, status: int = 200, language: str = "zh", **query: Any) -> Any:
        client = Client(headers={"Authorization": f"Bearer {log_in(login)}", "Accept-Language": language})
        answer = client.get(f"/api/v1/{path}", query)
        assert answer.status_code == status, b"".join(answer)
        return answer

    return ask


def lines(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def test_a_list_comes_as_a_file_with_a_name_and_the_number_of_its_rows(get: Get) -> None:
    answer = get("bob", "exports/cases", status=200, street=FUBAO, sort="due_at")
    assert answer["Content-Type"] == TYPES["csv"]
    assert "attachment; filename*=utf-8''%E6%A1%88%E4%BB%B6" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "no-store"
    told = lines(answer)
    assert told[0] == [COLUMNS[name].words.zh for name in USUAL]
    assert len(told) == int(answer["X-Rows"]) + 1
    listed = get("bob", "cases", street=FUBAO, sort="due_at", limit=100).json()["items"]
    assert [line[0] for line in told[1:]] == [row["number"] for row in listed]


def test_a_workbook_in_english_with_chosen_columns(get: Get) -> None:
    answer = get("dan", "exports/cases", language="en", format="xlsx", columns=["number", "lead", "lon"])
    assert 'filename="cases-' in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(b"".join(answer))).active
    assert [cell.value for cell in sheet[1]] == ["Number", "Lead unit", "Longitude (WGS 84)"]
    assert isinstance(sheet["C2"].value, float)


def test_the_columns_are_told(get: Get) -> None:
    told = get("bob", "exports/columns").json()["items"]
    assert [c["name"] for c in told] == list(COLUMNS)
    assert told[0] == {"name": "number", "words": {"zh": "案件编号", "en": "Number"}, "usual": True}


def test_a_table_of_figures_as_a_file_is_the_table(get: Get) -> None:
    given = {"from": "2020-01-01", "to": "2030-12-31", "by": "channel", "times": "true"}
    shown = get("bob", "stats/table", **given).json()["items"]
    told = lines(get("bob", "exports/stats", **given))
    assert told[0][:2] == ["来源渠道", "上报"] and told[0][-1] == "办理总时长 P90（分钟）"
    assert [line[0] for line in told[1:]] == [item["name"]["zh"] for item in shown]
    for line, item in zip(told[1:], shown, strict=True):
        assert len(line) == len(told[0]) == 1 + len(FIGURES) + 6
        assert line[1 : 1 + len(FIGURES)] == ["" if v is None else str(v) for v in item["figures"].values()]
    with acting(SYSTEM):
        entry = rows.one(
            "SELECT body ->> 'rows' AS n, body ->> 'by' AS by FROM ledger_entry WHERE tag = 'exports.stats'"
        )
    assert entry == {"n": str(len(shown)), "by": "channel"}


def test_who_sees_aggregates_alone_gets_no_more_in_a_file(get: Get) -> None:
    given = {"from": "2020-01-01", "to": "2030-12-31", "by": "community"}
    shown = get("ana", "stats/table", **given).json()["items"]
    assert any(item["suppressed"] for item in shown)
    for line, item in zip(lines(get("ana", "exports/stats", **given))[1:], shown, strict=True):
        assert line[1:] == ["" if v is None else str(v) for v in item["figures"].values()]


def test_what_is_refused_is_a_problem_and_no_file(get: Get) -> None:
    problem = get("bob", "exports/cases", status=422, columns="phone").json()
    assert problem["errors"][0]["path"] == "query.columns"
    assert get("bob", "exports/search", status=422).json()["errors"][0]["path"] == "query.q"
    assert get("bob", "exports/cases", status=422, format="pdf").json()["errors"][0]["path"] == "query.format"
    get("alice", "exports/cases", status=403)
    get("ana", "exports/cases", status=403)
    get("ana", "exports/stats", status=403, by="person")
