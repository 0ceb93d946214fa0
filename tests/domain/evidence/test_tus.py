"""Uploads: an independent tus client over real sockets with cuts, and the protocol's own rules."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from tusclient import client as tus
from tusclient.exceptions import TusCommunicationError

from tests.domain.evidence.conftest import jpeg
from tests.support.http import serving
from tests.support.world import log_in
from wangge.domain.evidence import actions
from wangge.domain.evidence.actions.tus import folder
from wangge.domain.evidence.rules import Kind
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid

PART = "application/offset+octet-stream"


class Phone:
    """A logged-in device that speaks tus by hand."""

    def __init__(self, login: str) -> None:
        self.token = log_in(login)
        self.client = Client()

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        given = {"Tus-Resumable": "1.0.0", "Accept-Language": "en", "Authorization": f"Bearer {self.token}"}
        given |= {k.replace("_", "-"): v for k, v in headers.items()}
        kind = given.pop("Content-Type", "application/json" if not body else PART)
        return self.client.generic(method, path, body, content_type=kind, headers=given)

    def create(self, content: bytes, *, kind: str = "photo", **meta: str) -> Any:
        named = {"id": str(uuid7()), "kind": kind} | meta
        said = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in named.items())
        return self.send("POST", "/api/v1/uploads", Upload_Length=str(len(content)), Upload_Metadata=said)

    def patch(self, path: str, part: bytes, offset: int, **headers: str) -> Any:
        return self.send("PATCH", path, part, **{"Upload_Offset": str(offset), "Content_Type": PART} | headers)

    def whole(self, content: bytes, **meta: str) -> str:
        made = self.create(content, **meta)
        assert made.status_code == 201, made.content
        done = self.patch(made["Location"], content, 0)
        assert done.status_code == 204, done.content
        return made["Location"].rsplit("/", 1)[-1]


@pytest.fixture
def alice(world: SimpleNamespace) -> Phone:
    return Phone("alice")


def row_of(upload: str) -> dict[str, Any]:
    with acting(SYSTEM):
        found = rows.one("SELECT * FROM evidence_upload WHERE id = %(id)s", {"id": upload})
    assert found is not None
    return found


def test_an_upload_goes_on_where_it_stopped_and_is_sealed_when_it_is_whole(alice: Phone) -> None:
    content = jpeg()
    made = alice.create(content, filename="井盖.jpg", sha256=hashlib.sha256(content).hexdigest())
    path = made["Location"]
    assert alice.patch(path, content[:1000], 0)["Upload-Offset"] == "1000"
    head = alice.send("HEAD", path)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("1000", str(len(content)))
    assert "Upload-Expires" in head
    wrong = alice.patch(path, content[2000:], 2000)
    assert wrong.status_code == 409
    assert wrong.json()["current"]["offset"] == 1000
    assert alice.patch(path, content[1000:], 1000).status_code == 204
    row = row_of(path.rsplit("/", 1)[-1])
    assert (row["state"], row["media_type"], row["original"]) == (
        "stored",
        "image/jpeg",
        hashlib.sha256(content).hexdigest(),
    )
    assert not list(folder().iterdir())
    assert alice.send("HEAD", path)["Upload-Offset"] == str(len(content))


def test_creation_may_carry_the_whole_file(alice: Phone) -> None:
    content = jpeg()
    said = f"kind {base64.b64encode(b'photo').decode()}"
    made = alice.send(
        "POST", "/api/v1/uploads", content, Upload_Length=str(len(content)), Upload_Metadata=said, Content_Type=PART
    )
    assert (made.status_code, made["Upload-Offset"]) == (201, str(len(content)))


def test_a_beginning_that_is_sent_again_adds_nothing(alice: Phone) -> None:
    """Its answer was lost, or it was cut: what came of it is kept, and the phone asks how much that is."""
    content, upload = jpeg(), str(uuid7())
    said = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in (("id", upload), ("kind", "photo"))
    )

    def begin(part: bytes) -> Any:
        return alice.send(
            "POST", "/api/v1/uploads", part, Upload_Length=str(len(content)), Upload_Metadata=said, Content_Type=PART
        )

    assert begin(content[:100]).status_code == 201
    assert begin(content[:100]).status_code == 409
    path = f"/api/v1/uploads/{upload}"
    assert alice.send("HEAD", path)["Upload-Offset"] == "100"
    assert alice.patch(path, content[100:], 100).status_code == 204
    assert begin(content).status_code == 409
    assert row_of(upload)["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_damaged_part_is_not_kept(alice: Phone) -> None:
    content = jpeg()
    path = alice.create(content)["Location"]
    digest = base64.b64encode(hashlib.sha256(content[:500]).digest()).decode()
    damaged = alice.patch(path, content[:499] + b"x", 0, Upload_Checksum=f"sha256 {digest}")
    assert damaged.status_code == 460
    assert alice.send("HEAD", path)["Upload-Offset"] == "0"
    assert alice.patch(path, content[:500], 0, Upload_Checksum=f"sha256 {digest}").status_code == 204
    assert alice.patch(path, content[500:], 500, Upload_Checksum="md5 AAAA").status_code == 422


def test_the_protocols_other_rules(alice: Phone) -> None:
    content = jpeg()
    path = alice.create(content)["Location"]
    assert alice.send("PATCH", path, content, Tus_Resumable="0.2.2", Upload_Offset="0").status_code == 412
    assert alice.send("PATCH", path, content, Upload_Offset="0", Content_Type="image/jpeg").status_code == 415
    assert alice.patch(path, content + b"more", 0).status_code == 413
    assert alice.send("DELETE", path).status_code == 204
    assert alice.send("HEAD", path).status_code == 404
    assert alice.send("POST", "/api/v1/uploads", Upload_Length="x").status_code == 422
    options = Client().options("/api/v1/uploads")
    assert options.status_code == 204
    assert "checksum" in options["Tus-Extension"]
    assert options["Tus-Version"] == "1.0.0"


def test_what_is_not_what_it_says_is_refused_and_named(alice: Phone) -> None:
    content = jpeg()
    wrong_digest = alice.create(content, sha256="0" * 64)["Location"]
    answer = alice.patch(wrong_digest, content, 0)
    assert answer.status_code == 422
    assert "SHA-256" in answer.json()["detail"]
    assert alice.send("HEAD", wrong_digest).status_code == 410
    program = b"MZ\x90\x00" + os.urandom(500)
    called_photo = alice.create(program, filename="photo.jpg")["Location"]
    assert alice.patch(called_photo, program, 0).status_code == 422
    page = b"<html><script>alert(1)</script></html>"
    assert alice.patch(alice.create(page, kind="document")["Location"], page, 0).status_code == 422
    huge = alice.send("POST", "/api/v1/uploads", Upload_Length=str(21_000_000))
    assert huge.status_code == 413
    assert "20 MB" in huge.json()["detail"]


def test_nobody_goes_on_with_anothers_upload_or_takes_its_id(alice: Phone, world: SimpleNamespace) -> None:
    content = jpeg()
    id = str(uuid7())
    path = alice.create(content, id=id)["Location"]
    bob = Phone("bob")
    assert bob.send("HEAD", path).status_code == 404
    assert bob.patch(path, content, 0).status_code == 404
    assert bob.create(content, id=id).status_code == 422
    assert alice.create(content, id=id).status_code == 201  # the same call again


def test_of_two_connections_one_writes(alice: Phone, world: SimpleNamespace) -> None:
    person = world.as_("alice")
    bind(person)
    content = jpeg()
    row = actions.create(by=person, id=uuid7(), length=len(content), kind=Kind.PHOTO)
    seen: list[str] = []

    def read(count: int) -> bytes:
        if not seen:  # in the middle of the first connection, the second comes
            try:
                actions.receive(by=person, upload=row["id"], offset=0, read=lambda n: content[:n], length=10)
            except Exception as error:
                seen.append(type(error).__name__)
        return content[:count]

    actions.receive(by=person, upload=row["id"], offset=0, read=read, length=100)
    assert seen == ["Locked"]


def test_what_came_before_a_cut_is_kept(alice: Phone, world: SimpleNamespace) -> None:
    person = world.as_("alice")
    bind(person)
    content = jpeg()
    row = actions.create(by=person, id=uuid7(), length=len(content), kind=Kind.PHOTO)
    parts = [content[:700], content[700:900]]

    def read(_: int) -> bytes:
        if not parts:
            raise ConnectionResetError
        return parts.pop(0)

    assert actions.receive(by=person, upload=row["id"], offset=0, read=read, length=len(content))[1] == 900
    assert (folder() / str(row["id"])).stat().st_size == 900


def test_a_file_that_was_whole_when_the_server_was_killed_is_sealed_when_it_is_asked_for(
    alice: Phone, world: SimpleNamespace
) -> None:
    content = jpeg()
    path = alice.create(content)["Location"]
    (folder() / path.rsplit("/", 1)[-1]).write_bytes(content)  # written and synced, and then nothing more
    assert alice.send("HEAD", path)["Upload-Offset"] == str(len(content))
    assert row_of(path.rsplit("/", 1)[-1])["state"] == "stored"


def test_unfinished_and_unused_files_are_swept(alice: Phone, world: SimpleNamespace) -> None:
    content = jpeg()
    unfinished = alice.create(content)["Location"]
    alice.patch(unfinished, content[:100], 0)
    alone = alice.whole(content)
    with clock.at(clock.now() + actions.tus.EXPIRES * 2):
        assert actions.sweep() >= 2
    assert row_of(unfinished.rsplit("/", 1)[-1])["state"] == "refused"
    assert row_of(alone)["state"] == "erased"
    with pytest.raises(FileNotFoundError):
        from wangge.kernel import files

        files.store().read(hashlib.sha256(content).hexdigest())


@pytest.fixture
def address(real_world: SimpleNamespace) -> Iterator[str]:
    with serving() as url:
        yield url


class Cut(Exception):
    pass


def test_tuspy_uploads_200_mb_with_cuts(address: str, home: Path, tmp_path: Path) -> None:
    """An independent client; the connection breaks again and again in the middle of a part."""
    big = tmp_path / "big.mp4"
    block = os.urandom(1 << 20)
    with big.open("wb") as file:
        file.write(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41")
        for number in range(200):
            file.write(number.to_bytes(4, "big") + block)
    digest = hashlib.sha256(big.read_bytes()).hexdigest()
    upload = str(uuid7())
    device = tus.TusClient(f"{address}/api/v1/uploads", headers={"Authorization": f"Bearer {log_in('alice')}"})
    chance = random.Random(7)
    cuts = 0
    uploader = device.uploader(
        str(big),
        chunk_size=24 << 20,
        retries=10,
        retry_delay=0.05,
        metadata={"id": upload, "kind": "video", "sha256": digest},
    )
    uploader.set_url(uploader.create_url())
    uploader.offset = 0
    while uploader.offset < big.stat().st_size:
        if cuts < 6 and chance.random() < 0.5:
            cuts += 1
            _half_a_part(address, uploader, big, chance)
            uploader.offset = uploader.get_offset()
            continue
        uploader.upload_chunk()
    assert cuts == 6
    row = row_of(upload)
    assert (row["state"], row["sha256"], row["length"]) == ("stored", digest, big.stat().st_size)
    with pytest.raises(TusCommunicationError):
        device.uploader(str(big), metadata={"id": upload, "kind": "photo"}).upload()


def _half_a_part(address: str, uploader: Any, big: Path, chance: random.Random) -> None:
    """Begin a PATCH over a raw socket and hang up in its middle."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(uploader.url)
    left = big.stat().st_size - uploader.offset
    size = min(left, 8 << 20)
    with big.open("rb") as file:
        file.seek(uploader.offset)
        content = file.read(size)
    head = (
        f"PATCH {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {uploader.offset}\r\n"
        f"Content-Type: {PART}\r\nContent-Length: {size}\r\nAuthorization: {uploader.client.headers['Authorization']}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        with contextlib.suppress(OSError):  # the server may have said 409 and hung up already
            connection.sendall(head.encode() + content[: chance.randrange(1, size)])
    _until_free(uploader.url, uploader)


def _until_free(url: str, uploader: Any) -> None:
    """The server has noticed that the connection is gone."""
    from tests.support.wait import until

    name = UUID(url.rsplit("/", 1)[-1])

    def free() -> bool:
        import fcntl

        with (folder() / str(name)).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    until(free)


def test_an_empty_file_is_refused(world: SimpleNamespace) -> None:
    alice = world.as_("alice")
    bind(alice)
    with pytest.raises(Invalid):
        actions.create(by=alice, id=uuid7(), length=0, kind=Kind.PHOTO)
