"""The web door: problems in the asker's language, keyset cursors, one-statement writes, words."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, create_model, model_validator

from wangge.kernel.access import Permission, Principal
from wangge.kernel.db.statement import Statement
from wangge.kernel.ids import body_hash, uuid7
from wangge.kernel.problems import Conflict, FieldError, Forbidden, Invalid
from wangge.kernel.web import paging
from wangge.kernel.web.api import SIGNED_IN, JsonParser, Router, build, check_names, check_permissions
from wangge.kernel.web.schemas import Input, Moment
from wangge.kernel.words import Words, choose_language


class Unheard(Permission):
    OF = "test.unheard"


class Span(Input):
    start: int
    end: int

    @model_validator(mode="after")
    def ordered(self) -> Span:
        if self.end <= self.start:
            raise ValueError(Words("结束时间应晚于开始时间。", "The end must come after the start."))
        return self


class SpansIn(Input):
    spans: list[Span]
    by_name: dict[Literal["day", "night"], int] = {}


def test_a_problem_speaks_the_language_that_was_asked_for() -> None:
    problem = Invalid.fields(FieldError("body.name", "missing", Words("请填写名称。", "The name is required.")))
    assert problem.as_json("zh")["detail"] == "请填写名称。"
    assert problem.as_json("en")["errors"] == [
        {"path": "body.name", "code": "missing", "message": "The name is required."}
    ]
    assert problem.as_json("en")["type"] == "urn:wangge:problem:invalid"


def test_many_field_errors_are_summed_up_and_all_listed() -> None:
    errors = [FieldError(f"body.f{n}", "missing", Words(f"缺 {n}。", f"Missing {n}.")) for n in range(5)]
    body = Invalid.fields(*errors).as_json("zh")
    assert body["detail"] == "缺 0；缺 1；缺 2；另有 2 处。"
    assert len(body["errors"]) == 5


def test_a_conflict_carries_the_present_state() -> None:
    body = Conflict(Words("已变化", "changed"), extra={"current": {"version": 3}}).as_json("en")
    assert (body["status"], body["current"]) == (409, {"version": 3})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,en;q=0.8", "zh"),
        ("fr, en;q=0.4, zh;q=0.6", "zh"),
        ("de", "zh"),
        ("en;q=x", "zh"),
    ],
)
def test_the_language_is_the_best_of_the_header(header: str | None, language: str) -> None:
    assert choose_language(header) == language


moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.uuids())
def test_a_cursor_comes_back_as_it_went(moment: datetime, key: UUID) -> None:
    assert paging.decode(paging.encode([moment, key]), kinds=(datetime, UUID)) == [moment, key]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "W10",
        "WzFd",
        "bm90IGpzb24",
        "中文",
        paging.encode(["2026-11-20T00:00:00", UUID(int=1)]),
        paging.encode([1, 2, 3]),
    ],
)
def test_a_foreign_cursor_is_an_error_that_says_what_to_do(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        paging.decode(cursor, kinds=(datetime, UUID))
    assert refused.value.errors[0].path == "query.after"


def test_a_moment_comes_in_utc_whatever_zone_it_names() -> None:
    given = "2026-11-20T08:00:00+22:44"  # ISO 8601 allows it, PostgreSQL does not
    cursor = urlsafe_b64encode(json.dumps([given]).encode()).decode().rstrip("=")
    for moment in (TypeAdapter(Moment).validate_python(given), paging.decode(cursor, kinds=(datetime,))[0]):
        assert (moment.isoformat(), moment.tzinfo) == ("2026-11-19T09:16:00+00:00", UTC)


def test_the_extra_row_of_a_page_tells_that_there_is_more_and_is_not_shown() -> None:
    rows = [{"at": datetime(2026, 1, n, tzinfo=UTC), "id": uuid7()} for n in (1, 2, 3)]
    page = paging.page(rows, 2, keys=("at", "id"))
    assert len(page["items"]) == 2
    assert paging.decode(page["next"], kinds=(datetime, UUID)) == [rows[1]["at"], rows[1]["id"]]
    assert paging.page(rows, 3, keys=("at", "id"))["next"] is None


@pytest.mark.django_db
def test_the_parts_of_a_statement_have_their_parameters_to_themselves() -> None:
    s = Statement()
    s.cte("a", "SELECT %(x)s::int AS n", x=1)
    s.cte("b", "SELECT n + %(x)s::int AS n FROM a", x=10)
    assert s.fetch("SELECT n + %(x)s::int AS n FROM b", x=100) == {"n": 111}
    with pytest.raises(KeyError, match="y"):
        s.cte("c", "SELECT %(y)s")
    with pytest.raises(ValueError, match="already"):
        s.cte("a", "SELECT 1")


def test_a_route_with_a_permission_that_nobody_holds_stops_the_start() -> None:
    api, router = build(title="t", version="1", description="d"), Router(tags=["t"])

    @router.get("/a", permission=Unheard.OF)
    def a(request: object) -> None: ...

    api.add_router("", router.inner)
    with pytest.raises(ImproperlyConfigured, match=r"test\.unheard"):
        check_permissions(api)


def test_a_route_without_a_permission_stops_the_start() -> None:
    api, router = build(title="t", version="1", description="d"), Router(tags=["t"])

    @router.inner.get("/b")
    def b(request: object) -> None: ...

    api.add_router("", router.inner)
    with pytest.raises(ImproperlyConfigured, match="declares no permission"):
        check_permissions(api)


def test_a_route_for_the_signed_in_is_fine() -> None:
    api, router = build(title="t", version="1", description="d"), Router(tags=["t"])

    @router.get("/c", permission=SIGNED_IN)
    def c(request: object) -> None: ...

    api.add_router("", router.inner)
    check_permissions(api)


def test_two_schemas_of_one_name_stop_the_start() -> None:
    class Ours(Input): ...

    class Theirs(Ours): ...

    for made, module in ((Ours, "wangge.here"), (Theirs, "wangge.there")):
        made.__name__, made.__module__ = "ThingIn", module
    with pytest.raises(ImproperlyConfigured, match="ThingIn"):
        check_names(Ours)


def test_two_enums_of_one_name_stop_the_start() -> None:
    kinds = [StrEnum("Level", {"LOW": "low"}, module=module) for module in ("wangge.here", "wangge.there")]
    one = create_model("OneIn", __base__=Input, level=(kinds[0] | None, None))
    create_model("TwoIn", __base__=one, levels=(list[kinds[1]], []))  # type: ignore[valid-type]
    with pytest.raises(ImproperlyConfigured, match="Level"):
        check_names(one)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (r'{"a": [{"b": "x\u0000"}]}', "body.a[0].b"),
        (r'{"a": {"\u0000": 1}}', "body.a"),
        (r'{"a": "\ud83d"}', "body.a"),
        ('{"a": {"b": [1, NaN]}}', "body.a.b[1]"),
        ('{"a": -Infinity}', "body.a"),
        ('{"a": ', "body"),
        ("[" * 100_000, "body"),
    ],
)
def test_what_no_column_can_hold_is_refused_with_the_name_of_the_field(body: str, path: str) -> None:
    request = RequestFactory().post("/", body, content_type="application/json")
    with pytest.raises(Invalid) as refused:
        JsonParser().parse_body(request)
    assert [e.path for e in refused.value.errors] == [path]


def test_a_query_with_u0000_is_refused_with_its_name() -> None:
    request = RequestFactory().get("/?search=a%00b&level=city")
    with pytest.raises(Invalid) as refused:
        JsonParser().parse_querydict(request.GET, [], request)
    assert refused.value.errors[0].path == "query.search"


@pytest.mark.parametrize(
    ("language", "message"), [("zh", "结束时间应晚于开始时间。"), ("en", "The end must come after the start.")]
)
def test_a_validator_of_ours_speaks_the_language_of_who_asks(language: str, message: str) -> None:
    api = build(title="t", version="1", description="d")
    body = {"spans": [{"start": 1, "end": 2}, {"start": 2, "end": 1}], "by_name": {"noon": 1}}
    request = RequestFactory().post("/", body, content_type="application/json", headers={"Accept-Language": language})

    @api.post("/spans", auth=None)
    def take(request: object, payload: SpansIn) -> None: ...

    operation = api.default_router.path_operations["/spans"].operations[0]
    operation.api = api
    problem = json.loads(operation.run(request).content)
    found = {e["path"]: e for e in problem["errors"]}
    assert found["body.spans[1]"]["message"] == message
    assert set(found) == {"body.spans[1]", "body.by_name.noon"}


def test_who_lacks_a_permission_is_told_which_posts_have_it() -> None:
    from wangge.domain.cases.tags import CasePermission

    with pytest.raises(Forbidden) as refused:
        Principal(kind="user", id=uuid4(), name="Alice").require(CasePermission.CLOSE)
    assert "中心坐席" in refused.value.detail.zh


@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), InterfaceError("connection is closed")]
)
def test_a_database_that_is_away_is_no_defect_and_worth_another_try(error: Exception) -> None:
    answer = build(title="t", version="1", description="d").on_exception(RequestFactory().get("/"), error)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


def test_keys_made_later_sort_later() -> None:
    keys = [uuid7() for _ in range(1000)]
    assert keys == sorted(keys)
    assert all(k.version == 7 for k in keys)


def test_the_hash_of_a_body_does_not_depend_on_the_order_of_its_members() -> None:
    assert body_hash({"a": 1, "b": "中"}) == body_hash({"b": "中", "a": 1})
    assert body_hash({"a": 1}) != body_hash({"a": "1"})


@pytest.mark.django_db
def test_an_address_with_nothing_behind_it_is_a_problem_for_programs_and_a_page_for_people() -> None:
    answer = Client(headers={"Accept-Language": "en"}).get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "There is nothing at this address."
    page = Client().get("/nothing")
    assert page.status_code == 404
    assert "没有这个页面" in page.content.decode()
