"""Requests and answers between installations, signed by the keys that seal their ledgers (Ed25519), each for its purpose alone."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from wangge.kernel import crypto
from wangge.kernel.crypto.keyring import Key, Use, signature_is_valid

REQUEST, ANSWER = b"wangge level request 1\n", b"wangge level answer 1\n"
"""What is signed begins so: nothing that was signed for another purpose counts here."""
KEY, SIGNATURE = "Wangge-Key", "Wangge-Signature"


def own_key() -> Key:
    """The key by which this installation signs now."""
    return crypto.keyring().keys().active(Use.SIGN)


def signed(content: Any, purpose: bytes) -> tuple[bytes, dict[str, str]]:
    """The body, and the headers that go with it."""
    key, body = own_key(), orjson.dumps(content, default=str)
    signature = base64.b64encode(key.sign(purpose + body)).decode()
    return body, {"Content-Type": "application/json", KEY: key.id, SIGNATURE: signature}


def holds(public: str, signature: str, body: bytes, purpose: bytes) -> bool:
    """Whether ``body`` was signed by the owner of ``public`` (hex) for this purpose."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return signature_is_valid(bytes.fromhex(public), given, purpose + body)
