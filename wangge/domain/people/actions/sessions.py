"""Log-in and log-out: password, lock-out by person and by network, sessions and their end.

An attempt is counted *before* the password is looked at, each in a transaction of its own: a hundred guesses at once are a hundred
failures, and what was counted stays when the answer is an error. A right password takes its count back.
"""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from wangge.domain.people import passwords, rules
from wangge.domain.people.actions.authenticate import digest, factor_required, posts_at
from wangge.domain.people.models import Credential, Session
from wangge.domain.people.tags import PeopleEvent, PeopleTag
from wangge.kernel import clock, crypto, ledger, outbox
from wangge.kernel.access import PUBLIC_PERSON, Principal
from wangge.kernel.access.roles import Role
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Forbidden, Invalid, NotFound, TooMany, Unauthorized
from wangge.kernel.words import Words

WRONG = Words("登录名或密码不正确。", "The log-in or the password is not right.")
SWITCHED_OFF = Words(
    "本系统已关闭口令登录，请使用统一身份认证。", "Log-in by password is switched off here: use single sign-on."
)
EXPIRED = Words(
    f"首次密码已超过 {rules.FIRST_PASSWORD_HOLDS.days} 天，不再有效，请联系安全管理员重置。",
    f"A first password holds for {rules.FIRST_PASSWORD_HOLDS.days} days, and this one is older: ask the security administrator for another.",
)
NO_SESSION = Words("没有这个登录，或已结束。", "There is no such log-in, or it has ended.")


class LogIn(NamedTuple):
    """``token`` is for the device alone; ``pending`` says what is still to be done before it may be used."""

    token: str
    session: UUID
    pending: str | None
    expires: datetime


def log_in(*, by: Principal = PUBLIC_PERSON, login: str, password: str, address: str | None, device: str = "") -> LogIn:
    """Open a session, in place of the one that asks. Unauthorized for an unknown, inactive or wrong log-in (all the same, in the same
    time), for everybody but who was let in on the command line where log-in by password is switched off, and for a first password that
    was left lying too long; TooMany when locked."""
    login = rules.normal_login(login)[:64]
    network = Attempt.begin("network", rules.network_of(address), rules.BY_NETWORK)
    person = Attempt.begin("person", login, rules.BY_PERSON)
    row = rows.one(
        """SELECT u.id, u.name, u.active AND (%(open)s OR coalesce(c.let_in_until > %(now)s, FALSE)) AS may,
                  c.password, c.must_change, c.factor_at IS NOT NULL AS has_factor,
                  c.must_change AND c.password_at < %(now)s - %(holds)s AS expired
           FROM people_user u LEFT JOIN people_credential c ON c.user_id = u.id WHERE u.login = %(login)s""",
        {
            "login": login,
            "open": settings.CONFIG.local_login,
            "now": clock.now(),
            "holds": rules.FIRST_PASSWORD_HOLDS,
        },
    )
    right = passwords.is_right(password, row["password"] if row and row["may"] else None)
    if not right or row is None:
        failed(row, person, address)
        raise Unauthorized(WRONG if settings.CONFIG.local_login else SWITCHED_OFF)
    person.forgive(entirely=True)
    network.forgive()
    if row["expired"]:
        raise Unauthorized(EXPIRED)
    return open_session(row, before=by, address=address, device=device)


def open_session(
    row: dict[str, Any],
    *,
    before: Principal,
    address: str | None,
    device: str,
    provider_session: str | None = None,
    passed: bool = False,
) -> LogIn:
    """A session for whoever has shown who they are. ``row``: id, name, must_change and has_factor of the person; ``before``: who asked,
    whose own session ends, as one browser has one; ``provider_session``: given when the provider of single sign-on said so; ``passed``: it saw a second factor."""
    now = clock.now()
    roles = frozenset(g.role for g in posts_at(row["id"], now))
    life = life_of(roles)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if before.session:
            _end(before, user=before.id, how="replaced", only=before.session)
        session = Session.objects.create(
            token_hash=digest(token),
            user_id=row["id"],
            created_at=now,
            last_seen=now,
            idle=life.idle,
            expires_at=now + life.absolute,
            address=address,
            device=_printable(device)[:80],
            factor_at=now if passed else None,
            provider_session=provider_session,
        )
        me = Principal(kind="user", id=row["id"], name=row["name"], session=session.id)
        ledger.append(
            by=me,
            tag=PeopleTag.LOGGED_IN,
            kind="user",
            subject=row["id"],
            body={} if provider_session is None else {"sso": True},
            personal={"address": address},
        )
    pending = rules.pending_step(
        has_factor=row["has_factor"],
        passed=passed,
        must_change=bool(row["must_change"]) and provider_session is None,
        required=factor_required(roles),
    )
    return LogIn(token, session.id, pending, session.expires_at)


