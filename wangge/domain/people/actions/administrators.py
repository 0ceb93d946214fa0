"""The first administrators, made on the command line by whoever can run the program on the server."""

from __future__ import annotations

from django.db import transaction

from wangge.domain.people import passwords, rules
from wangge.domain.people.actions.posts import give_post
from wangge.domain.people.actions.users import add_user, set_first_password
from wangge.domain.people.models import User
from wangge.domain.people.tags import PeopleTag
from wangge.kernel import ledger
from wangge.kernel.access import SYSTEM, Role
from wangge.kernel.ids import uuid7


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
