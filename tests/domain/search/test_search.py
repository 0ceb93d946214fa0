"""Bob finds the cases of Fubao by their words; Charlie of Haishan finds none of them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.domain.search.conftest import indexed, relayed, report
from tests.support.statements import Statements
from tests.support.world import FUBAO, HAISHAN
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Reporter
from wangge.domain.cases.actions.ladder import climb
from wangge.domain.cases.queries import Filter
from wangge.domain.search import actions as documents
from wangge.domain.search import queries
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Forbidden, Invalid

ANYTHING = Filter()


def found(
    world: SimpleNamespace, q: str, *, by: str = "bob", filter: Filter = ANYTHING, sort: str = "-reported_at"
) -> list[str]:
    person = world.as_(by)
    bind(person)
    return [row["text"] for row in queries.search(by=person, q=q, filter=filter, sort=sort)["items"]]


@pytest.fixture(params=["from the index", "walking the queue"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to an answer must answer alike: with ``FEW`` none every word that is there counts as common."""
    if request.param == "walking the queue":
        monkeypatch.setattr(queries, "FEW", 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ("垃圾", ["益田路边有垃圾"]),
        ("灯", ["路灯坏了，编号ＢＸ１２３４"]),
        ("路", ["路灯坏了，编号ＢＸ１２３４", "益田路边有垃圾"]),
        ("路灯 坏", ["路灯坏了，编号ＢＸ１２３４"]),
        ("路灯 垃圾", []),
        ("bx123", ["路灯坏了，编号ＢＸ１２３４"]),
        ("Ｘ1２", ["路灯坏了，编号ＢＸ１２３４"]),
        ("圾垃", []),
        ("坏了，编号", ["路灯坏了，编号ＢＸ１２３４"]),
        ("坏了编号", []),
        ("福保社区", ["路灯坏了，编号ＢＸ１２３４", "益田路边有垃圾"]),
        ("福保社区 垃圾", ["益田路边有垃圾"]),
        ("100%", []),
    ],
)
def test_words_find_what_holds_them(world: SimpleNamespace, q: str, hits: list[str]) -> None:
    report(world, "益田路边有垃圾")
    report(world, "路灯坏了，编号ＢＸ１２３４")
    indexed()
    assert found(world, q) == hits


@pytest.mark.usefixtures("way")
def test_nobody_finds_what_is_outside_their_scope(world: SimpleNamespace) -> None:
    report(world, "井盖丢失")
    report(world, "井盖松动", by="charlie", grid=HAISHAN + "001001")
    indexed()
    assert found(world, "井盖", by="bob") == ["井盖丢失"]
    assert found(world, "井盖", by="charlie") == ["井盖松动"]
    assert found(world, "井盖", by="hank") == []
    with pytest.raises(Forbidden):
        found(world, "井盖", by="sam")


@pytest.mark.usefixtures("way")
def test_a_unit_finds_a_case_when_it_gets_it(world: SimpleNamespace) -> None:
    bob, case = world.as_("bob"), report(world, "绿化带积水")
    bind(bob)
    case = actions.accept(by=bob, case=case["id"], version=case["version"])
    actions.dispatch(by=bob, case=case["id"], version=case["version"])
    indexed()
    assert found(world, "积水", by="hank") == ["绿化带积水"]


@pytest.mark.usefixtures("way")
def test_the_filter_of_the_queue_holds(world: SimpleNamespace) -> None:
    report(world, "积水一处")
    report(world, "积水两处", grid=FUBAO + "002001")
    indexed()
    assert found(world, "积水", filter=Filter(community=FUBAO + "002")) == ["积水两处"]
    assert found(world, "积水", filter=Filter(status=("closed",))) == []


