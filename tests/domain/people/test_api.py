"""Over HTTP: the whole log-in, who may what, the public card, tokens, the workbook."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import openpyxl
import pyotp
import pytest
from django.test import Client

from tests.domain.people.conftest import GRIDS, PASSWORD, START
from wangge.domain.people.models import Post, Session, Token, Unit, User
from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

NOW = START + timedelta(days=10)


class Browser:
    """A person's browser: keeps the cookie, speaks English."""

    def __init__(self, login: str | None = None, *, factor: bool = True) -> None:
        self.client = Client()
        self.secret: str | None = None
        if login:
            answer = self.post("/session", {"login": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.content
            if factor and answer.json()["pending"] == "second_factor_setup":
                self.secret = self.post("/me/second-factor", {"password": PASSWORD}).json()["secret"]
                self.post("/me/second-factor/confirm", {"code": pyotp.TOTP(self.secret).at(clock.now())})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = {} if body is None else {"data": json.dumps(body, default=str), "content_type": "application/json"}
        given = {"Accept-Language": "en"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.generic(method, "/api/v1" + path, **data, headers=given)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)


@pytest.fixture(autouse=True)
def fixed(people):
    with clock.at(NOW):
        yield


def test_an_operator_logs_in_sets_up_the_factor_and_only_then_may_work(people) -> None:
    bob = Browser("bob", factor=False)
    cookie = bob.client.cookies["wangge_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert bob.get("/session").json()["pending"] == "second_factor_setup"
    assert bob.get("/session").json()["permissions"] == []
    refused = bob.get("/units")
    assert (refused.status_code, refused.json()["pending"]) == (403, "second_factor_setup")
    secret = bob.post("/me/second-factor", {"password": PASSWORD}).json()["secret"]
    codes = bob.post("/me/second-factor/confirm", {"code": pyotp.TOTP(secret).at(NOW)}).json()["recovery_codes"]
    assert len(codes) == 10
    me = bob.get("/session").json()
    assert (me["pending"], me["scope"]["streets"], me["roles"]) == (None, ["440304010"], ["operator"])
    assert bob.get("/units").status_code == 200
    again = Browser("bob", factor=False)
    assert again.get("/units").status_code == 403
    with clock.at(NOW + timedelta(seconds=60)):
        shown = again.post("/session/second-factor", {"code": pyotp.TOTP(secret).at(NOW + timedelta(seconds=60))})
        assert (shown.status_code, shown.json()["pending"]) == (200, None)
    assert bob.send("DELETE", "/session").status_code == 200
    assert bob.get("/session").status_code == 401


def test_a_locked_log_in_answers_429_with_when_to_try_again(people) -> None:
    somebody = Browser()
    for _ in range(5):
        assert somebody.post("/session", {"login": "alice", "password": "wrong"}).status_code == 401
    refused = somebody.post("/session", {"login": "alice", "password": PASSWORD})
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert "Try again in 1 minute." in refused.json()["detail"]


def test_a_page_of_another_site_can_neither_log_in_nor_act(people) -> None:
    assert (
        Browser().post("/session", {"login": "alice", "password": PASSWORD}, Sec_Fetch_Site="cross-site").status_code
        == 403
    )
    alice = Browser("alice")
    assert alice.send("DELETE", "/sessions", Sec_Fetch_Site="cross-site").status_code == 403


def test_a_client_without_cookies_gets_a_bearer_token(people) -> None:
    opened = Browser().post("/session", {"login": "alice", "password": PASSWORD, "as_token": True})
    assert "wangge_session" not in opened.cookies
    token = opened.json()["token"]
    assert Browser().get("/session", Authorization=f"Bearer {token}").json()["login"] == "alice"


def test_charlie_cannot_end_alices_session(people) -> None:
    alice, charlie = Browser("alice"), Browser("charlie")
    session = Session.objects.get(user_id=people.alice).id
    assert charlie.send("DELETE", f"/sessions/{session}").status_code == 404
    assert alice.get("/session").status_code == 200
    assert [s["current"] for s in alice.get("/sessions").json()] == [True]


def test_a_right_taken_away_is_gone_at_the_next_request(people) -> None:
    dora, secu = Browser("dora"), Browser("secu")
    assert dora.get("/units").status_code == 200
    ended = secu.post(f"/posts/{people.posts['dora']}/end", {"version": 1})
    assert ended.status_code == 200, ended.content
    assert dora.get("/units").status_code == 403
    assert secu.post(f"/users/{people.dora}/deactivate", {"version": 1}).status_code == 200
    assert dora.get("/session").status_code == 401


def test_the_public_card_shows_the_grid_its_people_and_where_to_complain_and_no_more(people) -> None:
    import shapely

    from wangge.domain.places.models import Grid, GridVersion

    square = shapely.box(114.05, 22.51, 114.06, 22.52)
    GridVersion.objects.create(
        grid=Grid.objects.get(code=GRIDS[0]),
        valid_from=START,
        geometry=shapely.to_wkb(square),
        west=114.05,
        south=22.51,
        east=114.06,
        north=22.52,
        centre_lon=114.055,
        centre_lat=22.515,
        area_m2=1.0,
        reason="import",
    )
    Post.objects.create(
        user_id=people.eve,
        role="patroller",
        title="巡查员",
        grid_id=GRIDS[0],
        starts=START,
        phone="0755-hidden",
        created_at=START,
    )
    card = Browser().get(f"/public/grids/{GRIDS[0]}/card").json()
    assert card["staff"] == [
        {"title": "网格员", "title_en": "Grid worker", "name": "艾丽", "phone": "0755-83910001", "deputy": None}
    ]
    assert card["supervision_phone"] == "0755-12345"
    assert card["border"]["type"] == "Polygon"
    Grid.objects.filter(code=GRIDS[1]).update(retired_at=NOW, successors=[GRIDS[0]])
    gone = Browser().get(f"/public/grids/{GRIDS[1]}/card")
    assert (gone.status_code, gone.json()["successors"]) == (404, [GRIDS[0]])
    assert Browser().get("/public/grids/440304010001999/card").status_code == 404


def test_a_unit_with_open_posts_is_not_retired_and_the_answer_names_them(people) -> None:
    sam = Browser("sam")
    refused = sam.post(f"/units/{people.units.police}/retire", {"version": 1})
    assert refused.status_code == 409
    assert "朵拉" in refused.json()["detail"]
    assert sam.post(f"/units/{people.units.other}/retire", {"version": 1}).json()["active"] is False


def test_units_are_added_changed_and_never_put_below_themselves(people) -> None:
    sam = Browser("sam")
    key = uuid7()
    body = {
        "id": key,
        "name": "福保城管队",
        "kind": "department",
        "duty": "urban_management",
        "area": "440304010",
        "parent": people.units.centre,
    }
    assert sam.post("/units", body).status_code == 200
    assert sam.post("/units", body).status_code == 200
    assert sam.post("/units", body | {"name": "别名"}).status_code == 422
    assert sam.post("/units", body | {"id": uuid7()}).json()["errors"][0]["code"] == "taken"
    assert sam.post("/units", body | {"id": uuid7(), "name": "x", "duty": "magic"}).status_code == 422
    circle = sam.send("PATCH", f"/units/{people.units.centre}", {"version": 1, "parent": key})
    assert circle.json()["errors"][0]["code"] == "circle"
    tree = {u["name"]: u["depth"] for u in sam.get("/units/tree").json()}
    assert tree["福保城管队"] == 1
    assert Unit.objects.get(id=key).street == "440304010"


def test_a_new_account_gets_a_first_password_that_must_be_changed(people) -> None:
    secu = Browser("secu")
    made = secu.post("/users", {"id": uuid7(), "login": "Gina", "name": "吉娜", "unit": people.units.centre}).json()
    assert made["user"]["login"] == "gina"
    gina = Browser()
    opened = gina.post("/session", {"login": "gina", "password": made["password"]}).json()
    assert opened["pending"] == "password"
    changed = gina.send("PUT", "/me/password", {"current": made["password"], "new": "under-the-old-oak"})
    assert changed.status_code == 204
    assert gina.get("/session").json()["pending"] is None
    assert secu.post("/users", {"id": uuid7(), "login": "GINA", "name": "x"}).json()["errors"][0]["code"] == "taken"
    assert secu.post("/users", {"id": uuid7(), "login": "hank", "name": "x", "admin": True}).status_code == 422


# — tokens —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def make_token(**more: Any) -> Any:
    body = {
        "name": "GIS",
        "permissions": ["people.units.read"],
        "areas": ["440304"],
        "expires_at": NOW + timedelta(days=30),
    }
    return Browser("secu").post("/tokens", body | more)


def test_a_token_does_what_it_was_made_for_from_where_it_may_until_it_ends(people) -> None:
    made = make_token(networks=["127.0.0.0/8"]).json()
    token = {"Authorization": f"Bearer {made['token']}"}
    assert Browser().get("/units", **token).status_code == 200
    assert Browser().get("/users", **token).status_code == 403
    assert Browser().get("/sessions", **token).status_code == 403
    Token.objects.update(networks=["10.0.0.0/8"])
    assert Browser().get("/units", **token).status_code == 401
    Token.objects.update(networks=[])
    with clock.at(NOW + timedelta(days=31)):
        assert Browser().get("/units", **token).status_code == 401
    secu = Browser()
    assert Browser().get("/units", **token).status_code == 200
    assert made["token"] not in str(rows.all("SELECT * FROM people_token")) + str(
        rows.all("SELECT * FROM ledger_entry")
    )
    from wangge.domain.people.actions.tokens import revoke_token
    from wangge.kernel.access import SYSTEM

    revoke_token(by=SYSTEM, token=made["id"])
    assert Browser().get("/units", **token).status_code == 401
    assert secu.get("/tokens").status_code == 401


def test_a_token_cannot_have_a_person_s_rights_or_live_for_ever(people) -> None:
    refused = make_token(
        permissions=["people.users.manage"], networks=["nowhere"], expires_at=NOW + timedelta(days=4000)
    ).json()
    assert {e["path"] for e in refused["errors"]} == {"body.permissions[0]", "body.networks[0]", "body.expires_at"}


# — the workbook ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def workbook(*lines: list[Any], head: list[str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(
        head or ["登录名", "姓名", "所属单位", "角色", "岗位名称", "岗位范围", "岗位电话", "公示", "任职日期"]
    )
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(browser: Browser, content: bytes, query: str = "") -> Any:
    file = io.BytesIO(content)
    file.name = "staff.xlsx"
    return browser.client.post(f"/api/v1/staff/import{query}", {"file": file}, headers={"Accept-Language": "en"})


GOOD = [
    ["hua", "小花", "福保街道网格化服务管理中心", "网格员", "", int(GRIDS[1]), "0755-1", "是", "2026-03-01"],
    ["hua", "小花", "", "Patroller", "巡查员", GRIDS[2], "", "", ""],
    ["eve", "伊娃", "", "handler", "联络员", "海山街道网格化服务管理中心", "", "否", ""],
]
BAD = [
    ["x", "太短", "", "网格员", "", GRIDS[0], "", "", ""],
    ["ming", "", "", "网格员", "", GRIDS[0], "", "", ""],
    ["ming", "小明", "没有的单位", "国王", "", "999999", "", "maybe", "昨天"],
    ["ming", "小明", "", "审计管理员", "", "440304", "", "", ""],
    ["ming", "小明", "", "网格员", "", "440304", "", "", ""],
    ["eve", "别人", "", "网格员", "", GRIDS[0], "", "", ""],
]


def test_the_workbook_is_checked_first_and_every_bad_cell_is_named(people) -> None:
    secu = Browser("secu")
    report = upload(secu, workbook(*GOOD, [], *BAD)).json()
    assert (report["dry_run"], report["rows"], report["good"], report["users"], report["posts"]) == (True, 9, 3, 1, 3)
    found = {(f["row"], f["column"], f["code"]) for f in report["faults"]}
    assert found == {
        (6, "Log-in", "format"),
        (7, "Name", "missing"),
        (8, "Employer", "unknown"),
        (8, "Role", "unknown"),
        (8, "Scope", "unknown"),
        (8, "Public", "format"),
        (8, "From", "date"),
        (9, "Role", "administrator"),
        (10, "Scope", "scope"),
        (11, "Name", "differs"),
    }
    refused = upload(secu, workbook(*GOOD, *BAD), "?dry_run=false")
    assert refused.status_code == 422
    assert not User.objects.filter(login="hua").exists()


def test_the_good_rows_are_imported_when_asked_and_the_new_person_can_log_in(people) -> None:
    secu = Browser("secu")
    done = upload(secu, workbook(*GOOD, *BAD), "?dry_run=false&accept_good_rows=true").json()
    assert (done["users"], done["posts"], [p["login"] for p in done["passwords"]]) == (1, 3, ["hua"])
    assert {p.grid_id for p in Post.objects.filter(user__login="hua")} == {GRIDS[1], GRIDS[2]}
    assert (
        Browser().post("/session", {"login": "hua", "password": done["passwords"][0]["password"]}).json()["pending"]
        == "password"
    )
    again = upload(secu, workbook(*GOOD)).json()
    assert {f["code"] for f in again["faults"]} == {"held"}
    assert rows.value("SELECT count(*) FROM ledger_entry WHERE tag = 'people.post.given'") == 3


def test_a_district_administrator_imports_only_into_the_district(people) -> None:
    fiona = Browser("fiona")
    line = ["lan", "兰兰", "福保街道网格化服务管理中心", "网格员", "", GRIDS[3], "", "", ""]
    taken = ["charlie", "查理", "", "网格员", "", GRIDS[0], "", "", ""]
    report = upload(fiona, workbook(line, taken)).json()
    assert [(f["column"], f["code"]) for f in report["faults"]] == [("Scope", "outside"), ("Log-in", "taken")]


def test_files_that_are_no_workbook_too_big_or_a_bomb_are_refused(people, monkeypatch) -> None:
    import zipfile

    from wangge.domain.people import sheet

    secu = Browser("secu")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheet.LIMITS.unpacked + 1))
    torn = bytearray(workbook(*GOOD))
    with zipfile.ZipFile(io.BytesIO(torn)) as archive:
        entry = next(e for e in archive.infolist() if e.compress_size > 40)
    begin = entry.header_offset + 30 + len(entry.filename)
    torn[begin : begin + 40] = b"\xff" * 40  # no deflated data at all
    cases = {
        bytes(torn): "workbook",
        b"hello": "workbook",
        workbook(head=["a", "b"]): "columns",
        bomb.getvalue(): "too_large",
        b"x" * (sheet.LIMITS.bytes + 1): "too_large",
    }
    for content, code in cases.items():
        assert upload(secu, content).json()["errors"][0]["code"] == code
    monkeypatch.setattr(sheet, "MOST_ROWS", 2)
    assert upload(secu, workbook(*GOOD)).json()["errors"][0]["code"] == "rows"


def test_the_template_can_be_filled_and_comes_back(people) -> None:
    secu = Browser("secu")
    answer = secu.get("/staff/template")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    book.worksheets[0].append(["lan", "兰兰", "福保街道网格化服务管理中心", "Grid worker", "", GRIDS[0], "", "yes", ""])
    out = io.BytesIO()
    book.save(out)
    report = upload(secu, out.getvalue()).json()
    assert (report["faults"], report["good"]) == ([], 1)