def renew(*, by: Principal) -> LogIn:
    """Another token for the session that asks: what was known of it before the second factor opens nothing any more."""
    token = secrets.token_urlsafe(32)
    expires = rows.value(
        "UPDATE people_session SET token_hash = %(hash)s WHERE id = %(id)s AND ended_at IS NULL RETURNING expires_at",
        {"hash": digest(token), "id": by.session},
    )
    if expires is None or by.session is None:
        raise Unauthorized(NO_SESSION)
    return LogIn(token, by.session, None, expires)


def life_of(roles: frozenset[Role]) -> rules.Life:
    """How long a session of these roles lasts; desks by the installation's settings, grid staff's phones by ``rules``."""
    if rules.session_life(roles) is rules.FIELD_LIFE:
        return rules.FIELD_LIFE
    return rules.Life(timedelta(minutes=settings.CONFIG.idle_minutes), timedelta(hours=settings.CONFIG.session_hours))


def failed(row: dict[str, Any] | None, person: Attempt, address: str | None) -> None:
    """Write the failure down. What was typed is not: people type their password into the wrong field."""
    subject = row["id"] if row else None
    with transaction.atomic():
        ledger.append(
            by=PUBLIC_PERSON,
            tag=PeopleTag.LOGIN_FAILED,
            kind="user" if row else "login",
            subject=subject,
            body={"known": row is not None},
            personal={"address": address},
        )
        if person.locked_until:
            ledger.append(
                by=PUBLIC_PERSON,
                tag=PeopleTag.LOGIN_LOCKED,
                kind="user" if row else "login",
                subject=subject,
                body={"failures": person.failures, "until": person.locked_until.isoformat()},
            )


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


class Attempt:
    """One attempt, counted against a person or a network. The row is shared by every process."""

    def __init__(self, key: bytes, failures: int, locked_until: datetime | None) -> None:
        self.key, self.failures, self.locked_until = key, failures, locked_until

    @classmethod
    def begin(cls, kind: str, what: str, throttle: rules.Throttle) -> Attempt:
        """Count an attempt as a failure; TooMany while the key is locked (which counts nothing and prolongs nothing)."""
        key, now, mine = _key(kind, what), clock.now(), uuid7()
        waits = [throttle.wait(n) for n in range(throttle.free, throttle.free + 24)]
        row = rows.one(
            """
            INSERT INTO people_throttle AS t (key, failures, last_at, locked_until, attempt)
            VALUES (%(key)s, 1, %(now)s, NULL, %(mine)s)
            ON CONFLICT (key) DO UPDATE SET (failures, last_at, locked_until, attempt) = (
                SELECT CASE WHEN shut THEN t.failures ELSE n END,
                       CASE WHEN shut THEN t.last_at ELSE %(now)s END,
                       CASE WHEN shut THEN t.locked_until
                            WHEN n >= %(free)s THEN %(now)s + (%(waits)s::interval[])[least(n - %(free)s + 1, 24)] END,
                       CASE WHEN shut THEN t.attempt ELSE %(mine)s END
                FROM (SELECT coalesce(t.locked_until > %(now)s, FALSE) AS shut,
                             CASE WHEN t.last_at < %(now)s - %(window)s THEN 1 ELSE t.failures + 1 END AS n) x)
            RETURNING failures, locked_until, attempt
            """,
            {"key": key, "now": now, "mine": mine, "free": throttle.free, "waits": waits, "window": throttle.window},
        )
        assert row is not None
        if row["attempt"] != mine:
            raise locked(row["locked_until"] - now)
        return cls(key, row["failures"], row["locked_until"])

    def forgive(self, *, entirely: bool = False) -> None:
        """The attempt was right: it does not count, and with ``entirely`` the failures before it do not either."""
        if entirely:
            rows.run("DELETE FROM people_throttle WHERE key = %(key)s", {"key": self.key})
        else:
            rows.run(
                """UPDATE people_throttle SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE key = %(key)s""",
                {"key": self.key},
            )


def forget_failures(kind: str, what: str) -> None:
    rows.run("DELETE FROM people_throttle WHERE key = %(key)s", {"key": _key(kind, what)})


