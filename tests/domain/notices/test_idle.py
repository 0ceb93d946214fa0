"""What looks every second or two whether something is to be sent reads next to nothing when nothing is, whatever was sent before and however
much waits for a receiver that is away."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.domain.notices.conftest import configured
from tests.domain.notices.test_systems import subscribed, token
from tests.support.reading import pages_read
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.jobs.registry import LOOPS

MANY = 10_000
_MESSAGES = """
    WITH made AS (INSERT INTO notices_message (id, to_sealed, text_sealed, made_at, expires_at)
                  SELECT gen_random_uuid(), '', '', %(now)s, %(now)s + interval '1 day' FROM generate_series(1, %(many)s) RETURNING id)
    INSERT INTO notices_delivery (id, channel, message_id, event, status, made_at, next_at, done_at)
    SELECT gen_random_uuid(), 'sms', id, 'message', %(status)s, %(now)s, %(now)s + interval '1 hour', CASE WHEN %(status)s = 'sent' THEN %(now)s END
    FROM made"""
_EVENTS = """
    INSERT INTO notices_delivery (id, channel, webhook_id, event, pos, "case", status, made_at, next_at, done_at)
    SELECT gen_random_uuid(), 'webhook', %(hook)s, 'case.reported', n + %(from)s, gen_random_uuid(), %(status)s, %(now)s,
           %(now)s + interval '1 hour', CASE WHEN %(status)s = 'sent' THEN %(now)s END
    FROM generate_series(1, %(many)s) n"""


LOOKED_AT = ("notices by webhook", "notices by mail", "notices by sms")


def test_a_loop_that_finds_nothing_to_send_reads_a_few_pages(
    real_world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand were sent, as many wait until they are tried again; first without statistics, as after a day of many."""
    configured(
        monkeypatch,
        webhook_hosts=("127.0.0.1",),
        smtp_url="smtp://127.0.0.1:9",
        mail_from="a@futian.example",
        sms="log",
        demo=True,
    )
    hook, _ = subscribed(token(real_world, "440304"), "http://127.0.0.1:9/")
    known = {"now": clock.now(), "many": MANY, "hook": hook.id}
    with acting(SYSTEM):
        for n, status in enumerate(("sent", "waiting")):
            rows.run(_MESSAGES, known | {"status": status})
            rows.run(_EVENTS, known | {"status": status, "from": n * MANY})
    before = {name: _pages_of(name) for name in LOOKED_AT}
    rows.run("ANALYZE notices_delivery, notices_message", using="owner")
    after = {name: _pages_of(name) for name in LOOKED_AT}
    for name in LOOKED_AT:
        for pages in (before[name], after[name]):
            assert pages.get("notices_delivery"), "nothing was counted"
            assert max(pages.values()) <= 40, (name, pages)


def _pages_of(name: str) -> dict[str, int]:
    """Pages that one round of the loop reads, by table; the round before it may have planned anew."""
    did = [LOOPS[name].fn()]
    pages = pages_read(lambda: did.append(LOOPS[name].fn()), of="notices_")
    assert did[1] == 0, "nothing was to be sent"
    return pages
