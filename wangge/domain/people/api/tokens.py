"""Integration tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Status

from wangge.domain.people import queries, schemas
from wangge.domain.people.actions import tokens
from wangge.domain.people.api.router import router
from wangge.domain.people.tags import PeoplePermission


@router.get(
    "/tokens", permission=PeoplePermission.TOKENS_MANAGE, response=list[schemas.TokenOut], summary="访问令牌 · Tokens"
)
def list_tokens(request: HttpRequest) -> list[dict[str, Any]]:
    return queries.tokens(by=request.principal)


@router.post(
    "/tokens",
    permission=PeoplePermission.TOKENS_MANAGE,
    response=schemas.TokenMadeOut,
    summary="创建令牌 · Make a token",
)
def make_token(request: HttpRequest, payload: schemas.TokenIn) -> dict[str, Any]:
    row, token = tokens.make_token(by=request.principal, **payload.model_dump())
    return row | {"token": token}


@router.delete(
    "/tokens/{token}",
    permission=PeoplePermission.TOKENS_MANAGE,
    response={204: None},
    summary="吊销令牌 · Revoke a token",
)
def revoke_token(request: HttpRequest, token: UUID) -> Status:
    tokens.revoke_token(by=request.principal, token=token)
    return Status(204, None)
