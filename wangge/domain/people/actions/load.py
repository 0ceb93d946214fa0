"""Units, users and posts by the thousand, set-based: for the demo and for imports that have checked their rows already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from wangge.domain.people import rules
from wangge.domain.people.models import Credential, Post, Unit, User
from wangge.domain.people.tags import PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, Role
from wangge.kernel.ids import uuid7

BATCH = 1000


@dataclass(frozen=True)
class NewUnit:
    """``parent`` must come before its children, or exist already."""

    name: str
    kind: str
    duty: str
    area: str
    name_en: str = ""
    parent: UUID | None = None
    phone: str = ""
    supervision_phone: str = ""
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True)
class NewPost:
    """Exactly one of ``area`` (code), ``grid`` (code), ``unit`` and ``everywhere``; ``title`` defaults to the role's name."""

    role: Role
    area: str | None = None
    grid: str | None = None
    unit: UUID | None = None
    everywhere: bool = False
    title: str = ""
    title_en: str = ""
    phone: str = ""
    public: bool = False
    starts: datetime | None = None
    ends: datetime | None = None
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True)
class NewStaff:
    """``password_hash`` (of ``passwords.hashed``) wins over the one given for all."""

    login: str
    name: str
    posts: tuple[NewPost, ...] = ()
    unit: UUID | None = None
    language: str = "zh"
    password_hash: str | None = None
    must_change: bool = False
    id: UUID = field(default_factory=uuid7)


@transaction.atomic
def load_units(*, by: Principal, units: Iterable[NewUnit]) -> list[UUID]:
    """Insert units as they are given; one ledger entry for all. IntegrityError when one does not fit the tables' constraints."""
    by.require(PeoplePermission.UNITS_MANAGE)
    found = list(units)
    now = clock.now()
    Unit.objects.bulk_create(
        [
            Unit(
                id=u.id,
                name=u.name,
                name_en=u.name_en,
                kind=u.kind,
                duty=u.duty,
                area_id=u.area,
                parent_id=u.parent,
                phone=u.phone,
                supervision_phone=u.supervision_phone,
                created_at=now,
            )
            for u in found
        ],
        batch_size=BATCH,
    )
    ledger.append(by=by, tag=PeopleTag.UNITS_LOADED, kind="units", body={"count": len(found)})
    return [u.id for u in found]


@transaction.atomic
def load_staff(*, by: Principal, staff: Iterable[NewStaff], password_hash: str = "") -> list[UUID]:
    """Insert users with their posts; one ledger entry for all. Without a password a user cannot log in until one is set.

    ``password_hash`` serves every user without one of their own (argon2 takes 40 ms each: the demo's 600 share one).
    Raises ValueError for a post whose scope does not fit its role, IntegrityError for what the tables refuse.
    """
    by.require(PeoplePermission.USERS_MANAGE)
    by.require(PeoplePermission.POSTS_MANAGE)
    found = list(staff)
    posts = insert_staff(found, password_hash)
    ledger.append(by=by, tag=PeopleTag.STAFF_LOADED, kind="staff", body={"users": len(found), "posts": posts})
    return [p.id for p in found]


def insert_staff(found: list[NewStaff], password_hash: str = "", *, existing: frozenset[UUID] = frozenset()) -> int:
    """The rows of ``load_staff`` without its ledger entry; people whose id is in ``existing`` get their posts only. Returns the posts."""
    now = clock.now()
    posts = [(person, post) for person in found for post in person.posts]
    fresh = [p for p in found if p.id not in existing]
    for person, post in posts:
        fault = rules.scope_fault(post.role, area=post.area, grid=post.grid, unit=post.unit, everywhere=post.everywhere)
        if fault:
            raise ValueError(f"{person.login}: {fault.en}")
    User.objects.bulk_create(
        [
            User(
                id=p.id,
                login=rules.normal_login(p.login),
                name=p.name,
                language=p.language,
                unit_id=p.unit,
                created_at=now,
            )
            for p in fresh
        ],
        batch_size=BATCH,
    )
    Credential.objects.bulk_create(
        [
            Credential(
                user_id=p.id, password=p.password_hash or password_hash, password_at=now, must_change=p.must_change
            )
            for p in fresh
        ],
        batch_size=BATCH,
    )
    Post.objects.bulk_create(
        [
            Post(
                id=post.id,
                user_id=person.id,
                role=post.role,
                title=post.title or post.role.words.zh,
                title_en=post.title_en or ("" if post.title else post.role.words.en),
                area_id=post.area,
                grid_id=post.grid,
                unit_id=post.unit,
                everywhere=post.everywhere,
                starts=post.starts or now,
                ends=post.ends,
                phone=post.phone,
                public=post.public,
                created_at=now,
            )
            for person, post in posts
        ],
        batch_size=BATCH,
    )
    return len(posts)