@pytest.mark.usefixtures("way")
def test_where_a_case_stands_and_its_channel_narrow_the_search(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    ended, taken, new = (report(world, f"积水{where}") for where in ("在东", "在南", "在西"))
    bind(bob)
    actions.reject(by=bob, case=ended["id"], version=ended["version"], note="不归我们管")
    actions.accept(by=bob, case=taken["id"], version=taken["version"])
    indexed()
    for statuses, texts in {
        ("rejected",): ["积水在东"],
        ("accepted",): ["积水在南"],
        ("reported", "accepted"): ["积水在西", "积水在南"],
        ("rejected", "reported"): ["积水在西", "积水在东"],
        ("archived", "merged"): [],
    }.items():
        assert found(world, "积水", filter=Filter(status=statuses)) == texts
    assert found(world, "积水", filter=Filter(channel=(new["channel"], "hotline"))) == [
        "积水在西",
        "积水在南",
        "积水在东",
    ]
    assert found(world, "积水", filter=Filter(channel=("hotline",))) == []


def test_a_document_is_written_anew_when_the_case_ends_and_not_at_each_act(world: SimpleNamespace) -> None:
    """What the index must take in costs far more than the row."""
    bob, case, seen = world.as_("bob"), report(world, "积水"), []
    bind(bob)
    for act, further in (
        (None, {}),
        (actions.accept, {}),
        (actions.void, {"note": "不归我们管"}),
    ):
        if act:
            case = act(by=bob, case=case["id"], version=case["version"], **further)
        indexed()
        with acting(SYSTEM):
            seen.append(rows.value("SELECT grams::text FROM search_document"))
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.usefixtures("way")
def test_a_case_is_found_by_its_number_whole_and_in_part(world: SimpleNamespace) -> None:
    case = report(world, "有编号的")
    report(world, "另一件")
    indexed()
    number = case["number"]
    assert found(world, number) == found(world, number[9:]) == ["有编号的"]
    assert set(found(world, number[:17])) == {"有编号的", "另一件"}
    assert set(found(world, number[9:17])) == {"有编号的", "另一件"}


@pytest.mark.usefixtures("way")
def test_pages_follow_each_other_without_gap_or_repeat(world: SimpleNamespace) -> None:
    for n in range(7):
        report(world, f"噪音扰民第{n}次", title="噪音" if n % 2 else "")
    indexed()
    bob = world.as_("bob")
    bind(bob)
    for sort in queries.SORTS:
        whole = [r["id"] for r in queries.search(by=bob, q="噪音", filter=ANYTHING, sort=sort)["items"]]
        pages, after = [], None
        while True:
            page = queries.search(by=bob, q="噪音", filter=ANYTHING, sort=sort, after=after, limit=3)
            pages += [r["id"] for r in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert pages == whole
        assert len(set(whole)) == 7


@pytest.mark.usefixtures("way")
def test_a_word_in_the_title_ranks_above_one_in_the_text(world: SimpleNamespace) -> None:
    report(world, "占道经营严重", title="占道")
    report(world, "有人占道", title="别的")
    indexed()
    assert found(world, "占道", sort="rank") == ["占道经营严重", "有人占道"]
    assert found(world, "占道") == ["有人占道", "占道经营严重"]


def test_hits_are_marked_and_nothing_is_markup(world: SimpleNamespace) -> None:
    report(world, "<b>垃圾</b>成堆", title="环境")
    indexed()
    bob = world.as_("bob")
    bind(bob)
    [row] = queries.search(by=bob, q="垃圾", filter=ANYTHING)["items"]
    assert row["highlights"] == [
        {
            "field": "text",
            "segments": [
                {"text": "<b>", "hit": False},
                {"text": "垃圾", "hit": True},
                {"text": "</b>成堆", "hit": False},
            ],
        }
    ]


def test_the_reporters_name_and_phone_are_not_found_and_not_in_the_index(world: SimpleNamespace) -> None:
    report(world, "楼道堆物", reporter=Reporter(name="欧阳示范", phone="13800001111"))
    indexed()
    assert found(world, "欧阳") == found(world, "13800001111") == []
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM search_document WHERE grams @@ '''欧阳'' | ''138'''::tsquery") == 0


def test_a_search_takes_two_statements_however_much_it_finds(world: SimpleNamespace) -> None:
    bob = world.as_("bob")
    for count in (1, 9):
        for n in range(count):
            report(world, f"飞线充电 {n}")
        indexed()
        bind(bob)
        with Statements() as said:
            queries.search(by=bob, q="飞线", filter=ANYTHING)
        assert len(said) == 2


@pytest.mark.parametrize("q", ["", "  ", "！！", "一 二 三 四 五 六 七 八 九"])
def test_what_cannot_be_looked_for_is_refused_with_a_reason(world: SimpleNamespace, q: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(world, q)
    assert refused.value.errors[0].path == "query.q"


def test_an_older_case_never_overwrites_a_newer_document(world: SimpleNamespace) -> None:
    case = report(world, "初稿")
    with acting(SYSTEM):
        documents.mend()
        rows.run("UPDATE search_document SET version = 99")
        documents.index({case["id"]})
        assert rows.value("SELECT version FROM search_document") == 99


def test_the_relay_indexes_all_that_happens_and_the_check_finds_nothing_left(real_world: SimpleNamespace) -> None:
    case = report(real_world, "消防通道被占")
    relayed()
    with clock.at(case["due_at"] + timedelta(days=30)):
        while climb():  # at the end another centre holds it
            relayed()
    with acting(SYSTEM):
        assert documents.mend() == 0
        case = rows.one("SELECT id, version FROM cases_case") or {}
    assert found(real_world, "消防通道") == ["消防通道被占"]
    dan = real_world.as_("dan")
    bind(dan)
    actions.accept(by=dan, case=case["id"], version=case["version"])
    relayed()
    with acting(SYSTEM):
        assert documents.mend() == 0
        rows.run(
            """INSERT INTO search_document SELECT '440304', %(id)s::uuid, 1, now(), '''消防'''::tsvector""",
            {"id": uuid7()},
        )
        assert documents.rebuild() == 1
        assert rows.value("SELECT count(*) FROM search_document") == 1
