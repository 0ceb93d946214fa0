"""The disk of the data fills up: first nothing more is taken in, then the database stops; with room again it goes on by itself, nothing lost."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import httpx
import psycopg

from tests.support.burst import Burst
from tests.support.furnished import furnished, token_of
from tests.support.invariants import database, whole
from tests.support.program import Running
from tests.support.room import Filler, run_in_small_room
from tests.support.wait import until
from tests.support.world import FUBAO, point_in
from wangge.kernel.ids import uuid7

MEGABYTES = 700


def test_a_disk_that_fills_up_refuses_first_then_stops_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    run_in_small_room(
        f"from tests.system.test_full_disk import fills_up; fills_up({str(tmp_path / 'small')!r})",
        tmp_path / "small",
        megabytes=MEGABYTES,
    )


def fills_up(folder: str) -> None:
    running, filler = Running(Path(folder) / "here", env={"WANGGE_DEMO": "true"}), Filler(Path(folder))
    running.home.mkdir()
    running.start()
    try:
        category = furnished(running)
        _nearly_full(running, filler, category)
        _full(running, filler, category)
    finally:
        filler.go()
        running.stop()


def _nearly_full(running: Running, filler: Filler, category: str) -> None:
    """While there is still room for the database itself, it is asked for no more: reading goes on, writing is refused with a sentence."""
    headers = {"Authorization": f"Bearer {token_of(running, 'alice')}", "Accept-Language": "zh"}
    lon, lat = point_in(FUBAO + "001001")
    report = {"id": str(uuid7()), "text": "路边有垃圾堆", "category": category, "point": {"lon": lon, "lat": lat}}
    with httpx.Client(base_url=f"{running.address}/api/v1", headers=headers, timeout=20) as alice:
        filler.leave(60)
        refused = until(
            lambda: (a := alice.post("/cases", json={**report, "id": str(uuid7())})).status_code == 507 and a
        )
        assert "数据盘已满" in refused.json()["detail"] and int(refused.headers["Retry-After"]) > 0
        assert alice.get("/cases").status_code == 200
        health = alice.get("/health").json()
        assert [c["level"] for c in health["checks"] if c["name"] == "disk"] == ["bad"]
        assert "GiB" in next(c for c in health["checks"] if c["name"] == "disk")["findings"][0]["text"]
        token_of(running, "bob")  # whoever is to make room can still log in
        filler.go()
        until(lambda: alice.post("/cases", json=report).status_code == 201)


def _full(running: Running, filler: Filler, category: str) -> None:
    """No byte is left, and something in the database wants some: it stops, and so does everything; then there is room again."""
    burst = Burst(running.address, category)
    try:
        until(lambda: burst.journal.count > 20, 120)
        filler.leave(0)
        for _ in range(3):
            with suppress(psycopg.Error, AssertionError), database(running) as sql:
                sql.execute("CREATE TABLE IF NOT EXISTS hungry (x text)")
                sql.execute("INSERT INTO hungry SELECT repeat(md5(n::text), 60) FROM generate_series(1, 200000) n")
        with suppress(OSError):  # 503 says the same
            running.get("/api/v1/health")
        acknowledged = burst.journal.count
        filler.go()
        until(lambda: burst.journal.count > acknowledged + 20, 180)
    finally:
        filler.go()
        journal = burst.stop()
    whole(running, journal)
    assert "No space left on device" in "".join(
        log.read_text("utf-8", "replace") for log in (running.home / "var" / "pg" / "log").glob("*.log")
    ), "the database never met the end of the disk"
