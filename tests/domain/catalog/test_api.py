"""The rules over HTTP: shapes, permissions, problems."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from wangge.domain.catalog.queries import forget
from wangge.domain.people.models import Unit
from wangge.kernel.access import PUBLIC_PERSON, SYSTEM, acting
from wangge.kernel.web import auth

PLACE = {"district": "440304", "street": "440304010", "community": "440304010001", "grid": "440304010001001"}


@pytest.fixture
def http(world: SimpleNamespace, admin: Any, operator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``http("sam", "GET", path, body)``: the answer to that person, known by a token that is their name."""
    people = {"sam": admin, "olga": operator}
    monkeypatch.setattr(auth, "_authenticate", lambda token, request: people.get(token))
    client = Client(raise_request_exception=False)

    def ask(who: str, method: str, path: str, body: Any = None, language: str = "en") -> Any:
        headers = {"Authorization": f"Bearer {who}", "Accept-Language": language}
        data = json.dumps(body, default=str) if body is not None else ""
        answer = client.generic(method, f"/api/v1{path}", data, "application/json", headers=headers)
        from wangge.kernel.access import SYSTEM, bind

        bind(SYSTEM)
        return answer

    return ask


def test_nobody_reads_the_rules_without_logging_in(http: Any) -> None:
    assert PUBLIC_PERSON.kind == "public"
    assert http("nobody", "GET", "/categories").status_code == 401


def test_every_change_is_refused_to_an_operator_and_reading_is_not(http: Any, code: Any) -> None:
    key, leaf = uuid4(), code("0101")
    changes = [
        ("POST", "/categories", {"id": key, "code": "0199", "name": "x", "lead_duty": "fire"}),
        ("PATCH", f"/categories/{leaf.id}", {"version": 1, "urgency": "urgent"}),
        ("POST", f"/categories/{leaf.id}/retire", {"version": 1}),
        ("POST", "/categories/table", {"text": "code,name,lead_duty\n"}),
        ("PUT", "/limits", {"urgency": "normal", "stage": "accept", "amount": 1, "unit": "work_hour"}),
        ("POST", "/limits/remove", {"category": leaf.id, "urgency": "normal", "stage": "handle"}),
        ("PUT", "/calendar/days", {"days": [{"day": "2026-03-03", "working": False}]}),
        ("POST", "/calendar/import", {"year": 2026}),
        ("PUT", "/calendar/hours", {"since": "2026-05-01", "week": ["09:00-17:00"] * 7, "make_up": "09:00-17:00"}),
        ("POST", "/routes", {"id": key, "name": "x", "unit": uuid4()}),
        ("PUT", f"/routes/{key}", {"number": 1, "name": "x", "unit": uuid4()}),
        ("POST", f"/routes/{key}/end", {"number": 1}),
        ("POST", "/routes/dry-run", {"samples": [{"category": leaf.id, "place": PLACE}]}),
    ]
    for method, path, body in changes:
        assert http("olga", method, path, body).status_code == 403, path
    reads = (
        "/categories", f"/categories/{leaf.id}", "/categories/search?q=jg", "/categories/table", "/limits", "/calendar/2026",
        f"/limits?category={leaf.id}", "/calendar/hours", "/routes", "/rules/words",
    )  # fmt: skip
    for path in reads:
        assert http("olga", "GET", path).status_code == 200, path


def test_the_catalogue_comes_with_all_a_picker_needs(http: Any) -> None:
    found = http("olga", "GET", "/categories").json()
    assert len(found["items"]) == 137
    leaf = next(c for c in found["items"] if c["code"] == "0101")
    assert (leaf["leaf"], leaf["initials"], leaf["name_en"]) == (True, "bllj", "Exposed rubbish")
    assert leaf["evidence"][0] == {"at": "report", "kind": "photo", "least": 1, "required": False}
    assert http("olga", "GET", "/categories/search?q=jgqs").json()["items"][0]["code"] == "0201"
    assert http("olga", "POST", "/categories/suggest", {"text": "路灯不亮"}).json()[0]["code"] == "0202"


def test_a_category_is_made_and_changed_and_a_stale_change_carries_the_present_state(http: Any, code: Any) -> None:
    key = uuid4()
    body = {"id": key, "code": "0199", "parent": code("01").id, "name": "宠物粪便", "lead_duty": "sanitation"}
    made = http("sam", "POST", "/categories", body)
    assert made.status_code == 201, made.content
    assert (made.json()["initials"], made.json()["version"]) == ("cwfb", 1)
    assert http("sam", "POST", "/categories", body).status_code == 201
    assert http("sam", "POST", "/categories", body | {"name": "别的"}).status_code == 422
    assert http("sam", "PATCH", f"/categories/{key}", {"version": 1, "self_resolve": True}).json()["version"] == 2
    stale = http("sam", "PATCH", f"/categories/{key}", {"version": 1, "self_resolve": False})
    assert stale.status_code == 409
    assert stale.json()["current"]["self_resolve"] is True
    assert http("sam", "POST", f"/categories/{key}/retire", {"version": 2}).json()["valid_to"]
    assert http("sam", "GET", f"/categories/{uuid4()}").status_code == 404


