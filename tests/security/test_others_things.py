"""What is another's cannot be named: each address with an id, asked by somebody with the same rights elsewhere, answers 404.

The acts on a case are tried by every person of tests/matrix/cases.csv. What is here is everything else that has an id; an address that is
neither here nor said to be everybody's fails ``test_every_address_with_an_id_is_tried``.
"""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from tests.domain.cases.test_orders import GOOD, workbook
from tests.domain.evidence.conftest import jpeg
from tests.support.world import FUBAO, PASSWORD, category, log_in, point_in
from wangge.api import api
from wangge.domain.cases.acts_api import PATHS
from wangge.domain.evidence.actions import process
from wangge.domain.people import passwords
from wangge.domain.people.actions import NewPost, NewStaff, load_staff
from wangge.domain.people.models import Post, Session, User
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Role, acting
from wangge.kernel.ids import uuid7

WHY = {"note": "写明原因"}
TUS = {"Tus_Resumable": "1.0.0"}
V = {"version": 1}

# Who asks, and with what, for things of 福保街道, 福田区: all of them work in 盐田区.
TRIED: dict[str, tuple[str, Any]] = {
    "GET /cases/{case}": ("charlie", None),
    "GET /cases/{case}/nearby": ("charlie", None),
    "GET /cases/{case}/recount": ("charlie", None),
    "GET /cases/{case}/templates?act=accept": ("charlie", None),
    "GET /cases/{case}/steps/{step}/proof": ("charlie", None),
    "GET /cases/{case}/exchange": ("charlie", None),
    "POST /cases/{case}/exchange": ("charlie", {"id": "new", "partner": "new", "kind": "hand_over", **WHY}),
    "POST /cases/{case}/reveal": ("charlie", {"party": "new", "field": "phone", "purpose": "核实情况"}),
    "GET /evidence/{upload}": ("charlie", None),
    "GET /evidence/{upload}/public": ("charlie", None),
    "GET /evidence/{upload}/thumb": ("charlie", None),
    "GET /evidence/{upload}/original?purpose=look": ("charlie", None),
    "HEAD /uploads/{upload}": ("charlie", None),
    "PATCH /uploads/{upload}": ("charlie", b"x"),
    "DELETE /uploads/{upload}": ("charlie", None),
    "HEAD /portal/uploads/{upload}": ("nobody", None),
    "PATCH /portal/uploads/{upload}": ("nobody", b"x"),
    "DELETE /portal/uploads/{upload}": ("nobody", None),
    "GET /portal/photos/{upload}/public": ("nobody", None),
    "GET /portal/photos/{upload}/thumb": ("nobody", None),
    "PUT /views/{view}": ("charlie", {"name": "我的", **V}),
    "DELETE /views/{view}": ("charlie", None),
    "GET /orders/imports/{id}": ("charlie", None),
    "GET /orders/imports/{id}/errors": ("charlie", None),
    "POST /orders/imports/{id}/check": ("charlie", {}),
    "POST /orders/imports/{id}/start": ("charlie", {"accept_good": True}),
    "DELETE /orders/imports/{id}": ("charlie", None),
    "DELETE /sessions/{session}": ("charlie", None),
    "POST /absences/{absence}/end": ("charlie", None),
    "GET /users/{user}": ("selma", None),
    "PATCH /users/{user}": ("selma", {"name": "别名", **V}),
    "POST /users/{user}/deactivate": ("selma", V),
    "POST /users/{user}/reactivate": ("selma", V),
    "POST /users/{user}/hand-over": ("selma", {"to": "charlie", "posts": [{"post": "post", "id": "new", **V}]}),
    "PUT /users/{user}/identity": ("selma", {"subject": "x"}),
    "GET /users/{user}/open-work": ("selma", None),
    "POST /users/{user}/password": ("selma", None),
    "POST /users/{user}/second-factor/reset": ("selma", None),
    "POST /users/{user}/unlock": ("selma", None),
    "PATCH /posts/{post}": ("selma", {"title": "别名", **V}),
    "POST /posts/{post}/end": ("selma", V),
    "POST /posts/{post}/hand-over": ("selma", {"id": "new", "to": "charlie", **V}),
    "PATCH /units/{unit}": ("sid", {"name": "别名", **V}),
    "POST /units/{unit}/retire": ("sid", V),
    "POST /grids/changes/planned/{change}/cancel": ("sid", V),
}
# What there is once for all, and what is nobody's in particular: no id of it says anything that may not be known.
EVERYBODYS = {
    "areas, grids and layers are read by all staff": ("/areas/", "/grids/{code}", "/layers/", "/tiles/"),
    "the rules are read by all staff, and changed by the administrator for everywhere alone": (
        *(
            "/calendar/",
            "/categories/",
            "/templates/",
            "/tokens/",
            "/webhooks/",
            "/notices/deliveries/",
            "/jobs/failed/",
        ),
        *("/exchange/partners/", "/portal/bans/"),
    ),
    "routes of another district are read, and refused to be changed (tests/domain/catalog/test_actions.py)": (
        "/routes/",
    ),
    "units are read by all staff": ("GET /units/{unit}",),
    "names of mappings of columns are shared": ("/orders/mappings/",),
    "the ledger is the auditor's": ("/ledger/entries/",),
    "messages of the exchange are the token's own (tests/domain/exchange/test_hotline.py)": ("/exchange/messages/",),
    "public by design": ("/portal/areas/tiles/", "/portal/tiles/", "/public/grids/"),
}


