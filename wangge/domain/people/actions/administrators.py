"""The first administrators, and the way back in, on the command line: for whoever can run the program on the server."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from wangge.domain.people import passwords, rules
from wangge.domain.people.actions.posts import give_post
from wangge.domain.people.actions.users import add_user, set_first_password
from wangge.domain.people.models import Credential, User
from wangge.domain.people.tags import PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM, Role
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words


@transaction.atomic
def make_administrator(*, login: str, name: str, role: Role) -> tuple[str, bool]:
    """Appoint ``login`` for everywhere, as SYSTEM; an unknown log-in becomes an account. Conflict for somebody who is another
    administrator. Returns the first password (a known account gets a new one too) and whether the account is new."""
    user = User.objects.filter(login=rules.normal_login(login)).first()
    fresh = user is None
    if user is None:
        made, password = add_user(by=SYSTEM, id=uuid7(), login=login, name=name)
        key = made["id"]
        assert password
    else:
        key, password = user.id, passwords.random_password()
        set_first_password(key, password)
    give_post(by=SYSTEM, id=uuid7(), user=key, role=role, everywhere=True)
    ledger.append(
        by=SYSTEM,
        tag=PeopleTag.ADMINISTRATOR_MADE,
        kind="user",
        subject=key,
        body={"login": rules.normal_login(login), "role": str(role)},
    )
    return password, fresh


@transaction.atomic
def let_in(*, login: str, minutes: int) -> datetime:
    """Let somebody log in by password for some minutes although that is switched off: for when the provider of single sign-on fails. Returns
    until when. NotFound for an unknown or closed account."""
    user = User.objects.filter(login=rules.normal_login(login), active=True).first()
    if user is None:
        raise NotFound(Words(f"没有账号 {login}，或已停用。", f"There is no account {login}, or it is not active."))
    until = clock.now() + timedelta(minutes=minutes)
    Credential.objects.filter(user=user).update(let_in_until=until)
    body = {"login": user.login, "until": until.isoformat(timespec="minutes")}
    ledger.append(by=SYSTEM, tag=PeopleTag.LET_IN, kind="user", subject=user.id, body=body)
    return until
