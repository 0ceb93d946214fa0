"""The second factor: begun, confirmed by a first code, shown at log-in, removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access, factor, passwords, rules
from wangge.domain.people.actions.authenticate import factor_required
from wangge.domain.people.actions.sessions import Attempt, end_all_of, wrong_field
from wangge.domain.people.models import Credential, Session
from wangge.domain.people.tags import PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.problems import Conflict, Forbidden, Unauthorized
from wangge.kernel.words import Words

WRONG_CODE = Words(
    "验证码不正确或已使用过，请等待下一个验证码。", "The code is not right or was used before; wait for the next one."
)


def begin_factor(*, by: Principal, password: str) -> dict[str, Any]:
    """A new secret, not yet in force: as text, as the URI of the QR code, and the code drawn as SVG. Asks for the password again, so
    that a session left open does not give the account away. Conflict when a factor is in force (remove it first)."""
    _not_before(by, "second_factor", "password")
    login = _password_again(by, password)
    secret = factor.new_secret()
    done = Credential.objects.filter(user_id=by.id, factor_at=None).update(
        factor_sealed=factor.seal(secret, _own(by)), factor_step=0
    )
    if not done:
        raise Conflict(
            Words(
                "已绑定动态验证码；如需更换，请先解除。",
                "A second factor is in force; remove it before setting up another.",
            )
        )
    uri = factor.uri(secret, login)
    return {"secret": secret, "uri": uri, "qr_svg": factor.qr_svg(uri)}


def confirm_factor(*, by: Principal, code: str) -> list[str]:
    """Put the secret in force by a first right code. Returns the recovery codes: shown once, kept as hashes."""
    _not_before(by, "second_factor", "password")
    _check_code(by, code, confirming=True)
    codes = factor.new_recovery_codes()
    now = clock.now()
    with transaction.atomic():
        done = Credential.objects.filter(user_id=by.id, factor_at=None).update(
            factor_at=now, recovery=[factor.recovery_hash(_own(by), c) for c in codes]
        )
        if not done:
            raise Conflict(Words("动态验证码已绑定。", "The second factor is in force already."))
        Session.objects.filter(id=by.session).update(factor_at=now)
        ledger.append(by=by, tag=PeopleTag.FACTOR_SET, kind="user", subject=by.id)
    return codes


def show_factor(*, by: Principal, code: str) -> None:
    """Finish a log-in by a code of the authenticator or by a recovery code (each once). Unauthorized when wrong, TooMany when locked."""
    _check_code(by, code, confirming=False)
    Session.objects.filter(id=by.session, ended_at=None).update(factor_at=clock.now())


def renew_recovery_codes(*, by: Principal, password: str) -> list[str]:
    """Ten new recovery codes; the old ones are void."""
    _password_again(by, password)
    codes = factor.new_recovery_codes()
    with transaction.atomic():
        done = Credential.objects.filter(user_id=by.id, factor_at__isnull=False).update(
            recovery=[factor.recovery_hash(_own(by), c) for c in codes]
        )
        if not done:
            raise Conflict(Words("尚未绑定动态验证码。", "No second factor is set up."))
        ledger.append(by=by, tag=PeopleTag.RECOVERY_RENEWED, kind="user", subject=by.id)
    return codes


def remove_factor(*, by: Principal, password: str) -> None:
    """Remove one's own factor. Forbidden where the posts require one: then it is replaced by the security administrator's reset."""
    if factor_required(by.roles):
        raise Forbidden(
            Words(
                "您的岗位须使用双因素登录。更换手机请联系安全管理员重置。",
                "Your post needs a second factor. For a new phone ask the security administrator for a reset.",
            )
        )
    login = _password_again(by, password)
    with transaction.atomic():
        _clear(_own(by))
        ledger.append(by=by, tag=PeopleTag.FACTOR_REMOVED, kind="user", subject=by.id, body={"login": login})


@transaction.atomic
def reset_factor(*, by: Principal, user: UUID) -> None:
    """Remove somebody's factor (a lost phone); their sessions end, and the next log-in asks to set up a new one."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    _not_oneself(by, user)
    _clear(user)
    end_all_of(by, user, "factor-reset")
    ledger.append(by=by, tag=PeopleTag.FACTOR_REMOVED, kind="user", subject=user, body={"login": row.login})


def _not_oneself(by: Principal, user: UUID) -> None:
    if by.id == user:
        raise Forbidden(
            Words(
                "不能为自己办理，请由另一位安全管理员办理。",
                "Nobody does this for themselves; another security administrator has to.",
            )
        )


def _clear(user: UUID) -> None:
    Credential.objects.filter(user_id=user).update(factor_sealed=None, factor_at=None, factor_step=0, recovery=[])


def _not_before(by: Principal, *steps: str) -> None:
    if by.pending in steps:
        raise Forbidden(rules.STEP_WORDS[by.pending], extra={"pending": by.pending})


def _own(by: Principal) -> UUID:
    assert by.id is not None
    return by.id


def _password_again(by: Principal, password: str) -> str:
    """Check the asker's password, counted like a log-in; returns the log-in."""
    row = rows.one(
        """SELECT u.login, c.password FROM people_user u JOIN people_credential c ON c.user_id = u.id WHERE u.id = %(id)s""",
        {"id": by.id},
    )
    assert row is not None
    attempt = Attempt.begin("person", row["login"], rules.BY_PERSON)
    if not passwords.is_right(password, row["password"]):
        raise wrong_field("body.password", "密码不正确", "The password is not right.")
    attempt.forgive()
    return row["login"]


def _check_code(by: Principal, code: str, *, confirming: bool) -> None:
    """Accept a code once: the step of a code and a recovery code are taken by a conditional update, so of two at once one wins."""
    attempt = Attempt.begin("factor", str(by.id), rules.BY_PERSON)
    row = rows.one(
        """SELECT factor_sealed, factor_step, factor_at IS NOT NULL AS set FROM people_credential
           WHERE user_id = %(id)s AND factor_sealed IS NOT NULL""",
        {"id": by.id},
    )
    if row is None or row["set"] is confirming:
        attempt.forgive()
        raise Conflict(
            Words("动态验证码已绑定。", "The second factor is in force already.")
            if row
            else Words("尚未绑定动态验证码，请先开始绑定。", "No second factor is set up; begin with that.")
        )
    step = factor.matching_step(
        factor.secret_of(row["factor_sealed"], _own(by)), code, clock.now(), after=row["factor_step"]
    )
    with transaction.atomic():
        taken = 0
        if step is not None:
            taken = Credential.objects.filter(user_id=by.id, factor_step__lt=step).update(factor_step=step)
        elif not confirming:
            taken = _take_recovery_code(by, code)
    if not taken:
        with transaction.atomic():
            ledger.append(by=by, tag=PeopleTag.FACTOR_FAILED, kind="user", subject=by.id)
        raise Unauthorized(WRONG_CODE)
    attempt.forgive(entirely=True)


def _take_recovery_code(by: Principal, code: str) -> int:
    left = rows.value(
        """UPDATE people_credential SET recovery = ARRAY(SELECT unnest(recovery) EXCEPT SELECT unnest(%(hashes)s::text[]))
           WHERE user_id = %(id)s AND recovery && %(hashes)s::varchar[] RETURNING cardinality(recovery)""",
        {"id": by.id, "hashes": factor.recovery_hashes(_own(by), code)},
    )
    if left is None:
        return 0
    ledger.append(by=by, tag=PeopleTag.RECOVERY_USED, kind="user", subject=by.id, body={"left": left})
    return 1