def _key(kind: str, what: str) -> bytes:
    return crypto.lookup_hash(f"throttle.{kind}", what)


def locked(wait: timedelta) -> TooMany:
    """429 with when to try again."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    minutes = -(-seconds // 60)
    return TooMany(
        Words(
            f"失败次数过多，请在 {minutes} 分钟后重试。忘记密码请联系安全管理员。",
            f"Too many failures. Try again in {minutes} minute{'s' if minutes > 1 else ''}. "
            "If you forgot the password, ask your security administrator.",
        ),
        extra={"retry_after": seconds},
    )


def device_keys(*, by: Principal, device: UUID) -> list[bytes]:
    """What opens the work that a person's phone holds sealed (32 bytes each, the present one first). Nothing is stored: a keyed hash of
    person and phone, so that it is the same at each log-in, and is not given any more once the account is closed."""
    return crypto.lookup_hashes("field.device", f"{by.id} {device}")


# — the end ————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def end_session(*, by: Principal, session: UUID) -> None:
    """End one of one's own sessions. NotFound for anybody else's."""
    if _end(by, user=by.id, how="own", only=session) == 0:
        raise NotFound(NO_SESSION)


def end_other_sessions(*, by: Principal) -> int:
    """End all of one's own sessions but the one that asks. Returns how many."""
    return _end(by, user=by.id, how="own", but=by.session)


def log_out(*, by: Principal) -> None:
    """End the session that asks; nothing when it has ended already."""
    if by.session:
        _end(by, user=by.id, how="log-out", only=by.session)


def end_all_of(by: Principal, user: UUID, how: str) -> int:
    """End every session of a person: inside the act that is the reason for it."""
    return _end(by, user=user, how=how)


def end_one_of(by: Principal, user: UUID, session: UUID, how: str) -> int:
    """End one session of a person, when the provider of single sign-on says that it is over."""
    return _end(by, user=user, how=how, only=session)


def _end(by: Principal, *, user: UUID | None, how: str, only: UUID | None = None, but: UUID | None = None) -> int:
    with transaction.atomic():
        ended = rows.all(
            """UPDATE people_session SET ended_at = %(now)s, ended_by = %(how)s
               WHERE user_id = %(user)s AND ended_at IS NULL AND (%(only)s::uuid IS NULL OR id = %(only)s)
                 AND (%(but)s::uuid IS NULL OR id <> %(but)s)
               RETURNING id""",
            {"now": clock.now(), "how": how, "user": user, "only": only, "but": but},
        )
        if ended:
            ledger.append(
                by=by, tag=PeopleTag.LOGGED_OUT, kind="user", subject=user, body={"count": len(ended), "how": how}
            )
            # The live stream of an ended session is cut by whoever holds it.
            outbox.emit(
                PeopleEvent.SESSION_ENDED, kind="user", subject=user, body={"sessions": [str(r["id"]) for r in ended]}
            )
    return len(ended)


# — password —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


def change_password(*, by: Principal, current: str, new: str) -> None:
    """Change one's own password; the other sessions end. Unauthorized for a wrong present one (counted like a log-in)."""
    if by.pending == "second_factor":
        raise Forbidden(rules.STEP_WORDS["second_factor"], extra={"pending": by.pending})
    login = rows.value("SELECT login FROM people_user WHERE id = %(id)s", {"id": by.id})
    attempt = Attempt.begin("person", login, rules.BY_PERSON)
    credential = Credential.objects.get(user_id=by.id)
    if not passwords.is_right(current, credential.password):
        failed({"id": by.id}, attempt, None)
        raise wrong_field("body.current", "现密码不正确", "The present password is not right.")
    attempt.forgive(entirely=True)
    passwords.check(new, login=login, name=by.name, path="body.new")
    if passwords.is_right(new, credential.password):
        raise wrong_field("body.new", "新密码不能与现密码相同", "The new password must differ from the present one.")
    stored = passwords.hashed(new)
    with transaction.atomic():
        Credential.objects.filter(user_id=by.id).update(password=stored, password_at=clock.now(), must_change=False)
        ledger.append(by=by, tag=PeopleTag.PASSWORD_CHANGED, kind="user", subject=by.id)
        _end(by, user=by.id, how="password", but=by.session)


def wrong_field(path: str, zh: str, en: str) -> Invalid:
    """422 for a secret that had to be given again and is not right."""
    return Invalid.field(path, "wrong", zh, en)
