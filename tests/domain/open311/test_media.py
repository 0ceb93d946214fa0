"""A client names a picture by its address: it becomes evidence like any other, or the desk is told why not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from tests.domain.evidence.conftest import jpeg
from tests.domain.open311.test_open311 import _home, act, ask, key_of, send  # noqa: F401
from tests.domain.portal.conftest import case_of, detail_of
from wangge.domain.cases import actions
from wangge.domain.evidence import actions as evidence
from wangge.domain.open311 import jobs, media
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.web.stranger import Fetched, NotFetched

URL = "https://photos.example/2212426634.jpg"


def queued() -> list[dict[str, Any]]:
    with acting(SYSTEM):
        found = rows.all("SELECT args FROM procrastinate_jobs WHERE task_name = 'open311.media' ORDER BY id")
    return [row["args"] if isinstance(row["args"], dict) else orjson.loads(row["args"]) for row in found]


def photo_of(number: str) -> dict[str, Any]:
    return detail_of(number)["evidence"][0]


@pytest.fixture
def number(world: SimpleNamespace) -> str:
    return send(key_of(world), media_url=URL).json()[0]["service_request_id"]


def answers(monkeypatch: pytest.MonkeyPatch, found: Fetched | NotFetched) -> list[str]:
    asked: list[str] = []

    def fetch(url: str, **_: Any) -> Fetched:
        asked.append(url)
        if isinstance(found, NotFetched):
            raise found
        return found

    monkeypatch.setattr(media, "fetch", fetch)
    return asked


def test_a_picture_is_promised_with_the_request_fetched_once_and_shown_when_it_was_cleared(
    number: str, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photo_of(number)["state"] == "promised" and URL not in case_of(number)["text"]
    asked = answers(monkeypatch, Fetched(jpeg((64, 48)), "image/jpeg"))
    for args in queued() * 2:
        jobs.bring(**args)
    assert asked == [URL]
    evidence.process(photo_of(number)["id"])
    assert photo_of(number)["state"] == "ready"
    assert ask(f"requests/{number}.json").json()[0]["media_url"] is None
    act(world, "bob", actions.publish, number, files=[photo_of(number)["id"]])
    told = ask(f"requests/{number}.json").json()[0]["media_url"]
    assert told == f"http://testserver/api/v1/portal/photos/{photo_of(number)['id']}/public"


@pytest.mark.parametrize(
    "found", [NotFetched("not at a public address"), Fetched(b"<html>", "image/jpeg"), Fetched(b"", "image/jpeg")]
)
def test_what_is_no_picture_or_not_to_be_had_is_refused_and_the_desk_sees_why(
    number: str, monkeypatch: pytest.MonkeyPatch, found: Any
) -> None:
    answers(monkeypatch, found)
    jobs.bring(**queued()[0])
    assert photo_of(number)["state"] == "refused" and photo_of(number)["reason"]
    assert len(queued()) == 1


def test_who_is_busy_is_asked_again_and_then_given_up(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, NotFetched("answered 503", later=True))
    for tries in range(1, 5):
        assert photo_of(number)["state"] == "promised"
        jobs.bring(**queued()[-1])
        assert len(asked) == tries
    assert photo_of(number)["state"] == "refused" and URL in photo_of(number)["reason"]
    assert len(queued()) == 4


@pytest.mark.parametrize("url", ["file:/etc/passwd", "photos", "https://x/" + "a" * 2000])
def test_what_is_no_address_is_a_bad_request(world: SimpleNamespace, url: str) -> None:
    answer = send(key_of(world), media_url=url)
    assert answer.status_code == 400 and "media_url" in answer.json()[0]["description"]
