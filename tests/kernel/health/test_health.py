"""The health report: levels, sentences, and who sees which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from wangge.kernel import health
from wangge.kernel.access import SYSTEM, bind
from wangge.kernel.db import rows
from wangge.kernel.jobs import state
from wangge.kernel.jobs.registry import LOOPS


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch, db: None) -> dict[str, health.Check]:
    """The registry of checks, empty, for tests that bring their own."""
    mine: dict[str, health.Check] = {}
    health.discover()
    monkeypatch.setattr(health, "_checks", mine)
    monkeypatch.setattr(health, "_kept", None)
    return mine


def test_the_report_is_as_bad_as_its_worst_finding(only: dict[str, health.Check]) -> None:
    only["a"] = lambda: None
    only["b"] = lambda: [health.ok("好。", "Good."), health.warn("小心。", "Careful.")]
    report = health.report(fresh=True)
    assert report.level == health.Level.WARN
    assert [r.level for r in report.results] == [health.Level.OK, health.Level.WARN]


def test_a_check_that_breaks_is_a_bad_finding_and_does_not_stop_the_others(only: dict[str, health.Check]) -> None:
    def breaks() -> None:
        rows.run("SELECT * FROM no_such_table")

    only["a"] = breaks
    only["b"] = lambda: health.ok("好。", "Good.")
    found = {r.name: r for r in health.report(fresh=True).results}
    assert found["a"].level == health.Level.BAD
    assert "no_such_table" not in found["a"].findings[0].words.en
    assert found["b"].level == health.Level.OK


def test_the_public_sees_levels_but_no_sentences(only: dict[str, health.Check]) -> None:
    only["a"] = lambda: health.warn("秘密。", "Secret.")
    client = Client()
    body = client.get("/api/v1/health").json()
    assert body["level"] == "warn"
    assert body["checks"] == [{"name": "a", "level": "warn"}]
    page = client.get("/health").content.decode()
    assert "秘密" not in page
    assert "注意" in page


def test_a_failing_system_answers_503_and_stays_alive(only: dict[str, health.Check]) -> None:
    only["a"] = lambda: health.bad("坏。", "Bad.")
    client = Client()
    assert client.get("/api/v1/health").status_code == 503
    assert client.get("/health").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_the_kernel_says_that_no_worker_runs(db: None) -> None:
    found = {r.name: r for r in health.report(fresh=True).results}
    assert found["worker"].level == health.Level.BAD
    assert any("wangge work" in f.words.en for f in found["worker"].findings)
    bind(SYSTEM)
    for name in [*LOOPS, "jobs"]:
        state.note("loop", name)
    found = {r.name: r for r in health.report(fresh=True).results}
    assert found["worker"].level == health.Level.OK


def test_metrics_answer_this_machine_and_nobody_through_a_proxy(db: None) -> None:
    client = Client()
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 200
    assert b"wangge_outbox_lag_seconds" in answer.content
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404


def test_archived_wal_that_nobody_backs_up_is_said(
    only: dict[str, health.Check], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    from dataclasses import replace

    from wangge.kernel.health import checks

    settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    folder = tmp_path / "pg" / "archive"
    folder.mkdir(parents=True)
    assert checks.archive()[0].level == health.Level.OK
    with (folder / "000000010000000000000001.gz").open("wb") as file:
        file.truncate(checks.ARCHIVE_WARN + 1)
    found = checks.archive()
    assert [f.level for f in found] == [health.Level.WARN, health.Level.OK]
    assert all("wangge backup" in f.words.en for f in found)


def test_the_age_of_the_last_backup_is_said_and_shipped_wal_is_nobodys_worry(
    only: dict[str, health.Check], tmp_path: Path, settings: Any
) -> None:
    from dataclasses import replace

    from wangge.kernel.db.backup import noted
    from wangge.kernel.health import checks

    settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    folder = tmp_path / "pg" / "archive"
    folder.mkdir(parents=True)
    with (folder / "000000010000000000000001.gz").open("wb") as file:
        file.truncate(checks.ARCHIVE_WARN + 1)
    later = datetime.now(UTC) + timedelta(minutes=1)
    noted.note(tmp_path, later, later - timedelta(days=9))
    (old,) = checks.archive()
    assert old.level == health.Level.WARN and "9 days old" in old.words.en and "wangge backup" in old.words.en
    noted.note(tmp_path, later, later - timedelta(days=1))
    noted.note(tmp_path, later, None)  # WAL alone: the base stays as old as it is
    (untried,) = checks.archive()
    assert untried.level == health.Level.WARN and "wangge drill" in untried.words.en
    noted.note_drill(tmp_path, later - timedelta(days=2), passed=True)
    (fresh,) = checks.archive()
    assert fresh.level == health.Level.OK and "1.0 days old" in fresh.words.en and "2.0 days ago" in fresh.words.en
    noted.note_drill(tmp_path, later - timedelta(hours=2), passed=False)
    (broken,) = checks.archive()
    assert broken.level == health.Level.BAD and "did not pass" in broken.words.en
    noted.note_drill(tmp_path, later - timedelta(hours=1), passed=True)
    assert checks.archive()[0].level == health.Level.OK