@pytest.fixture
def elsewhere(world: SimpleNamespace) -> None:
    """Administrators of Yantian, who may do there what ours may do here; Fred is ours, of Futian."""
    with acting(SYSTEM):
        load_staff(
            by=SYSTEM,
            staff=[
                NewStaff("selma", "Selma", (NewPost(Role.SECURITY_ADMIN, area="440308"),)),
                NewStaff("sid", "Sid", (NewPost(Role.SYSTEM_ADMIN, area="440308"),)),
                NewStaff("fred", "Fred", (NewPost(Role.SYSTEM_ADMIN, area="440304"),)),
            ],
            password_hash=passwords.hashed_random(PASSWORD),
        )


@pytest.fixture
def things(world: SimpleNamespace, elsewhere: None, home: Path, ask: Any) -> dict[str, Any]:
    """Something of Fubao of each kind."""
    lon, lat = point_in(FUBAO + "001001")
    photo, waiting, body = str(uuid7()), str(uuid7()), jpeg((64, 48))
    for upload, sent in ((photo, body), (waiting, body[:3])):
        meta = ",".join(
            f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in {"id": upload, "kind": "photo"}.items()
        )
        made = ask("alice", "POST", "/api/v1/uploads", sent, Upload_Length=str(len(body)), Upload_Metadata=meta,
                   Content_Type="application/offset+octet-stream", **TUS)  # fmt: skip
        assert made.status_code == 201, made.content
    case = _made(ask("alice", "POST", "/api/v1/cases", {
        "id": str(uuid7()), "text": "楼道堆放杂物", "category": str(category("0101").id), "point": {"lon": lon, "lat": lat},
        "evidence": [{"id": photo}],
    }))  # fmt: skip
    case = case.get("case", case)
    with acting(SYSTEM):
        process(UUID(photo))
    view = _made(ask("bob", "POST", "/api/v1/views", {"id": str(uuid7()), "name": "我的"}))
    start = clock.now() + timedelta(days=1)
    amy, alice, bob = (User.objects.get(login=login).id for login in ("amy", "alice", "bob"))
    absence = _made(ask("secu", "POST", "/api/v1/absences", {
        "id": str(uuid7()), "user": alice, "deputy": amy, "starts": start, "ends": start + timedelta(days=2),
    }))  # fmt: skip
    change = {"kind": "split", "grids": [FUBAO + "001001"], "count": 2}
    token = _made(ask("fred", "POST", "/api/v1/grids/changes/preview", change))["token"]
    day = (clock.now() + timedelta(days=30)).date()
    planned = _made(ask("fred", "POST", "/api/v1/grids/changes/planned", change | {"token": token, "on": day}))
    detail = ask("bob", "GET", f"/api/v1/cases/{case['id']}").json()
    found = {
        "case": case["id"], "step": detail["timeline"][0]["id"], "upload": photo, "waiting": waiting, "view": view["id"],
        "absence": absence["id"], "change": planned["id"], "user": bob, "unit": world.units.cleaners,
        "post": Post.objects.get(user_id=bob).id, "session": Session.objects.filter(user_id=bob).first().id,
        "id": _import(ask, home), "charlie": User.objects.get(login="charlie").id,
    }  # fmt: skip
    return found


