"""A file of cases is the list: its rows, of one moment, as far as the person sees, and on record."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import orjson
import psycopg
import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.exports.conftest import CHANNELS, exporting, lines_of, report, taken
from tests.support.wait import until
from tests.support.world import FUBAO, HAISHAN, NANYUAN
from wangge.domain.cases import queries as cases
from wangge.domain.cases.queries import SORTS, Filter
from wangge.domain.exports import actions
from wangge.domain.exports.actions import export_cases
from wangge.domain.exports.columns import COLUMNS, WITHHELD
from wangge.domain.exports.queries import Asked
from wangge.domain.search import actions as searching
from wangge.domain.search import queries as search
from wangge.kernel.access import SYSTEM, acting, bind, snapshot
from wangge.kernel.access.snapshot import opened
from wangge.kernel.db import rows
from wangge.kernel.ledger import describe
from wangge.kernel.problems import Forbidden, Invalid, TooMany
from wangge.kernel.sheets import BROKEN_OFF

NUMBER = ("number",)
some = lambda *values: st.lists(st.sampled_from(values), max_size=2, unique=True)
filters = st.builds(
    Filter,
    status=some("reported", "accepted", "closed", "rejected"),
    street=st.none() | st.sampled_from([FUBAO, NANYUAN, HAISHAN]),
    community=st.none() | st.just(FUBAO + "001"),
    channel=some(*CHANNELS),
    overdue=st.none() | st.booleans(),
    returned=st.none() | st.booleans(),
    reopened=st.none() | st.booleans(),
    confidential=st.none() | st.booleans(),
    tag=st.none() | st.just("重点"),
    box=st.none() | st.just((114.0, 22.5, 114.025, 22.51)),
)


def pages(by: Any, filter: Filter, sort: str) -> Iterator[str]:
    after = None
    while True:
        page = cases.queue(by=by, filter=filter, sort=sort, after=after, limit=7)
        yield from (row["number"] for row in page["items"])
        if (after := page["next"]) is None:
            return


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters, st.sampled_from(sorted(SORTS)), st.sampled_from(["bob", "cora", "dan", "leo", "lea", "wally", "charlie"])
)
def test_a_file_has_exactly_the_rows_of_the_list(world: SimpleNamespace, filter: Filter, sort: str, login: str) -> None:
    by = world.as_(login)
    bind(by)
    listed = list(pages(by, filter, sort))
    assert [line[0] for line in taken(world, login, Asked(filter, sort, columns=NUMBER))[1:]] == listed
    assert [line[0] for line in taken(world, login, Asked(filter, sort, columns=NUMBER), "xlsx")[1:]] == listed


def test_a_file_of_a_search_has_exactly_what_the_search_finds(world: SimpleNamespace) -> None:
    with acting(SYSTEM):
        searching.mend()
    by = world.as_("dan")
    bind(by)
    found, after = [], None
    while after is not None or not found:
        page = search.search(by=by, q="垃圾 件", filter=Filter(), sort="-reported_at", after=after, limit=9)
        found += [row["number"] for row in page["items"]]
        if (after := page["next"]) is None:
            break
    assert len(found) > 20
    assert [line[0] for line in taken(world, "dan", Asked(Filter(), q="垃圾 件", columns=NUMBER))[1:]] == found


def test_a_file_shows_one_moment_whatever_happens_while_it_is_made(world: SimpleNamespace) -> None:
    by = world.as_("bob")
    bind(by)
    made = export_cases(by=by, asked=Asked(Filter(), columns=("number", "returns")), form="csv", language="zh")
    report(world, "后来的")
    with psycopg.connect(world.owner) as owner:
        owner.execute("UPDATE cases_case SET returns = 9")
    lines = lines_of(made, "csv")
    assert len(lines) == made.rows + 1
    assert "9" not in {line[1] for line in lines}
    assert len(taken(world, "bob", Asked(Filter(), columns=NUMBER))) == made.rows + 2


def test_headings_and_values_are_in_the_readers_language(world: SimpleNamespace) -> None:
    chosen = ("number", "status", "category", "street", "reported_at", "confidential")
    zh, en = (taken(world, "bob", Asked(Filter(), columns=chosen), language=of) for of in ("zh", "en"))
    assert zh[0] == ["案件编号", "状态", "类别", "街道", "上报时间", "反映人保密"]
    assert en[0] == ["Number", "Status", "Category", "Street", "Reported at", "Confidential"]
    assert {line[1] for line in zh[1:]} <= {"待受理", "待派遣", "已结案", "不予受理"}
    assert {line[1] for line in en[1:]} <= {"Reported", "Accepted", "Closed", "Rejected"}
    assert zh[1][2] != en[1][2]
    with acting(SYSTEM):
        local = rows.value(
            "SELECT to_char(reported_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS') FROM cases_case WHERE number = %(n)s",
            {"n": zh[1][0]},
        )
    assert zh[1][4] == local


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_column_tells_who_reported(world: SimpleNamespace, form: str, language: str) -> None:
    lines = taken(world, "bob", Asked(Filter(), columns=tuple(COLUMNS)), form, language)
    assert len(lines[0]) == len(COLUMNS)
    everything = "\n".join(str(cell) for line in lines for cell in line)
    assert "欧阳" not in everything and "1380000" not in everything


def test_the_words_of_a_confidential_case_are_left_out(world: SimpleNamespace) -> None:
    lines = taken(world, "bob", Asked(Filter(), columns=("confidential", "text", "result")))[1:]
    assert {line[1] for line in lines if line[0] == "是"} == {WITHHELD.zh}
    assert all("垃圾" in line[1] or line[1] == "后来的" for line in lines if line[0] == "否")
    assert {line[2] for line in lines} == {""}  # nothing to withhold


def test_every_export_is_on_record_before_its_first_byte(world: SimpleNamespace) -> None:
    by = world.as_("bob")
    bind(by)
    asked = Asked(Filter(street=FUBAO, status=["closed"], box=(114.0, 22.5, 114.1, 22.6)), q="垃圾", columns=NUMBER)
    made = export_cases(by=by, asked=asked, form="xlsx", language="zh")
    with acting(SYSTEM):
        entry = rows.one("SELECT * FROM ledger_entry WHERE tag = 'exports.cases' ORDER BY pos DESC LIMIT 1")
    made.pieces.close()
    assert entry is not None
    assert (entry["actor"], orjson.loads(entry["body"])) == (
        by.id,
        {
            "format": "xlsx",
            "rows": made.rows,
            "columns": ["number"],
            "sort": "-reported_at",
            "filter": {"street": FUBAO, "status": ["closed"], "box": ["114.0", "22.5", "114.1", "22.6"]},
        },
    )
    assert entry["commitment"] is not None  # the words that were looked for lie beside it, and can be erased
    assert "行" in describe(entry["tag"]).zh


def test_a_person_has_one_export_at_a_time_and_a_process_two(world: SimpleNamespace) -> None:
    def begin(login: str) -> Any:
        by = world.as_(login)
        bind(by)
        made = export_cases(by=by, asked=Asked(Filter()), form="csv", language="zh")
        next(made.pieces)
        return made.pieces

    first = begin("bob")
    with pytest.raises(TooMany):
        begin("bob")
    second = begin("cora")
    with pytest.raises(TooMany):
        begin("dan")
    first.close()
    begin("dan").close()
    second.close()


def test_an_export_that_is_cut_off_gives_everything_back(world: SimpleNamespace) -> None:
    by = world.as_("bob")
    bind(by)
    for end in ("close", "forget", "fail"):
        made = export_cases(by=by, asked=Asked(Filter()), form="csv", language="zh")
        assert exporting() == 1
        match end:
            case "close":
                made.pieces.close()
            case "fail":
                with psycopg.connect(world.owner) as owner:
                    owner.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
                    )
                with pytest.raises(Exception, match=r"terminat|closed"):
                    list(made.pieces)
        del made
        until(lambda: exporting() == 0)
    assert actions._slots._value == actions.AT_ONCE


def test_who_takes_nothing_loses_the_snapshot_and_is_told_that_the_file_is_incomplete(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "IDLE", "50ms")
    by = world.as_("bob")
    bind(by)
    made = export_cases(by=by, asked=Asked(Filter()), form="csv", language="zh")
    until(lambda: exporting() == 0)
    got = b""
    with pytest.raises(DatabaseError):
        for piece in made.pieces:
            got += piece
    assert got.decode().splitlines()[-1] == BROKEN_OFF.zh


def test_what_is_wrong_is_said_before_the_first_byte(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    by = world.as_("bob")
    bind(by)
    for asked, path in (
        (Asked(Filter(), columns=("reporter",)), "query.columns"),
        (Asked(Filter(), sort="number"), "query.sort"),
        (Asked(Filter(), q="！"), "query.q"),
    ):
        with pytest.raises(Invalid) as found:
            export_cases(by=by, asked=asked, form="csv", language="zh")
        assert found.value.errors[0].path == path
    monkeypatch.setattr(actions, "MOST_XLSX", 3)
    with pytest.raises(Invalid) as found:
        export_cases(by=by, asked=Asked(Filter()), form="xlsx", language="zh")
    assert found.value.errors[0].path == "query.format"
    for login in ("alice", "hank", "ana", "audrey"):
        with pytest.raises(Forbidden):
            export_cases(by=world.as_(login), asked=Asked(Filter()), form="csv", language="zh")
    until(lambda: exporting() == 0)


def test_the_second_lock_holds_in_a_snapshot(world: SimpleNamespace) -> None:
    for login, streets in (("cora", {NANYUAN}), ("audrey", set()), ("charlie", {HAISHAN})):
        with opened(world.as_(login)) as seen:
            assert {street for (street,) in seen.stream("SELECT street FROM cases_case")} == streets
            with pytest.raises(Exception, match="read-only"):
                seen.value("DELETE FROM cases_case")


def test_memory_does_not_grow_with_the_list(world: SimpleNamespace) -> None:
    by = world.as_("charlie")
    bind(by)

    def peak(form: Any, count: int) -> int:
        made = export_cases(
            by=by, asked=Asked(Filter(), columns=("number", "title", "reported_at")), form=form, language="zh"
        )
        assert made.rows >= count
        tracemalloc.start()
        for _ in made.pieces:
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    fill(world, 2_500)
    few = {form: peak(form, 2_500) for form in ("csv", "xlsx")}
    fill(world, 6_000)
    for form, before in few.items():
        assert peak(form, 6_000) < before * 1.3 < 8 * 1024 * 1024


def fill(world: SimpleNamespace, count: int) -> None:
    """So many cases in Haishan: copies of one."""
    with psycopg.connect(world.owner) as owner:
        owner.execute("DELETE FROM cases_case WHERE number LIKE 'x%'")
        owner.execute(
            """INSERT INTO cases_case SELECT made.* FROM (SELECT * FROM cases_case WHERE street = %(street)s LIMIT 1) c,
                   generate_series(1, %(count)s) n, jsonb_populate_record(NULL::cases_case, to_jsonb(c) || jsonb_build_object('id',
                   gen_random_uuid(), 'number', 'x' || n, 'reported_at', c.reported_at - n * interval '1 minute')) made""",
            {"street": HAISHAN, "count": count},
        )
