"""Orders from a workbook over the API: sent, checked in the background, corrected by a mapping, brought in once, seen by their street alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from tests.domain.cases.test_orders import BAD, GOOD, workbook
from tests.support.world import FUBAO, HAISHAN, log_in
from wangge.domain.cases.orders import imports
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

Api = Callable[..., Any]


@pytest.fixture
def api(demo: None, world: SimpleNamespace) -> Api:
    """``api("bob", "GET", "/orders/imports")``; a body that holds a file goes as a form."""
    tokens: dict[str, str] = {}

    def ask(who: str, method: str, path: str, body: Any = None, *, status: int = 200, language: str = "en") -> Any:
        headers = {"Authorization": f"Bearer {tokens.setdefault(who, log_in(who))}", "Accept-Language": language}
        if body is not None and "file" in body:
            answer = Client().post(f"/api/v1{path}", body, headers=headers)
        else:
            data = {} if body is None else {"data": orjson.dumps(body), "content_type": "application/json"}
            answer = Client().generic(method, f"/api/v1{path}", headers=headers, **data)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content and "json" in answer["Content-Type"] else answer.content

    return ask


def sent(
    api: Api,
    path: Path,
    *,
    who: str = "bob",
    street: str = FUBAO,
    id: UUID | None = None,
    status: int = 201,
    mapping: str = "",
) -> Any:
    file = io.BytesIO(path.read_bytes())
    file.name = "七月工单.xlsx"
    return api(
        who,
        "POST",
        "/orders/imports",
        {"file": file, "id": str(id or uuid7()), "street": street, "mapping": mapping},
        status=status,
    )


def worked(what: Callable[[UUID], None], found: dict[str, Any]) -> None:
    """What the worker does."""
    with acting(SYSTEM):
        what(UUID(found["id"]))


def test_a_workbook_is_checked_and_every_bad_row_is_named_before_anything_is_written(api: Api, tmp_path: Path) -> None:
    found = sent(api, workbook(tmp_path / "工单.xlsx", [*GOOD, *BAD]))
    assert (found["state"], found["filename"]) == ("checking", "七月工单.xlsx")
    worked(imports.check, found)
    found = api("bob", "GET", f"/orders/imports/{found['id']}")
    assert [found[n] for n in ("state", "rows", "good", "bad", "here", "done", "total")] == [
        "checked",
        10,
        3,
        7,
        0,
        10,
        10,
    ]
    assert found["columns"]["text"] == "留言详情" and found["header"][0] == "留言编号"
    assert {e["row"] for e in found["errors"]} == set(range(5, 12))
    told = api("bob", "GET", f"/orders/imports/{found['id']}/errors", language="zh").decode("utf-8-sig").splitlines()
    assert told[0] == "行,列,问题" and len(told) == 1 + len(found["errors"])
    refused = api("bob", "POST", f"/orders/imports/{found['id']}/start", {}, status=422)
    assert refused["errors"][0]["code"] == "bad_rows"
    with acting(SYSTEM):
        assert rows.value("SELECT count(*) FROM cases_case") == 0


def test_good_rows_become_cases_once_and_the_workbook_is_gone_when_they_are(api: Api, tmp_path: Path) -> None:
    path = workbook(tmp_path / "工单.xlsx", [*GOOD, *BAD])
    found = sent(api, path)
    worked(imports.check, found)
    at = f"/orders/imports/{found['id']}"
    assert api("bob", "POST", f"{at}/start", {"accept_good": True})["state"] == "importing"
    api("bob", "POST", f"{at}/start", {"accept_good": True}, status=409)
    worked(imports.bring_in, found)
    worked(imports.bring_in, found)  # a job may run twice
    done = api("bob", "GET", at)
    assert [done[n] for n in ("state", "made", "closed", "known")] == ["done", 3, 2, 0]
    assert {c["name"]: c["rows"] for c in done["by_category"]} and done["done"] == done["total"] == 13
    with acting(SYSTEM):
        assert rows.value("SELECT file_sealed FROM cases_order_import") is None
        tags = rows.all("SELECT tag FROM ledger_entry WHERE kind = 'order_import' ORDER BY tag")
    assert [t["tag"] for t in tags] == ["cases.order_import.done", "cases.order_import.started"]

    again = sent(api, path)
    worked(imports.check, again)
    assert api("bob", "GET", f"/orders/imports/{again['id']}")["here"] == 3
    api("bob", "POST", f"/orders/imports/{again['id']}/start", {"accept_good": True})
    worked(imports.bring_in, again)
    done = api("bob", "GET", f"/orders/imports/{again['id']}")
    assert (done["made"], done["known"]) == (0, 3)


def test_columns_and_words_are_given_a_meaning_and_kept_for_the_next_time(api: Api, tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "工单.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["单号", "受理时间", "诉求内容", "承办单位", "标题"])
        sheet.write_row(1, 0, ["A1", "2026-05-06 09:00", "路灯不亮", "市政所", "路灯"])
    found = sent(api, path)
    worked(imports.check, found)
    at = f"/orders/imports/{found['id']}"
    stopped = api("bob", "GET", at)
    assert (stopped["state"], stopped["good"]) == ("stopped", None)
    assert stopped["header"][0] == "单号" and "Order number" in stopped["problem"]["en"]
    mapping = {"columns": {"number": "单号", "title": ""}, "translation": {}}
    assert api("bob", "POST", f"{at}/check", mapping)["state"] == "checking"
    worked(imports.check, found)
    checked = api("bob", "GET", at)
    assert checked["unknown"] == [{"field": "unit", "word": "市政所", "rows": 1}] and "title" not in checked["columns"]
    mapping["translation"] = {"unit": {"市政所": "福保环卫所"}}
    api("bob", "POST", f"{at}/check", mapping)
    worked(imports.check, found)
    assert api("bob", "GET", at)["good"] == 1
    api("bob", "PUT", "/orders/mappings/区热线", mapping)
    assert [m["translation"] for m in api("bob", "GET", "/orders/mappings")["items"]] == [mapping["translation"]]
    next_one = sent(api, path, mapping="区热线")
    worked(imports.check, next_one)
    assert api("bob", "GET", f"/orders/imports/{next_one['id']}")["good"] == 1
    other = sent(api, workbook(tmp_path / "另一.xlsx", GOOD), mapping="区热线")
    worked(imports.check, other)
    stopped = api("bob", "GET", f"/orders/imports/{other['id']}")
    assert "单号" in stopped["problem"]["zh"] and stopped["columns"]["number"] == "留言编号"
    api("bob", "POST", f"{at}/check", {"translation": {"weather": {}}}, status=422)
    api("bob", "DELETE", "/orders/mappings/区热线", status=204)
    assert api("bob", "GET", "/orders/mappings")["items"] == []


def test_another_street_neither_sees_an_import_nor_brings_orders_into_this_one(api: Api, tmp_path: Path) -> None:
    path = workbook(tmp_path / "工单.xlsx", GOOD)
    found = sent(api, path)
    at = f"/orders/imports/{found['id']}"
    assert api("charlie", "GET", "/orders/imports")["items"] == []
    for method, to in (("GET", ""), ("GET", "/errors"), ("POST", "/check"), ("POST", "/start"), ("DELETE", "")):
        api("charlie", method, f"{at}{to}", {} if method == "POST" else None, status=404)
    assert [i["id"] for i in api("dan", "GET", "/orders/imports")["items"]] == [found["id"]]
    sent(api, path, street=HAISHAN, status=403)
    sent(api, path, who="sam", status=403)


def test_the_file_is_kept_sealed_and_nothing_that_is_no_workbook_is_taken(api: Api, tmp_path: Path) -> None:
    path = workbook(tmp_path / "工单.xlsx", GOOD)
    id = uuid7()
    sent(api, path, id=id)
    with acting(SYSTEM):
        assert bytes(rows.value("SELECT file_sealed FROM cases_order_import"))[:1] == b"\x01"
    assert sent(api, path, id=id, status=200)["id"] == str(id)
    other = tmp_path / "备忘.txt"
    other.write_text("不是表格")
    assert sent(api, other, status=422)["errors"][0]["code"] == "workbook"
    assert sent(api, workbook(tmp_path / "另一.xlsx", GOOD[:1]), id=id, status=422)["errors"][0]["code"] == "id_reused"


def test_an_import_may_be_forgotten_when_nobody_works_at_it(api: Api, tmp_path: Path) -> None:
    found = sent(api, workbook(tmp_path / "工单.xlsx", GOOD))
    at = f"/orders/imports/{found['id']}"
    api("bob", "DELETE", at, status=409)
    worked(imports.check, found)
    api("bob", "DELETE", at, status=204)
    api("bob", "GET", at, status=404)


def test_an_import_whose_job_was_given_up_without_a_word_is_stopped_and_may_be_begun_anew(
    api: Api, tmp_path: Path
) -> None:
    """Its worker was killed at each of its tries."""
    found = sent(api, workbook(tmp_path / "工单.xlsx", GOOD))
    at = f"/orders/imports/{found['id']}"
    with acting(SYSTEM), clock.at(clock.now() + imports.QUIET * 2):
        assert imports.stop_cut_off() == 0, "its job still waits"
        rows.run("UPDATE procrastinate_jobs SET status = 'failed'")
        assert imports.stop_cut_off() == 1
        assert imports.stop_cut_off() == 0
    stopped = api("bob", "GET", at)
    assert stopped["state"] == "stopped" and "start it anew" in stopped["problem"]["en"]
    api("bob", "POST", f"{at}/check", {"columns": {}, "translation": {}})
    worked(imports.check, found)
    assert api("bob", "GET", at)["good"] == 3


def test_an_import_that_failed_is_told_and_goes_on_when_the_job_is_tried_again(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sent(api, workbook(tmp_path / "工单.xlsx", GOOD))
    worked(imports.check, found)
    at = f"/orders/imports/{found['id']}"
    api("bob", "POST", f"{at}/start", {})

    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "_run", break_down)
        with pytest.raises(RuntimeError):
            worked(imports.bring_in, found)
    stopped = api("bob", "GET", at)
    assert stopped["state"] == "stopped" and "tried again" in stopped["problem"]["en"]
    worked(imports.bring_in, found)
    assert api("bob", "GET", at)["made"] == 3
