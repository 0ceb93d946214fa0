"""Passwords: what a good one is, how it is kept, and how one is checked without telling whether the person exists."""

from __future__ import annotations

import secrets
from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator

from wangge.domain.people import rules
from wangge.kernel.problems import FieldError, Invalid
from wangge.kernel.words import Words

# No 0/O, 1/l/I: a first password is read off paper and typed on a phone.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Argon2(Argon2PasswordHasher):
    """argon2id as OWASP's password storage sheet asks (19 MiB, 2 passes, 1 lane): eight log-ins at once stay under 160 MB, where
    Django's default of 100 MiB each would take the whole memory budget of the product."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class Argon2ForRandom(Argon2):
    """For passwords of 70 random bits that live until the first log-in: nobody guesses those, so a load of a thousand of them
    need not cost a minute. Checking one takes the full time all the same (``is_right``)."""

    time_cost = 1
    memory_cost = 1024


FULL = Argon2()
LIGHT = Argon2ForRandom()


def hashed(password: str) -> str:
    """The text to store for a password a person chose."""
    return FULL.encode(password, FULL.salt())


def hashed_random(password: str) -> str:
    """The text to store for a password that ``random_password`` made."""
    return LIGHT.encode(password, LIGHT.salt())


@cache
def _dummy() -> str:
    return hashed(secrets.token_urlsafe(24))


def is_right(password: str, stored: str | None) -> bool:
    """Whether it is the password. Takes the time of one full hash for an unknown person and for a light hash too, so that time does
    not tell which log-ins exist."""
    password = password[: rules.MAX_PASSWORD + 1]
    if stored and FULL.verify(password, stored):
        if _is_light(stored):
            FULL.verify(password, _dummy())
        return True
    if not stored or _is_light(stored):
        FULL.verify(password, _dummy())
    return False


def _is_light(stored: str) -> bool:
    return FULL.must_update(stored)


def random_password() -> str:
    """Fourteen characters, about 69 bits, in groups that can be read aloud: ``k7mq-x2hd-9wtr-ac``."""
    letters = [secrets.choice(ALPHABET) for _ in range(14)]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 14, 4))


# The words of this place, which somebody who guesses tries first (OWASP ASVS 5.0, 6.1.2; docs/security.md lists them).
WORDS = (
    *(
        "wangge",
        "网格",
        "grid",
        "zonghe",
        "综合",
        "zhili",
        "治理",
        "fuwu",
        "服务",
        "zhongxin",
        "中心",
        "shequ",
        "社区",
        "jiedao",
        "街道",
    ),
    *("admin", "管理员", "guanli", "管理", "mima", "密码", "password", "welcome", "huanying", "欢迎", "12345", "qwert"),
)
LEAST_OF_ONES_OWN = 6


@cache
def _common() -> CommonPasswordValidator:
    return CommonPasswordValidator()


def check(password: str, *, login: str, name: str, path: str = "body.password") -> None:
    """Raise Invalid with everything that is wrong with a password a person wants. NIST SP 800-63B: length and a list of common
    ones; no rules about kinds of characters."""
    faults: list[FieldError] = []

    def fault(code: str, zh: str, en: str) -> None:
        faults.append(FieldError(path, code, Words(zh, en)))

    if len(password) < rules.MIN_PASSWORD:
        fault(
            "short",
            f"密码至少 {rules.MIN_PASSWORD} 个字符",
            f"The password needs at least {rules.MIN_PASSWORD} characters.",
        )
    if len(password) > rules.MAX_PASSWORD:
        fault(
            "long",
            f"密码最多 {rules.MAX_PASSWORD} 个字符",
            f"The password may have at most {rules.MAX_PASSWORD} characters.",
        )
    plain = password.strip().casefold()
    if plain in _common().passwords or plain.rstrip("0123456789!@#.") in _common().passwords:
        fault("common", "密码太常见，请换一个", "The password is a very common one; choose another.")
    own = plain
    for word in WORDS:
        own = own.replace(word, "")
    if len(own) < min(LEAST_OF_ONES_OWN, len(plain)):
        fault(
            "words",
            "密码主要由本系统常用词组成，容易被猜到，请换一个",
            "The password is made of words of this system, which are guessed first; choose another.",
        )
    if password and len(set(password)) < 5:
        fault("simple", "密码中不同的字符太少", "The password has too few different characters.")
    if password.isdigit():
        fault("digits", "密码不能全是数字", "The password may not be digits only.")
    for known in (login, name):
        if len(known) >= 3 and known.casefold() in plain:
            fault("personal", "密码不能包含登录名或姓名", "The password may not contain your log-in or name.")
            break
    if faults:
        raise Invalid.fields(*faults)
