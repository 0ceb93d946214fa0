"""Integration tokens: made, revoked."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from wangge.domain.people import access
from wangge.domain.people.actions.authenticate import TOKEN_PREFIX, digest
from wangge.domain.people.actions.posts import check_place
from wangge.domain.people.models import Token
from wangge.domain.people.tags import PeoplePermission, PeopleTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal, Role, grants_of
from wangge.kernel.ids import uuid7
from wangge.kernel.problems import FieldError, Invalid, NotFound
from wangge.kernel.words import Words

LONGEST = timedelta(days=731)


@transaction.atomic
def make_token(
    *,
    by: Principal,
    name: str,
    permissions: Sequence[str],
    expires_at: datetime,
    areas: Sequence[str] = (),
    grids: Sequence[str] = (),
    units: Sequence[UUID] = (),
    everywhere: bool = False,
    networks: Sequence[str] = (),
) -> tuple[dict[str, Any], str]:
    """A token for another system. Returns its row and the token, which is shown this once.

    Not repeatable by an id: a token that was lost on the way is revoked and another made. Invalid for a permission that integration
    clients cannot have, for a place that is not there, for a network that is none, and beyond two years.
    """
    scope = by.require(PeoplePermission.TOKENS_MANAGE)
    access.require_everything(scope)
    now = clock.now()
    faults: list[FieldError] = []
    possible = {str(p) for p in grants_of(Role.INTEGRATION)}
    for i, permission in enumerate(permissions):
        if permission not in possible:
            known = "、".join(sorted(possible))
            faults.append(
                FieldError(
                    f"body.permissions[{i}]",
                    "unknown",
                    Words(
                        f"令牌不能有权限 {permission}，可用：{known}",
                        f"A token cannot have {permission}. Possible: {known}.",
                    ),
                )
            )
    if not permissions:
        faults.append(FieldError("body.permissions", "empty", Words("至少一项权限", "At least one permission.")))
    for i, network in enumerate(networks):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            faults.append(
                FieldError(
                    f"body.networks[{i}]",
                    "network",
                    Words(f"{network} 不是网段", f"{network} is no network (10.1.0.0/16)."),
                )
            )
    if not now < expires_at <= now + LONGEST:
        faults.append(
            FieldError(
                "body.expires_at", "range", Words("有效期须在今后两年以内", "It must expire within two years from now.")
            )
        )
    if everywhere == bool([*areas, *grids, *units]):
        faults.append(
            FieldError(
                "body.everywhere",
                "scope",
                Words(
                    "范围须为“全部”，或列出区划、网格、单位",
                    "The scope is everywhere, or lists areas, grids and units.",
                ),
            )
        )
    if faults:
        raise Invalid.fields(*faults)
    for code in areas:
        check_place(area=code, grid=None, unit=None)
    for code in grids:
        check_place(area=None, grid=code, unit=None)
    for unit in units:
        check_place(area=None, grid=None, unit=unit)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = Token.objects.create(
        id=uuid7(),
        token_hash=digest(token),
        hint=token[:8],
        name=name,
        permissions=sorted(set(permissions)),
        areas=sorted(set(areas)),
        grids=sorted(set(grids)),
        units=sorted(set(units)),
        everywhere=everywhere,
        networks=list(networks),
        created_at=now,
        created_by_id=by.id if by.kind == "user" else None,
        expires_at=expires_at,
    )
    where = ["*"] if everywhere else [*row.areas, *row.grids, *map(str, row.units)]
    ledger.append(
        by=by,
        tag=PeopleTag.TOKEN_MADE,
        kind="token",
        subject=row.id,
        body={"name": name, "permissions": row.permissions, "scope": where, "expires": expires_at.isoformat()},
    )
    return {"id": row.id, "name": name, "expires_at": expires_at, "permissions": row.permissions}, token


@transaction.atomic
def revoke_token(*, by: Principal, token: UUID) -> None:
    """End a token now. Nothing happens to one that is revoked already."""
    access.require_everything(by.require(PeoplePermission.TOKENS_MANAGE))
    row = Token.objects.select_for_update().filter(id=token).first()
    if row is None:
        raise NotFound(Words("没有这个令牌。", "There is no such token."))
    if row.revoked_at is None:
        Token.objects.filter(id=token).update(revoked_at=clock.now())
        ledger.append(by=by, tag=PeopleTag.TOKEN_REVOKED, kind="token", subject=token, body={"name": row.name})