def _made(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def _import(ask: Any, home: Path) -> str:
    """An import of orders into Fubao, by its operator."""
    file = io.BytesIO(workbook(home / "orders.xlsx", GOOD).read_bytes())
    file.name = "orders.xlsx"
    body = {"file": file, "id": str(uuid7()), "street": FUBAO, "mapping": ""}
    answer = Client(headers={"Authorization": f"Bearer {log_in('bob')}"}).post("/api/v1/orders/imports", body)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def test_nobody_finds_by_its_id_what_is_anothers(ask: Any, things: dict[str, Any]) -> None:
    wrong: list[str] = []
    for route, (who, body) in TRIED.items():
        method, path = route.split(" ")
        known = things | ({"upload": things["waiting"]} if path.startswith("/uploads") else {})
        address = "/api/v1" + path.format(**known)
        answer = ask(None if who == "nobody" else who, method, address, _filled(body, things), **_tus(path))
        if answer.status_code != 404:
            wrong.append(f"{route}: {answer.status_code} {answer.content[:160]!r}")
    assert wrong == []


def test_they_are_there_for_those_whose_they_are(ask: Any, things: dict[str, Any]) -> None:
    """Else 404 would say nothing: the same ids open what they name for its own people."""
    own = {"selma": "secu", "sid": "fred"}
    for route in TRIED:
        method, path = route.split(" ")
        if (
            method not in ("GET", "HEAD") or path.startswith("/portal") or path.endswith("/proof")  # of what is sealed
        ):
            continue
        who = "alice" if path.startswith(("/uploads", "/evidence")) else own.get(TRIED[route][0], "bob")
        if "original" in path:
            who = "bob"
        known = things | ({"upload": things["waiting"]} if path.startswith("/uploads") else {})
        answer = ask(who, method, "/api/v1" + path.format(**known), **_tus(path))
        assert answer.status_code == 200, (route, answer.content)


def _tus(path: str) -> dict[str, str]:
    if "/uploads" not in path:
        return {}
    return TUS | {"Upload_Offset": "3", "Content_Type": "application/offset+octet-stream"}


def _filled(body: Any, things: dict[str, Any]) -> Any:
    """``new`` becomes an id of nothing, a word of ``things`` what it stands for."""
    if not isinstance(body, dict):
        return body
    text = orjson.dumps(body).decode().replace('"new"', f'"{uuid7()}"')
    for name in {"charlie", "post"} & set(things):
        text = text.replace(f': "{name}"', f': "{things[name]}"').replace(f':"{name}"', f':"{things[name]}"')
    return orjson.loads(text)


def test_every_address_with_an_id_is_tried() -> None:
    tried = {route.split("?")[0] for route in TRIED} | {f"POST /cases/{{case}}/{verb}" for verb in PATHS.values()}
    global_ = [prefix for prefixes in EVERYBODYS.values() for prefix in prefixes]
    left = [
        route
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method in operations
        if "{" in path and (route := f"{method.upper()} {path.removeprefix('/api/v1')}") not in tried
    ]
    assert [r for r in left if not any(p in r for p in global_)] == []


@pytest.mark.parametrize(
    ("who", "method", "path", "body"),
    [
        ("sid", "POST", "/categories/table", {"text": "code,name\n", "dry_run": True}),
        ("sid", "GET", "/notices/deliveries", None),
        ("sid", "GET", "/jobs/failed", None),
        ("selma", "GET", "/webhooks", None),
        ("selma", "POST", "/webhooks", {"id": "new", "name": "x", "url": "https://receiver.example/", "token": "new"}),
        ("selma", "GET", "/tokens", None),
        ("selma", "GET", "/exchange/partners", None),
        ("selma", "GET", "/portal/bans", None),
    ],
)
def test_what_there_is_once_is_not_for_the_administrator_of_a_part(
    ask: Any, elsewhere: None, who: str, method: str, path: str, body: Any
) -> None:
    answer = ask(who, method, f"/api/v1{path}", _filled(body, {}))
    assert answer.status_code == 403, answer.content
    assert "everywhere" in answer.json()["detail"]


def test_nothing_offers_it_to_them_either(ask: Any, elsewhere: None) -> None:
    for who, theirs, of_all in (
        ("sid", "places.grids.manage", "catalog.edit"),
        ("selma", "people.users.manage", "portal.bans"),
    ):
        found = ask(who, "GET", "/api/v1/session").json()["permissions"]
        assert theirs in found and of_all not in found
