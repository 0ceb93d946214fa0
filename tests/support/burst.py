"""Clients that report, act and upload as fast as they are answered, keep what was acknowledged, and try again whatever was not."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from tests.support.world import FUBAO, PASSWORD, point_in
from wangge.kernel.ids import uuid7

ACTS = ("accept", "dispatch", "take", "progress")
READS = ("/cases?limit=20", "/search?q=%E5%9E%83%E5%9C%BE", "/notices", "/exports/cases?format=csv", "/stats/today")
AGAIN = (423, 429, 502, 503, 504, 507)
"""Answers after which a client tries again: nothing is known to be wrong with what it sent."""


class Ended(Exception):
    """The burst is over; what was not acknowledged by now never will be."""


@dataclass
class Journal:
    """What the server has acknowledged. ``left``: cases that nobody acts on. ``wrong``: answers that no client should get."""

    numbers: dict[str, str] = field(default_factory=dict)
    acts: dict[str, list[str]] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    attached: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    reads: int = 0
    tries: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.numbers) + sum(map(len, self.acts.values())) + len(self.uploads) + len(self.attached)


class Burst:
    """``clients`` threads, each with one case after the other from the photo to the progress note."""

    def __init__(self, address: str, category: str, *, clients: int = 4, seed: int = 0) -> None:
        self.journal = Journal()
        self._address, self._category = address, category
        self._end = threading.Event()
        self._tokens = {login: self._log_in(login) for login in ("alice", "bob", "hank", "sue")}
        self._threads = [threading.Thread(target=self._work, args=(random.Random(seed + n),)) for n in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Journal:
        self._end.set()
        for thread in self._threads:
            thread.join(60)
        return self.journal

    def _log_in(self, login: str) -> str:
        body = {"login": login, "password": PASSWORD, "as_token": True}
        return httpx.post(f"{self._address}/api/v1/session", json=body, timeout=20).raise_for_status().json()["token"]

    def _work(self, chance: random.Random) -> None:
        with httpx.Client(base_url=f"{self._address}/api/v1", timeout=5) as http:
            client = _Client(http, self._tokens, self.journal, self._end)
            while not self._end.is_set():
                try:
                    self._one_case(client, chance)
                except Ended:
                    return
                except Exception as error:
                    self.journal.wrong.append(repr(error))
                    return

    def _one_case(self, client: _Client, chance: random.Random) -> None:
        """The acts go by turns through their own routes and through a phone's queue; both may be sent again."""
        journal, case = self.journal, str(uuid7())
        upload = client.upload(chance) if chance.random() < 0.5 else None
        lon, lat = point_in(FUBAO + "001001")
        report = {"id": case, "text": "路边有垃圾堆", "category": self._category, "point": {"lon": lon, "lat": lat}}
        report |= {"evidence": [{"id": upload}]} if upload else {}
        if chance.random() < 0.5:
            journal.numbers[case] = client.once("alice", "/cases", report)["number"]
        else:
            journal.numbers[case] = client.queued("alice", "report", None, given=report)["number"]
        if upload:
            journal.attached[upload] = case
        if chance.random() < 0.2:
            journal.left.append(case)
            return
        for path in chance.sample(READS, 2):
            client.read("sue" if path.startswith("/exports") else "bob", path)
        client.read("bob", f"/cases/{case}")
        done = journal.acts.setdefault(case, [])
        for version, (login, act) in enumerate(zip(("bob", "bob", "hank", "hank"), ACTS, strict=True), start=1):
            given = {"note": "已到现场"} if act == "progress" else {}
            if chance.random() < 0.5 and act != "progress":
                client.act(login, case, act, version)
            else:
                client.queued(login, act, case, version=version, given=given)
            done.append(act)


class _Client:
    def __init__(self, http: httpx.Client, tokens: dict[str, str], journal: Journal, end: threading.Event) -> None:
        self._http, self._tokens, self._journal, self._end = http, tokens, journal, end

    def once(self, login: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call that may be repeated as it is: its id is in the body."""
        return self._insist(lambda: self._send(login, "POST", path, json=body)).json()

    def read(self, login: str, path: str) -> None:
        self._insist(lambda: self._send(login, "GET", path))
        self._journal.reads += 1

    def act(self, login: str, case: str, act: str, version: int) -> None:
        """By its own route. After an answer that was lost, 409 with the version it makes says that it was done."""
        lost = False

        def attempt() -> httpx.Response | None:
            nonlocal lost
            answer = self._send(login, "POST", f"/cases/{case}/{act}", json={"version": version})
            if (
                answer is not None
                and answer.status_code == 409
                and lost
                and answer.json()["current"]["version"] == version + 1
            ):
                return httpx.Response(200)
            lost = lost or answer is None or answer.status_code in AGAIN
            return answer

        self._insist(attempt)

    def queued(
        self, login: str, kind: str, case: str | None, *, given: Any, version: int | None = None
    ) -> dict[str, Any]:
        operation = {"id": str(uuid7()), "kind": kind, "case": case, "version": version, "given": given}

        def attempt() -> httpx.Response | None:
            answer = self._send(login, "POST", "/batch", json={"operations": [operation]})
            failed = (
                answer is not None and answer.status_code == 200 and answer.json()["answers"][0]["outcome"] == "failed"
            )
            return None if failed else answer

        (answer,) = self._insist(attempt).json()["answers"]
        if answer["outcome"] not in ("applied", "duplicate"):
            raise AssertionError(f"{kind}: {answer}")
        return answer["state"]

    def upload(self, chance: random.Random) -> str:
        """A photo by tus in parts of random size; a part may be cut off by its sender."""
        content, id = photo(chance), str(uuid7())
        digest = hashlib.sha256(content).hexdigest()
        said = {"id": id, "kind": "photo", "sha256": digest}
        meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        begin = {"Upload-Length": str(len(content)), "Upload-Metadata": meta}
        self._insist(lambda: self._send("alice", "POST", "/uploads", headers=begin))
        offset = 0
        while offset < len(content):
            part = content[offset : offset + chance.randint(500, 2000)]
            answer = self._send(
                "alice", "PATCH", f"/uploads/{id}", content=part, headers={"Upload-Offset": str(offset)}
            )
            if answer is None or answer.status_code != 204:
                answer = self._insist(lambda: self._send("alice", "HEAD", f"/uploads/{id}"))
            offset = int(answer.headers["Upload-Offset"])
        self._journal.uploads[id] = digest
        return id

    def _send(
        self, login: str, method: str, path: str, *, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response | None:
        """The answer; None when there was none."""
        said = {"Authorization": f"Bearer {self._tokens[login]}", "Accept-Language": "en"} | (headers or {})
        if path.startswith("/uploads"):
            said |= {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        self._journal.tries += 1
        try:
            return self._http.request(method, path, headers=said, **body)
        except httpx.HTTPError:
            return None

    def _insist(self, attempt: Callable[[], httpx.Response | None]) -> httpx.Response:
        """Until it is acknowledged."""
        while True:
            answer = attempt()
            if answer is not None and answer.is_success:
                return answer
            if answer is not None and answer.status_code not in AGAIN:
                raise AssertionError(
                    f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
                )
            if self._end.wait(0.05):
                raise Ended


def photo(chance: random.Random) -> bytes:
    """A small picture like no other."""
    out = io.BytesIO()
    Image.frombytes("RGB", (32, 24), chance.randbytes(32 * 24 * 3)).save(out, "JPEG")
    return out.getvalue()
