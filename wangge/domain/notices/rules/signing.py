"""Signatures of webhooks, as Standard Webhooks 1.0 describes them (symmetric, v1): HMAC-SHA256 over ``id.timestamp.body``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"


def new_secret() -> str:
    """192 random bits, as the receiver has to keep them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> str:
    """One signature: ``v1,<base64>``. ValueError for what is no secret of ours."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    mac = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def signature_headers(secrets_in_use: Sequence[str], *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers. ``id`` is the same at every try, so that a receiver can tell a repeat; a secret that is being replaced signs too."""
    return {
        "Webhook-Id": id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": " ".join(sign(s, id=id, timestamp=timestamp, body=body) for s in secrets_in_use),
    }
