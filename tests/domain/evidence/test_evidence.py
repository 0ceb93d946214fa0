"""What becomes of a file: clean copies, position and time as our own fields, bombs and disguises, whose it is and who sees it."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from tests.domain.cases.test_loop import step
from tests.domain.evidence.conftest import jpeg
from tests.domain.evidence.test_tus import Phone, row_of
from tests.support.world import FUBAO, category, point_in
from wangge.domain.cases import actions as cases
from wangge.domain.cases import queries as case_queries
from wangge.domain.cases.rules import Channel
from wangge.domain.catalog.actions import change_category
from wangge.domain.evidence import actions, queries, sandbox
from wangge.domain.evidence.actions import Promise
from wangge.domain.evidence.actions.process import run_sandbox
from wangge.domain.evidence.rules import Kind, Role, type_of
from wangge.kernel import clock, files, jobs
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Invalid, NotFound

HERE = (114.0053, 22.5052)


def processed(upload: str) -> dict[str, Any]:
    with acting(SYSTEM):
        actions.process(UUID(upload))
        actions.process(UUID(upload))  # twice does no harm
    return row_of(upload)


def report(person: Any, **given: Any) -> dict[str, Any]:
    bind(person)
    place = {"category": category("0101").id, "point": point_in(FUBAO + "001001")}
    return cases.report(by=person, report=cases.Report(text="路边有垃圾堆", **place, **given))[0]


def test_the_public_copy_holds_nothing_that_the_phone_wrote_and_we_keep_place_and_time(world: SimpleNamespace) -> None:
    phone = Phone("alice")
    content = jpeg((3200, 2400), gps=HERE)
    row = processed(phone.whole(content))
    assert row["state"] == "ready"
    assert (row["width"], row["height"]) == (3200, 2400)
    assert (row["lon"], row["lat"]) == (pytest.approx(HERE[0], abs=1e-5), pytest.approx(HERE[1], abs=1e-5))
    assert row["captured_at"].isoformat() == "2026-11-20T01:30:00+00:00"
    for key, edge in ((row["public"], 2560), (row["thumb"], 360)):
        copy = files.store().read(key)
        assert b"SecretPhoneMaker" not in copy
        assert b"Exif" not in copy
        with Image.open(io.BytesIO(copy)) as image:
            assert max(image.size) == edge
            assert not image.getexif()
    original = files.store().read(row["original"])
    assert hashlib.sha256(original).hexdigest() == row["sha256"]
    assert b"SecretPhoneMaker" in original


def test_a_photo_taken_elsewhere_is_marked(world: SimpleNamespace) -> None:
    phone = Phone("alice")
    near, far = phone.whole(jpeg(gps=HERE)), phone.whole(jpeg(gps=(114.05, 22.55)))
    case = report(world.as_("alice"), evidence=(Promise(UUID(near)), Promise(UUID(far))))
    for upload in (near, far):
        processed(upload)
    alice = world.as_("alice")
    bind(alice)
    shown = {e["id"]: e for e in case_queries.detail(by=alice, case=case["id"])["evidence"]}
    assert shown[UUID(near)]["far"] is False
    assert shown[UUID(near)]["metres_away"] < 60
    assert shown[UUID(far)]["far"] is True


def test_a_promised_photo_arrives_after_its_report_and_must_be_the_one_that_was_promised(
    world: SimpleNamespace,
) -> None:
    content = jpeg()
    promised = uuid7()
    case = report(world.as_("alice"), evidence=(Promise(promised, Kind.PHOTO, hashlib.sha256(content).hexdigest()),))
    alice = world.as_("alice")
    bind(alice)
    assert [e["state"] for e in case_queries.detail(by=alice, case=case["id"])["evidence"]] == ["promised"]
    phone = Phone("alice")
    other = phone.create(jpeg(), id=str(promised), sha256="1" * 64)
    assert other.status_code == 422
    assert phone.whole(content, id=str(promised)) == str(promised)
    bind(alice)
    assert [e["state"] for e in case_queries.detail(by=alice, case=case["id"])["evidence"]] == ["stored"]


def test_evidence_is_seen_by_whoever_sees_the_case_and_before_that_by_its_owner(world: SimpleNamespace) -> None:
    upload = UUID(Phone("alice").whole(jpeg()))
    processed(str(upload))
    for stranger in ("bob", "hank", "cora"):
        person = world.as_(stranger)
        bind(person)
        with pytest.raises(NotFound):
            queries.visible(by=person, upload=upload)
    report(world.as_("alice"), evidence=(Promise(upload),))
    for login, sees in (("bob", True), ("sue", True), ("cora", False), ("hank", False), ("amy", False)):
        person = world.as_(login)
        bind(person)
        if sees:
            assert queries.visible(by=person, upload=upload)["role"] == Role.REPORT
        else:
            with pytest.raises(NotFound):
                queries.visible(by=person, upload=upload)


def test_a_file_belongs_to_one_case_and_to_who_uploaded_it(world: SimpleNamespace) -> None:
    upload = Promise(UUID(Phone("alice").whole(jpeg())))
    case = report(world.as_("alice"), evidence=(upload,))
    with pytest.raises(Invalid) as twice:
        report(world.as_("alice"), evidence=(upload,))
    assert twice.value.errors[0].path == "body.evidence[0]"
    mine = Promise(UUID(Phone("bob").whole(jpeg())))
    alice = world.as_("alice")
    with pytest.raises(Invalid):
        step(alice, cases.comment, case, note="偷用别人的照片", evidence=[mine])
    noted = step(world.as_("bob"), cases.comment, case, note="现场照片", evidence=[mine])
    assert noted["version"] == case["version"] + 1


def test_what_the_category_wants_and_is_not_there_is_noted(world: SimpleNamespace) -> None:
    wanting = next(c for c in cases.dispatching.catalog.leaves() if any(e["at"] == "result" for e in c.evidence))
    bob = world.as_("bob")
    case = report(world.as_("alice"))
    case = step(bob, cases.accept, case, category=wanting.id)
    case = step(bob, cases.dispatch, case, unit=world.units.cleaners)
    hank = world.as_("hank")
    bind(hank)
    asked = next(a for a in case_queries.detail(by=hank, case=case["id"])["acts"] if a["act"] == "resolve")
    assert next(i for i in asked["inputs"] if i["name"] == "evidence")["least"]
    case = step(hank, cases.resolve, case, result="已处理")
    with acting(SYSTEM):
        last = case_queries.detail(by=SYSTEM, case=case["id"])["timeline"][-1]
    assert last["data"]["evidence_short"]


def test_what_the_category_requires_and_is_not_there_is_refused_by_number_and_kind(world: SimpleNamespace) -> None:
    needs = [
        {"at": "report", "kind": "photo", "least": 1, "required": True},
        {"at": "result", "kind": "photo", "least": 3},
        {"at": "result", "kind": "photo", "least": 2, "required": True},
    ]
    rubbish = category("0101")
    with acting(SYSTEM):
        change_category(by=SYSTEM, category=rubbish.id, version=rubbish.version, evidence=needs, self_resolve=True)
    alice, bob, hank = world.as_("alice"), world.as_("bob"), world.as_("hank")
    with pytest.raises(Invalid) as refused:
        report(alice)
    assert [(e.path, e.code) for e in refused.value.errors] == [("body.evidence", "missing")]
    assert "请再附 1 份" in refused.value.errors[0].message.zh
    assert "add 1 more" in refused.value.errors[0].message.en
    told = report(bob, channel=Channel.HOTLINE)  # a caller shows nothing
    with acting(SYSTEM):
        assert case_queries.detail(by=SYSTEM, case=told["id"])["timeline"][0]["data"]["evidence_short"] == ["photo:1"]
    case = report(alice, evidence=(Promise(uuid7()),))  # a promise counts: the phone uploads it later
    with pytest.raises(Invalid):
        step(alice, cases.self_resolve, case, result="已清走", evidence=[Promise(uuid7())])
    case = step(bob, cases.dispatch, step(bob, cases.accept, case), unit=world.units.cleaners)
    bind(hank)
    asked = next(a for a in case_queries.detail(by=hank, case=case["id"])["acts"] if a["act"] == "resolve")
    wanted = next(i for i in asked["inputs"] if i["name"] == "evidence")
    assert (wanted["least"], wanted["must"]) == ({"photo": 3}, {"photo": 2})
    recording = UUID(Phone("hank").whole(b"#!AMR\n" + bytes(100), kind="audio"))
    for evidence in (
        [Promise(uuid7())],
        [Promise(uuid7()), Promise(recording)],  # is what it was uploaded as, not what it is said to be
        [Promise(uuid7()), Promise(uuid7(), role=Role.BEFORE)],
    ):
        with pytest.raises(Invalid):
            step(hank, cases.resolve, case, result="已清走", evidence=evidence)
    case = step(hank, cases.resolve, case, result="已清走", evidence=[Promise(uuid7()), Promise(uuid7())])
    with acting(SYSTEM):
        last = case_queries.detail(by=SYSTEM, case=case["id"])["timeline"][-1]
    assert last["data"]["evidence_short"] == ["photo:1"]


def test_a_report_that_was_taken_in_is_known_when_its_category_has_come_to_require_more(world: SimpleNamespace) -> None:
    alice, given = world.as_("alice"), {"id": uuid7()}
    made = report(alice, **given)
    rubbish = category("0101")
    needs = [{"at": "report", "kind": "photo", "least": 1, "required": True}]
    with acting(SYSTEM):
        change_category(by=SYSTEM, category=rubbish.id, version=rubbish.version, evidence=needs)
    assert report(alice, **given)["number"] == made["number"]


def test_the_original_is_opened_for_a_purpose_that_is_on_record(world: SimpleNamespace) -> None:
    content = jpeg()
    phone, bob = Phone("alice"), Phone("bob")
    upload = phone.whole(content)
    report(world.as_("alice"), evidence=(Promise(UUID(upload)),))
    processed(upload)
    assert phone.send("GET", f"/api/v1/evidence/{upload}/original?purpose=看看").status_code == 403
    assert bob.send("GET", f"/api/v1/evidence/{upload}/original").status_code == 422
    answer = bob.send("GET", f"/api/v1/evidence/{upload}/original?purpose=复核取证")
    assert answer.content == content
    assert answer["Content-Disposition"].startswith("attachment")
    with acting(SYSTEM):
        assert (
            rows.value("SELECT body ->> 'purpose' FROM ledger_entry WHERE tag = 'evidence.original.opened'")
            == "复核取证"
        )


def test_copies_are_answered_in_ranges_and_cached_by_their_digest(world: SimpleNamespace) -> None:
    phone = Phone("alice")
    upload = phone.whole(jpeg((2000, 1500)))
    processed(upload)
    path = f"/api/v1/evidence/{upload}/public"
    whole = phone.send("GET", path)
    assert (whole.status_code, whole["Content-Type"]) == (200, "image/jpeg")
    assert "sandbox" in whole["Content-Security-Policy"]
    assert phone.send("GET", path, If_None_Match=whole["ETag"]).status_code == 304
    part = phone.send("GET", path, Range="bytes=100-199")
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 100-199/{len(whole.content)}")
    assert part.content == whole.content[100:200]
    assert phone.send("GET", path, Range=f"bytes={len(whole.content)}-").status_code == 416
    assert phone.send("GET", f"/api/v1/evidence/{upload}/thumb").status_code == 200


# — what is sent to do harm ————————————————————————————————————————————————————————————————————————————————————————————————


def judged(tmp_path: Path, content: bytes, kind: Kind = Kind.PHOTO) -> dict[str, Any]:
    """What the sandbox says of a file of this content."""
    source = tmp_path / "source"
    source.write_bytes(content)
    media = type_of(content[:65536], kind)
    assert media is not None
    return run_sandbox(source, str(kind), media, tmp_path)


def bomb_png(width: int, height: int) -> bytes:
    """A picture of many pixels in few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + 3 * width)
    body = b"".join(packer.compress(row) for _ in range(min(height, 200))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_picture_of_20000_by_20000_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    assert (
        "过大" in judged(tmp_path, bomb_png(20_000, 20_000))["refused"]
        or "过多" in judged(tmp_path, bomb_png(20_000, 20_000))["refused"]
    )


def test_a_damaged_photo_is_refused(tmp_path: Path) -> None:
    assert "损坏" in judged(tmp_path, jpeg()[:5000])["refused"]


def test_a_polyglot_loses_its_other_half(tmp_path: Path) -> None:
    page = b"<script>alert(1)</script>"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("evil.sh", "rm -rf /")
    found = judged(tmp_path, jpeg() + page + archive.getvalue())
    copy = (tmp_path / found["public"]).read_bytes()
    assert page not in copy
    assert b"evil.sh" not in copy


def test_a_document_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", b"0" * (64 << 20))
    assert "解压" in judged(tmp_path, bomb.getvalue(), Kind.DOCUMENT)["refused"]
    macros = io.BytesIO()
    with zipfile.ZipFile(macros, "w") as made:
        made.writestr("word/document.xml", b"x")
        made.writestr("[Content_Types].xml", b"x")
        made.writestr("word/vbaProject.bin", b"x")
    assert "宏" in judged(tmp_path, macros.getvalue(), Kind.DOCUMENT)["refused"]


def test_an_archive_that_calls_a_folder_word_is_no_document(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("password/list.txt", b"x")
    assert "压缩包" in judged(tmp_path, archive.getvalue(), Kind.DOCUMENT)["refused"]


def test_a_parser_that_dies_takes_nobody_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 10)
    found = run_sandbox(tmp_path / "missing", "photo", "image/jpeg", tmp_path)
    assert "refused" in found


def recording(tmp_path: Path, *, video: bool) -> bytes:
    """Two seconds of sound or pictures, with a position in its metadata."""
    import av
    import numpy as np

    path = tmp_path / ("made.mp4" if video else "made.ogg")
    with av.open(str(path), "w") as made:
        made.metadata["comment"] = "SecretPlace+22.5+114.0"
        if video:
            stream = made.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for number in range(20):
                frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), number * 10, dtype=np.uint8), format="rgb24")
                made.mux(stream.encode(frame))
        else:
            stream = made.add_stream("libopus", rate=48000)
            stream.layout = "mono"
            for number in range(100):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), dtype=np.int16), format="s16", layout="mono")
                frame.sample_rate, frame.pts = 48000, number * 960
                made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("video", [True, False])
