"""Where a person is written to, and what webhooks are signed with: sealed in the database, opened only to send."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from wangge.kernel import crypto
from wangge.kernel.crypto import cipher

Field = Literal["email", "mobile"]
KINDS: dict[Field, crypto.Kind] = {"email": crypto.Kind.EMAIL, "mobile": crypto.Kind.PHONE}


BOTH_SECRETS = timedelta(days=1)
"""How long the secret before signs beside a new one."""


def _place(person: UUID, field: Field) -> crypto.Place:
    return crypto.Place.of("notices_preference", f"{field}_sealed", person)


def seal(person: UUID, field: Field, value: str) -> bytes | None:
    return crypto.seal(value, _place(person, field)) if value else None


def masked(person: UUID, field: Field, sealed: bytes | None) -> str | None:
    """What its owner is shown: z***@example.cn."""
    found = crypto.masked(sealed, _place(person, field), KINDS[field])
    return found.masked if found else None


def opened(person: UUID, field: Field, sealed: bytes) -> str:
    """The address, to write to it."""
    return cipher.open_sealed(crypto.keyring(), bytes(sealed), _place(person, field))


def _code_place(confirmation: UUID) -> crypto.Place:
    return crypto.Place.of("notices_confirmation", "code_sealed", confirmation)


def seal_code(confirmation: UUID, code: str) -> bytes:
    return crypto.seal(code, _code_place(confirmation))


def opened_code(confirmation: UUID, sealed: bytes) -> str:
    return cipher.open_sealed(crypto.keyring(), bytes(sealed), _code_place(confirmation))


def _message_place(message: UUID, column: str) -> crypto.Place:
    return crypto.Place.of("notices_message", column, message)


def seal_message(message: UUID, column: Literal["to_sealed", "text_sealed"], value: str) -> bytes:
    return crypto.seal(value, _message_place(message, column))


def opened_message(message: UUID, column: Literal["to_sealed", "text_sealed"], sealed: bytes) -> str:
    return cipher.open_sealed(crypto.keyring(), bytes(sealed), _message_place(message, column))


def _secret_place(webhook: UUID, column: str) -> crypto.Place:
    return crypto.Place.of("notices_webhook", column, webhook)


def seal_secret(webhook: UUID, secret: str) -> bytes:
    return crypto.seal(secret, _secret_place(webhook, "secret_sealed"))


def opened_secret(webhook: UUID, sealed: bytes) -> str:
    return cipher.open_sealed(crypto.keyring(), bytes(sealed), _secret_place(webhook, "secret_sealed"))
