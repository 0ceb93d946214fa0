"""The second factor: time-based codes (RFC 6238, six digits, 30 s) and recovery codes for a lost phone."""

from __future__ import annotations

import hmac
import io
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
import segno

from wangge.domain.people.passwords import ALPHABET
from wangge.kernel import crypto
from wangge.kernel.crypto import cipher

STEP_SECONDS = 30
# One step either side: a phone's clock may be half a minute off, and a code may be typed as it changes.
DRIFT = 1
RECOVERY_CODES = 10
ISSUER = "Wangge"


def place(user: UUID) -> crypto.Place:
    return crypto.Place.of("people_credential", "factor_sealed", user)


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226 §4 R6)."""
    return pyotp.random_base32(32)


def seal(secret: str, user: UUID) -> bytes:
    return crypto.seal(secret, place(user))


def secret_of(sealed: bytes, user: UUID) -> str:
    return cipher.open_sealed(crypto.keyring(), bytes(sealed), place(user))


def matching_step(secret: str, code: str, moment: datetime, *, after: int) -> int | None:
    """The time step whose code this is, within the drift and later than ``after`` (the last one used: RFC 6238 §5.2, a code is
    accepted once). None when it is no such code."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = int(moment.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        # Every step is compared, so that time does not tell which one it was.
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > after:
            found = step
    return found


def uri(secret: str, login: str) -> str:
    """What an authenticator reads from the QR code (Key URI format)."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=login, issuer_name=ISSUER)


def qr_svg(text: str) -> str:
    """The QR code as an SVG drawing: made here, so that the secret visits nobody else's server."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=4, xmldecl=False)
    return out.getvalue().decode()


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 bits, for one use each: ``k7mq-x2hd-9w``."""
    codes = []
    for _ in range(RECOVERY_CODES):
        letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
        codes.append(f"{letters[:4]}-{letters[4:8]}-{letters[8:]}")
    return codes


def recovery_hash(user: UUID, code: str) -> str:
    """What is stored of a recovery code: 50 bits can be tried out by who has the database, but not without the key, which is not in it."""
    return recovery_hashes(user, code)[0]


def recovery_hashes(user: UUID, code: str) -> list[str]:
    """What may be stored of a code: under the active key first, then under retired ones."""
    plain = "".join(c for c in code.casefold() if c in ALPHABET)
    return [h.hex() for h in crypto.lookup_hashes("people.recovery", f"{user} {plain}")]
