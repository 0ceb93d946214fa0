"""Whose account the provider's claims mean, and the posts that the rules give it: looked at anew at each log-in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from wangge.domain.people import rules
from wangge.domain.people.actions.posts import check_place, end_post, give_post
from wangge.domain.people.actions.users import LOGIN, add_user
from wangge.domain.people.models import Identity, Post, User
from wangge.domain.people.sso import claims, mapping
from wangge.domain.people.sso.claims import Due
from wangge.domain.people.tags import PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import SYSTEM
from wangge.kernel.access.roles import ADMINISTRATORS
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import Problem

log = logging.getLogger("wangge.sso")


@transaction.atomic
def person_of(*, issuer: str, claims_: Mapping[str, Any]) -> dict[str, Any] | None:
    """The person with id, name, must_change and has_factor, after their posts were brought to what the rules say; None for nobody we know."""
    subject = claims_.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        return None
    # Two log-ins of one person at once: the second finds what the first has made.
    rows.run("SELECT pg_advisory_xact_lock(hashtextextended(%(who)s, 0))", {"who": f"{issuer} {subject}"})
    told = mapping.current()
    wanted = claims.due(claims_, told.rules)
    user = _known(issuer, subject) or _linked(issuer, subject, claims_, told, wanted)
    if user is None or not user.active:
        return None
    _bring(user, wanted)
    return rows.one(
        """SELECT u.id, u.name, coalesce(c.must_change, FALSE) AS must_change, c.factor_at IS NOT NULL AS has_factor
           FROM people_user u LEFT JOIN people_credential c ON c.user_id = u.id WHERE u.id = %(id)s""",
        {"id": user.id},
    )


def _known(issuer: str, subject: str) -> User | None:
    return (
        User.objects.select_for_update(no_key=True)
        .filter(identities__issuer=issuer, identities__subject=subject)
        .first()
    )


def _linked(issuer: str, subject: str, told: Mapping[str, Any], how: mapping.Mapped, wanted: list[Due]) -> User | None:
    """The account that is linked or made now, as far as the mapping lets it."""
    login = rules.normal_login(claims.text_of(told, how.login_claim))
    if not LOGIN.fullmatch(login):
        return None
    user = User.objects.select_for_update(no_key=True).filter(login=login).first()
    if user is not None:
        taken = Identity.objects.filter(user=user, issuer=issuer).exists()
        if not how.link_by_login or taken or not user.active or _administrates(user):
            return None
    elif how.create_accounts and wanted:
        name = claims.text_of(told, how.name_claim).strip()[:60] or login
        made, _ = add_user(by=SYSTEM, id=uuid7(), login=login, name=name)
        user = User.objects.get(id=made["id"])
    else:
        return None
    link(user=user, issuer=issuer, subject=subject, how="log-in")
    return user


def link(*, user: User, issuer: str, subject: str, how: str) -> None:
    """Tie an account to a subject. The caller has looked whether it may be."""
    Identity.objects.create(user=user, issuer=issuer, subject=subject, created_at=clock.now())
    ledger.append(
        by=SYSTEM,
        tag=PeopleTag.SSO_LINKED,
        kind="user",
        subject=user.id,
        body={"login": user.login, "how": how},
        personal={"subject": subject},
    )


def _administrates(user: User) -> bool:
    """Whether the person holds an administrator's post, now or later: such an account is linked by hand alone."""
    now = clock.now()
    return Post.objects.filter(Q(ends=None) | Q(ends__gt=now), user=user, role__in=sorted(ADMINISTRATORS)).exists()


def _bring(user: User, wanted: list[Due]) -> None:
    """Give the posts that are due and end those of rules that do not hold any more; posts given by hand stay as they are."""
    now = clock.now()
    held = list(Post.objects.filter(Q(ends=None) | Q(ends__gt=now), user=user, starts__lte=now))
    has: set[tuple[Any, ...]] = {(p.role, p.area_id, p.grid_id, p.unit_id) for p in held}
    due_now = {(str(d.role), d.area, d.grid, d.unit): d for d in wanted}
    for post in held:
        if post.sso_rule and (post.role, post.area_id, post.grid_id, post.unit_id) not in due_now:
            end_post(by=SYSTEM, post=post.id, version=post.version)
    for key, due in due_now.items():
        if key not in has:
            _give(user.id, due)


def _give(user: UUID, due: Due) -> None:
    """A place that is not there (any more), or does not fit the role, gives nothing and refuses nobody: the log says which rule."""
    fault = rules.scope_fault(due.role, area=due.area, grid=due.grid, unit=due.unit, everywhere=False)
    try:
        check_place(area=due.area, grid=due.grid, unit=due.unit)
    except Problem as error:
        fault = error.detail
    if fault:
        log.warning("single sign-on: rule %s gives no post: %s", due.rule, fault.en)
        return
    post = uuid7()
    give_post(
        by=SYSTEM, id=post, user=user, role=due.role, area=due.area, grid=due.grid, unit=due.unit, title=due.title
    )
    Post.objects.filter(id=post).update(sso_rule=due.rule)
