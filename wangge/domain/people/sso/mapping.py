"""The mapping of claims: read, replaced as a whole, tried on claims without a log-in; and identities linked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from wangge.domain.people import access, rules
from wangge.domain.people.actions.posts import check_place, end_post
from wangge.domain.people.actions.sessions import end_all_of
from wangge.domain.people.actions.users import NOT_ONESELF
from wangge.domain.people.models import Identity, Post, SsoMapping
from wangge.domain.people.sso.claims import Rule, due, second_factor_shown, text_of
from wangge.domain.people.tags import PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.access.roles import ADMINISTRATORS
from wangge.kernel.problems import Conflict, FieldError, Forbidden, Invalid
from wangge.kernel.words import Words


class Mapped(NamedTuple):
    """The mapping in force."""

    version: int
    login_claim: str
    name_claim: str
    link_by_login: bool
    create_accounts: bool
    rules: list[Rule]

    def shown(self) -> dict[str, Any]:
        return self._asdict() | {"rules": [r.stored() for r in self.rules]}


def current() -> Mapped:
    """The mapping; before anybody set one, it links and makes nobody."""
    row = SsoMapping.objects.filter(id=1).first() or SsoMapping(version=0)
    return Mapped(
        row.version,
        row.login_claim,
        row.name_claim,
        row.link_by_login,
        row.create_accounts,
        [Rule.read(r) for r in row.rules],
    )


def show(*, by: Principal) -> dict[str, Any]:
    """The mapping, for whoever may set it."""
    _manager(by)
    return current().shown()


@transaction.atomic
def replace(*, by: Principal, version: int, rules: list[Mapping[str, Any]], **settings_: Any) -> dict[str, Any]:
    """Put another mapping in force; posts that rules gave which are no more end now. Conflict when somebody was first."""
    _manager(by)
    SsoMapping.objects.get_or_create(id=1, defaults={"version": 0})
    row = SsoMapping.objects.select_for_update().get(id=1)
    if row.version != version:
        raise access.changed(current().shown())
    given = [Rule.read(r) for r in rules]
    _check(given)
    before = {r["id"]: r for r in row.rules}
    after = {str(r.id): r.stored() for r in given}
    SsoMapping.objects.filter(id=1).update(version=version + 1, rules=list(after.values()), **settings_)
    gone = [UUID(k) for k, stored in before.items() if after.get(k) != stored]
    ended = 0
    now = clock.now()
    for post in Post.objects.filter(sso_rule__in=gone).exclude(ends__lte=now):
        end_post(by=by, post=post.id, version=post.version)
        ended += 1
    ledger.append(
        by=by,
        tag=PeopleTag.SSO_MAPPED,
        kind="sso",
        body={
            "version": version + 1,
            "added": [r for k, r in after.items() if before.get(k) != r],
            "removed": [before[str(k)] for k in gone],
            "posts": ended,
            **settings_,
        },
    )
    return current().shown()


def _check(given: list[Rule]) -> None:
    """Refuse rules that give what no rule may give, or that could never give anything. A place told by a claim is looked at at each log-in."""
    faults: list[FieldError] = []
    seen: set[UUID] = set()
    for n, rule in enumerate(given):
        path = f"body.rules[{n}]"
        if rule.id in seen:
            faults.append(FieldError(f"{path}.id", "twice", Words("编号重复", "The same id stands twice.")))
        seen.add(rule.id)
        if rule.role in ADMINISTRATORS:
            faults.append(
                FieldError(
                    f"{path}.role",
                    "administrator",
                    Words(
                        "管理员岗位不能由规则给出，请由另一位安全管理员任命",
                        "No rule gives an administrator's post: another security administrator appoints.",
                    ),
                )
            )
        elif rule.place_claim and (rule.area or rule.grid or rule.unit):
            faults.append(
                FieldError(
                    f"{path}.place_claim",
                    "scope",
                    Words(
                        "范围或由声明给出，或写明，不能两者都有",
                        "The place is either told by a claim or written here, not both.",
                    ),
                )
            )
        elif rule.place_claim:
            continue
        elif fault := rules.scope_fault(rule.role, area=rule.area, grid=rule.grid, unit=rule.unit, everywhere=False):
            faults.append(FieldError(f"{path}.role", "scope", fault))
        else:
            check_place(area=rule.area, grid=rule.grid, unit=rule.unit, path=path)
    if faults:
        raise Invalid.fields(*faults)


def attempt(*, by: Principal, claims: Mapping[str, Any]) -> dict[str, Any]:
    """What claims like these would give: the log-in and name that are read from them, and the posts."""
    _manager(by)
    told = current()
    return {
        "login": rules.normal_login(text_of(claims, told.login_claim)),
        "name": text_of(claims, told.name_claim),
        "posts": [vars(d) for d in due(claims, told.rules)],
        "second_factor": second_factor_shown(claims, settings.CONFIG.sso_factor),
    }


@transaction.atomic
def link_by_hand(*, by: Principal, user: UUID, subject: str | None) -> None:
    """Tie an account to a subject of the provider, or to none: then what was opened by single sign-on ends. Not for oneself, and for an
    administrator only by whoever answers for everywhere."""
    row = access.account_within(by.require(PeoplePermission.USERS_MANAGE), user)
    if by.id == user:
        raise Forbidden(NOT_ONESELF)
    issuer = settings.CONFIG.sso_issuer
    if not issuer:
        raise Conflict(Words("本系统没有启用统一身份认证。", "Single sign-on is not set up here."))
    before = Identity.objects.filter(user=row, issuer=issuer).first()
    if (before.subject if before else None) == subject:
        return
    if before:
        before.delete()
        end_all_of(by, user, "sso")
    if subject:
        if Identity.objects.filter(issuer=issuer, subject=subject).exists():
            raise Invalid.field(
                "body.subject", "taken", "这个身份已关联其他账号", "This identity belongs to another account."
            )
        Identity.objects.create(user=row, issuer=issuer, subject=subject, created_at=clock.now())
    ledger.append(
        by=by,
        tag=PeopleTag.SSO_LINKED if subject else PeopleTag.SSO_UNLINKED,
        kind="user",
        subject=user,
        body={"login": row.login, "how": "by hand"},
        personal={"subject": subject} if subject else None,
    )


def _manager(by: Principal) -> None:
    access.require_everything(by.require(PeoplePermission.SSO_MANAGE))