def test_a_channel_enters_where_its_category_says(http: Any, world: SimpleNamespace, code: Any) -> None:
    leaf = code("0101")
    with acting(SYSTEM):
        for name, area in (("福保街道中心", "440304010"), ("福田区中心", "440304")):
            Unit.objects.create(
                name=name, duty="grid_centre", area_id=area, kind="centre", created_at=datetime(2016, 1, 1, tzinfo=UTC)
            )
    forget()
    asked = {"category": leaf.id, "place": PLACE}
    before = http("olga", "POST", "/routes/explain", asked | {"channel": "hotline"}).json()["desk_name"]
    needs = [{"at": "result", "kind": "photo", "least": 2, "required": True}]
    change = {"version": 1, "entry_levels": {"hotline": "district"}, "evidence": needs}
    changed = http("sam", "PATCH", f"/categories/{leaf.id}", change)
    assert changed.json()["evidence"] == needs
    assert changed.json()["entry_levels"] == {"hotline": "district"}
    hotline = http("olga", "POST", "/routes/explain", asked | {"channel": "hotline"}).json()
    worker = http("olga", "POST", "/routes/explain", asked).json()
    assert (before, worker["desk_name"], hotline["desk_name"]) == ("福保街道中心", "福保街道中心", "福田区中心")
    table = http("sam", "GET", "/categories/table").content.decode()
    assert "street hotline:district" in table
    assert "result:photo:2!" in table
    read = http("sam", "POST", "/categories/table", {"text": table}).json()
    assert (read["added"], read["changed"], read["errors"]) == (0, 0, [])
    for levels, path in (
        ({"pigeon": "district"}, "body.entry_levels.pigeon"),
        ({"hotline": "moon"}, "body.entry_levels.hotline"),
    ):
        wrong = http("sam", "PATCH", f"/categories/{leaf.id}", {"version": 2, "entry_levels": levels})
        assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, path)


def test_limits_say_whose_they_are(http: Any, code: Any) -> None:
    leaf = code("0101")
    body = {"category": leaf.id, "urgency": "normal", "stage": "verify", "amount": 3, "unit": "work_hour"}
    found = {(x["stage"], x["urgency"]): x for x in http("sam", "PUT", "/limits", body).json()}
    assert len(found) == 15
    assert found["verify", "normal"] == body | {"category": str(leaf.id), "inherited": False}
    assert found["accept", "normal"]["inherited"]
    wrong = http("sam", "PUT", "/limits", body | {"unit": "week"}).json()
    assert wrong["errors"][0]["path"] == "body.unit"


def test_the_calendar_answers_due_with_the_days_that_rested(http: Any) -> None:
    body = {"start": "2026-02-13T16:00:00+08:00", "amount": 2, "unit": "work_day"}
    answer = http("olga", "POST", "/calendar/due", body).json()
    assert answer["due"].startswith("2026-02-24T10:00:00")
    assert answer["rests"] == [f"2026-02-{d}" for d in range(15, 24)]
    year = http("olga", "GET", "/calendar/2026").json()
    assert (year["known"], year["working_days"], len(year["days"])) == (True, 248, 39)
    for start in ("2026-02-13T16:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        refused = http("olga", "POST", "/calendar/due", body | {"start": start})
        assert refused.json()["errors"][0]["path"] == "body.start"


def test_a_rule_is_tried_made_explained_and_ended(http: Any, world: SimpleNamespace, code: Any) -> None:
    leaf, district = code("0401"), world.units.fire_district
    rule = {"name": "消防归大队", "unit": district.id, "category": code("04").id, "area": "440304"}
    sample = {"category": leaf.id, "place": PLACE}
    tried = http("sam", "POST", "/routes/dry-run", {"add": [rule], "samples": [sample] * 4}).json()
    assert (tried["total"], tried["changed"]) == (4, 4)
    assert {u["unit_name"]: (u["before"], u["after"]) for u in tried["units"]} == {
        "福保消防站": (4, 0),
        "福田消防大队": (0, 4),
    }
    assert [(m["before_name"], m["after_name"]) for m in tried["moved"]] == [("福保消防站", "福田消防大队")] * 4
    assert tried["moved"][0]["area"] == PLACE["community"] and "消防归大队" in tried["moved"][0]["why"]["en"]
    key = uuid4()
    made = http("sam", "POST", "/routes", rule | {"id": key})
    assert made.status_code == 201, made.content
    twin = http("sam", "POST", "/routes", rule | {"id": uuid4(), "name": "又一条"})
    assert twin.status_code == 422
    assert twin.json()["errors"][0]["code"] == "tie"
    why = http("olga", "POST", "/routes/explain", sample).json()
    assert (why["unit"], why["route"]) == (str(district.id), str(key))
    assert "消防归大队" in why["why"]["en"]
    changed = http("sam", "PUT", f"/routes/{key}", rule | {"number": 1, "automatic": True}).json()
    assert (changed["number"], changed["automatic"]) == (2, True)
    assert len(http("olga", "GET", f"/routes/{key}").json()["items"]) == 2
    assert http("sam", "POST", f"/routes/{key}/end", {"number": 2}).json()["valid_to"]
    assert http("olga", "GET", "/routes").json()["items"] == []
    assert http("olga", "POST", "/routes/explain", sample).json()["unit"] == str(world.units.fire_street.id)


def test_a_table_with_a_bad_row_is_told_by_line(http: Any) -> None:
    text = "code,parent,name,lead_duty\n0188,01,新类,magic\n"
    answer = http("sam", "POST", "/categories/table", {"text": text, "dry_run": False}).json()
    assert [(e["line"], e["column"]) for e in answer["errors"]] == [(2, "lead_duty")]
    good = {"text": "code,parent,name,lead_duty\n0188,01,新类,fire\n", "dry_run": False}
    assert http("sam", "POST", "/categories/table", good).json()["added"] == 1
    assert http("olga", "GET", "/categories/search?q=0188").json()["items"][0]["name"] == "新类"