def test_a_recording_gets_its_length_a_poster_and_a_copy_without_metadata(tmp_path: Path, video: bool) -> None:
    content = recording(tmp_path, video=video)
    assert b"SecretPlace" in content
    found = judged(tmp_path, content, Kind.VIDEO if video else Kind.AUDIO)
    assert found["seconds"] == pytest.approx(2, abs=0.3)
    copy = (tmp_path / found["public"]).read_bytes()
    assert b"SecretPlace" not in copy
    if video:
        with Image.open(tmp_path / found["thumb"]) as poster:
            assert poster.size == (320, 240)


def test_a_recording_of_a_browser_does_not_say_how_long_it_is_and_is_measured(tmp_path: Path) -> None:
    import av
    import numpy as np

    path = tmp_path / "made.webm"
    with av.open(str(path), "w", format="webm", options={"live": "1"}) as made:
        stream = made.add_stream("libopus", rate=48000)
        stream.layout = "mono"
        for number in range(150):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), dtype=np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48000, number * 960
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    with av.open(str(path)) as given:
        assert given.duration is None
    assert judged(tmp_path, path.read_bytes(), Kind.AUDIO)["seconds"] == pytest.approx(3, abs=0.1)


def test_an_infected_file_is_put_into_quarantine(world: SimpleNamespace, settings: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    scanner = tmp_path / "scan.sh"
    scanner.write_text('#!/bin/sh\ngrep -q SecretPhoneMaker "$1" && exit 1\nexit 0\n')
    settings.CONFIG = replace(settings.CONFIG, antivirus=f"sh {scanner}")
    row = processed(Phone("alice").whole(jpeg()))
    assert row["state"] == "quarantined"
    alice = world.as_("alice")
    with pytest.raises(Invalid):
        report(alice, evidence=(Promise(row["id"]),))


def test_the_bytes_of_a_document_are_answered_to_nobody_before_it_was_scanned_nor_out_of_quarantine(
    world: SimpleNamespace, settings: Any, tmp_path: Path
) -> None:
    from dataclasses import replace

    scanner = tmp_path / "scan.sh"
    scanner.write_text('#!/bin/sh\ngrep -q INFECTED "$1" && exit 1\nexit 0\n')
    settings.CONFIG = replace(settings.CONFIG, antivirus=f"sh {scanner}")
    phone, bob = Phone("alice"), Phone("bob")
    infected = phone.whole(b"%PDF-1.4 INFECTED", kind="document")
    clean = phone.whole(b"%PDF-1.4 clean", kind="document")
    report(world.as_("alice"), evidence=(Promise(UUID(infected), Kind.DOCUMENT), Promise(UUID(clean), Kind.DOCUMENT)))

    def answers(upload: str) -> list[int]:
        paths = ("public", "original?purpose=复核取证")
        return [bob.send("GET", f"/api/v1/evidence/{upload}/{path}").status_code for path in paths]

    assert answers(infected) == answers(clean) == [404, 404]
    assert processed(infected)["state"] == "quarantined"
    assert processed(clean)["state"] == "ready"
    assert answers(infected) == [404, 404]
    assert answers(clean) == [200, 200]


def test_a_promised_photo_that_was_damaged_on_its_way_or_came_late_may_still_come(world: SimpleNamespace) -> None:
    content, promised = jpeg(), uuid7()
    report(world.as_("alice"), evidence=(Promise(promised, Kind.PHOTO, hashlib.sha256(content).hexdigest()),))
    phone = Phone("alice")
    path = phone.create(content, id=str(promised))["Location"]
    assert phone.patch(path, content[:-1] + b"x", 0).status_code == 422
    assert row_of(str(promised))["state"] == "promised"
    assert phone.patch(path, content, 0).status_code == 404  # nobody has said how long it is
    assert phone.create(content, id=str(promised)).status_code == 201
    assert phone.patch(path, content[:100], 0).status_code == 204
    with clock.at(clock.now() + actions.tus.EXPIRES * 2):
        actions.sweep()
    assert row_of(str(promised))["state"] == "promised"
    assert phone.whole(content, id=str(promised)) == str(promised)
    assert row_of(str(promised))["state"] == "stored"


def test_a_file_whose_copies_were_given_up_is_begun_anew_by_the_hour(world: SimpleNamespace) -> None:
    upload = Phone("alice").whole(jpeg())
    with clock.at(clock.now() + actions.keeping.PROCESSED * 2):
        assert actions.sweep() == 1
        assert jobs.waiting("evidence.process", upload=upload)
        assert actions.sweep() == 0, "a second job for a file that has one"
        assert processed(upload)["state"] == "ready"
        rows.run("DELETE FROM procrastinate_jobs")
        assert actions.sweep() == 0


def test_bytes_that_no_row_names_are_tidied_away_and_no_others(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = processed(Phone("alice").whole(jpeg((900, 700))))
    named = {row["original"], row["public"], row["thumb"]}
    assert len(named) == 3
    strays = set()
    for n in range(4):
        (tmp_path / "stray").write_bytes(b"stray %d" % n)
        strays.add(hashlib.sha256(b"stray %d" % n).hexdigest())
        files.store().keep(tmp_path / "stray", hashlib.sha256(b"stray %d" % n).hexdigest())
    monkeypatch.setattr(actions.keeping, "AT_ONCE", 2)

    def kept() -> set[str]:
        return {key for key, _ in files.store().all()}

    before = kept()
    assert before >= named | strays
    assert actions.tidy_store() == 0, "a file may be younger than its row"
    with clock.at(clock.now() + actions.keeping.YOUNG * 2):
        assert actions.tidy_store() >= len(strays)
    assert kept() & (named | strays) == named


def test_erased_content_is_gone_and_its_digest_stays(world: SimpleNamespace) -> None:
    upload = Phone("alice").whole(jpeg())
    row = processed(upload)
    with acting(SYSTEM):
        assert actions.erase(by=SYSTEM, upload=UUID(upload), policy="保存期满")
        assert not actions.erase(by=SYSTEM, upload=UUID(upload), policy="保存期满")
    after = row_of(upload)
    assert (after["state"], after["sha256"], after["public"], after["lon"]) == ("erased", row["sha256"], None, None)
    for key in (row["original"], row["public"], row["thumb"]):
        assert files.store().size(key) is None
