"""Mail and SMS are sent by loops of the worker: notices, the codes that confirm an address, messages to residents. Whether a person may still see the case is asked again when it is sent: hours may have passed
since it was queued."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import orjson
from django.conf import settings

from wangge.domain.cases.rules import Status
from wangge.domain.notices import addresses, people_sql
from wangge.domain.notices.actions.confirming import FIELDS, VALID
from wangge.domain.notices.actions.outcomes import BUDGET, LEASE, Outcome, drop, give_up_lost, note
from wangge.domain.notices.channels import Failed, NotConfigured, mail, sms
from wangge.domain.notices.rules import Case, Channel, GridChange, masked_title, say, say_of_grids
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.words import Words

AT_ONCE = 50

_LOAD = f"""
    WITH queued AS (SELECT d.id, d.notice_id, n.person FROM notices_delivery d JOIN notices_notice n ON n.id = d.notice_id WHERE d.id = ANY(%(ids)s)),
    {people_sql.held("queued")}
    SELECT d.id, n.person, u.language, n.event, n.read_at, n.facts ->> 'status' AS status,
           (n.facts ->> 'due_at')::timestamptz AS due_at, c.number, c.title, c.confidential,
           f.email_sealed, f.email_confirmed_at, f.mobile_sealed, f.mobile_confirmed_at, {people_sql.may_see("n.person")} AS may
    FROM queued d JOIN notices_notice n ON n.id = d.notice_id JOIN people_user u ON u.id = n.person
    JOIN cases_case c ON c.district = n.district AND c.id = n."case" LEFT JOIN notices_preference f ON f.person = n.person"""

_LOAD_GRIDS = f"""
    WITH queued AS (SELECT d.id, d.notice_id, n.person FROM notices_delivery d JOIN notices_notice n ON n.id = d.notice_id
                    WHERE d.id = ANY(%(ids)s) AND n.change IS NOT NULL),
    {people_sql.held("queued", "keepers")}
    SELECT d.id, n.person, u.language, n.event, n.read_at, g.old, g.due_at, g.fault,
           f.email_sealed, f.email_confirmed_at, f.mobile_sealed, f.mobile_confirmed_at, {people_sql.may_keep("n.person", "g")} AS may
    FROM queued d JOIN notices_notice n ON n.id = d.notice_id JOIN people_user u ON u.id = n.person
    JOIN places_plannedchange g ON g.id = n.change LEFT JOIN notices_preference f ON f.person = n.person"""

_CODES = """
    SELECT d.id, k.id AS confirmation, k.person, u.language, k.code_sealed, k.code_sealed IS NOT NULL AND k.expires_at > %(now)s AS holds,
           f.email_sealed, f.mobile_sealed
    FROM notices_delivery d JOIN notices_confirmation k ON k.id = d.confirmation_id JOIN people_user u ON u.id = k.person AND u.active
    JOIN notices_preference f ON f.person = k.person WHERE d.id = ANY(%(ids)s)"""


_MESSAGES = """
    SELECT d.id, m.id AS message, m.to_sealed, m.text_sealed, m.expires_at > %(now)s AS holds
    FROM notices_delivery d JOIN notices_message m ON m.id = d.message_id WHERE d.id = ANY(%(ids)s)"""


def send_personal(channel: Channel) -> int:
    """Send what is due by mail or SMS. Returns how many were accepted; 0 when the channel is not configured: then it waits."""
    with acting(SYSTEM):
        if not configured(channel):
            return 0
        give_up_lost(channel)
        claimed = rows.all(
            """UPDATE notices_delivery d SET claimed_until = %(until)s, tries = tries + 1 FROM (
                   SELECT id FROM notices_delivery WHERE channel = %(channel)s AND status = 'waiting' AND next_at <= %(now)s
                      AND (claimed_until IS NULL OR claimed_until < %(now)s)
                   ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED) c
               WHERE d.id = c.id RETURNING d.*""",
            {"channel": str(channel), "now": clock.now(), "until": clock.now() + LEASE, "most": AT_ONCE},
        )
        if not claimed:
            return 0
        claimed.sort(key=lambda d: (d["next_at"], d["id"]))
        found = _about(claimed)
        ready: list[Row] = []
        for delivery in claimed:
            about = found.get(delivery["id"])
            reason = _not_any_more(about, channel) if about else "the account is closed"
            if about is None or reason:
                drop(delivery, reason)
            else:
                ready.append(delivery | about)
        sent = 0

        def put(outcome: Outcome) -> None:
            nonlocal sent
            sent += note(outcome)

        try:
            if channel == Channel.EMAIL:
                _by_mail(ready, put)
            else:
                _by_sms(ready, put)
        except Failed as failed:  # nobody could be written to: that is no fault of any of them
            for delivery in ready:
                put(Outcome(delivery, failed=failed, untouched=True))
        return sent


def _about(claimed: list[Row]) -> dict[UUID, Row]:
    """What each delivery is of and to whom, by its id: a statement for each kind that is among them."""
    notices = [d["id"] for d in claimed if d["notice_id"] is not None]
    codes = [d["id"] for d in claimed if d["confirmation_id"] is not None]
    messages = [d["id"] for d in claimed if d["message_id"] is not None]
    found: list[Row] = []
    for load in (_LOAD, _LOAD_GRIDS) if notices else ():
        found += rows.all(load, people_sql.params(clock.now()) | {"ids": notices})
    found += rows.all(_CODES, {"ids": codes, "now": clock.now()}) if codes else []
    found += rows.all(_MESSAGES, {"ids": messages, "now": clock.now()}) if messages else []
    return {row["id"]: row for row in found}


def configured(channel: Channel) -> bool:
    """Whether the settings name a way for this channel. Invalid when they name one that cannot be."""
    config = settings.CONFIG
    if channel == Channel.EMAIL:
        return mail.configured(config.smtp_url, config.mail_from)
    if channel == Channel.SMS:
        try:
            sms.adapter(config.sms)
        except NotConfigured:
            return False
    return True


def _by_mail(ready: list[Row], put: Callable[[Outcome], None]) -> None:
    if not ready:
        return
    config = settings.CONFIG
    with mail.mailbox(config.smtp_url, config.mail_from) as box:

        def send(row: Row) -> None:
            text = _text(row)
            box.send(
                to=addresses.opened(row["person"], "email", row["email_sealed"]),
                subject=text if row["notice_id"] else _CODE_SUBJECT.say(row["language"]),
                text=text + "\n\n" + _FOOT.say(row["language"]),
                key=str(row["id"]),
                at=clock.now(),
            )

        _to_each(ready, send, put)


def _by_sms(ready: list[Row], put: Callable[[Outcome], None]) -> None:
    operator = sms.adapter(settings.CONFIG.sms)

    def send(row: Row) -> None:
        if row["message_id"] is not None:
            to = addresses.opened_message(row["message"], "to_sealed", row["to_sealed"])
        else:
            to = addresses.opened(row["person"], "mobile", row["mobile_sealed"])
        operator.send(to=to, text=_text(row), key=str(row["id"]))

    _to_each(ready, send, put)


def _to_each(ready: list[Row], send: Callable[[Row], None], put: Callable[[Outcome], None]) -> None:
    """One person's wrong address stops nobody else's; a server that is gone stops all."""
    gone = False
    started = time.monotonic()
    for row in ready:
        if gone or time.monotonic() - started > BUDGET * 3:
            put(Outcome(row, untouched=True))
            continue
        try:
            send(row)
            put(Outcome(row))
        except Failed as failed:
            gone = failed.unreachable
            put(Outcome(row, failed=failed))
        except Exception as error:
            put(Outcome(row, failed=Failed(type(error).__name__)))


_FOOT = Words(
    "此邮件由网格化服务管理平台自动发出，请勿回复。登录后可查看详情，或在“通知设置”中调整接收方式。",
    "This mail was sent by the grid service platform; do not reply. Log in for details, or to change how you are told.",
)


_CODE_SUBJECT = Words("请确认您的邮箱地址", "Confirm your e-mail address")
_CODE = Words(
    "验证码 {code}，用于确认接收网格化服务管理平台通知的地址，{minutes} 分钟内有效。如非本人操作，请忽略。",
    "Your code is {code}. It confirms this address for notices of the grid service platform and holds for {minutes} minutes. "
    "If you did not ask for it, ignore this message.",
)


def _text(row: Row) -> str:
    if row["message_id"] is not None:
        return addresses.opened_message(row["message"], "text_sealed", row["text_sealed"])
    if row["notice_id"] is None:
        code = addresses.opened_code(row["confirmation"], row["code_sealed"])
        return _CODE.fill(code=code, minutes=int(VALID.total_seconds() // 60)).say(row["language"])
    if "fault" in row:
        why = Words(**orjson.loads(row["fault"]))
        change = GridChange(row["old"], row["due_at"], why, settings.CONFIG.zone)
        return say_of_grids(row["event"], change).say(row["language"])
    case = Case(
        number=row["number"],
        title=masked_title(row["title"], confidential=row["confidential"]),
        status=Status(row["status"]).words,
        due_at=row["due_at"],
        zone=settings.CONFIG.zone,
    )
    return say(row["event"], case).say(row["language"])


def _not_any_more(about: Row, channel: Channel) -> str | None:
    """Why something that was queued is not to be sent now: hours may have passed."""
    field = FIELDS[channel]
    if "message" in about:
        return None if about["holds"] else "it came too late to be of use"
    if "holds" in about:
        return None if about["holds"] and about[f"{field}_sealed"] is not None else "the code holds no more"
    if not about["may"]:
        return "may not see it any more"
    if about["read_at"] is not None:
        return "read in the app"
    if about[f"{field}_confirmed_at"] is None:
        return "no confirmed address any more"
    return None
