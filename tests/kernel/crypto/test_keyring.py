"""The key file: made once, readable by its owner alone, rotated without losing what older keys wrote."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from wangge.kernel.crypto import cipher
from wangge.kernel.crypto.cipher import Place
from wangge.kernel.crypto.keyring import Algorithm, Keyring, KeyringError, Use, fingerprint, signature_is_valid

PLACE = Place.of("cases_case", "phone_sealed", "018f-1")


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    ring = Keyring(tmp_path / "keys.json")
    ring.create()
    return ring


def test_a_new_key_file_is_for_its_owner_alone_and_has_a_key_of_each_use(ring: Keyring) -> None:
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    assert {use: ring.keys().active(use).algorithm for use in Use} == {
        Use.FIELD: Algorithm.AES_256_GCM,
        Use.LOOKUP: Algorithm.HMAC_SHA_256,
        Use.MARK: Algorithm.HMAC_SHA_256,
        Use.SIGN: Algorithm.ED25519,
    }
    assert sorted(os.listdir(ring.path.parent)) == ["keys.json"]


def test_creating_again_changes_nothing(ring: Keyring) -> None:
    before = ring.path.read_bytes()
    assert ring.create() is False
    assert ring.path.read_bytes() == before


def test_twenty_first_starts_at_once_make_one_file(tmp_path: Path) -> None:
    rings = [Keyring(tmp_path / "home" / "keys.json") for _ in range(20)]
    made: list[bool] = []
    threads = [threading.Thread(target=lambda r=r: made.append(r.create())) for r in rings]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert made.count(True) == 1
    assert len({r.keys().active(Use.FIELD).id for r in rings}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o644])
def test_a_key_file_that_others_may_touch_is_refused_with_what_to_do(ring: Keyring, mode: int) -> None:
    ring.path.chmod(mode)
    with pytest.raises(KeyringError, match=rf"mode {mode:04o}.*chmod 600"):
        Keyring(ring.path).keys()


def test_a_missing_key_file_is_never_replaced_on_the_way(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match=r"missing.*backup"):
        Keyring(tmp_path / "keys.json").keys()
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"format": 1', '"format": 9'),
        lambda text: text.replace('"AES-256-GCM"', '"DES"'),
        lambda text: text.replace('"secret": "', '"secret": "AAAA'),
        lambda text: "[]",
    ],
)
def test_a_damaged_key_file_is_named_and_not_half_read(ring: Keyring, damage) -> None:
    ring.path.write_text(damage(ring.path.read_text()))
    with pytest.raises(KeyringError, match=r"keys\.json"):
        Keyring(ring.path).keys()


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(ring: Keyring) -> None:
    old = cipher.seal(ring, "13812341234", PLACE)
    former = ring.keys().active(Use.FIELD)
    new_key = ring.rotate(algorithm=Algorithm.SM4_GCM)
    new = cipher.seal(ring, "13812341234", PLACE)
    assert cipher.describe(old) == (Algorithm.AES_256_GCM, former.id)
    assert cipher.describe(new) == (Algorithm.SM4_GCM, new_key.id)
    assert cipher.open_sealed(ring, old, PLACE) == cipher.open_sealed(ring, new, PLACE) == "13812341234"
    assert [k.active for k in ring.keys().of(Use.FIELD)] == [True, False]
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_a_running_process_reads_what_another_rotated_without_a_restart(ring: Keyring) -> None:
    other = Keyring(ring.path)
    other.keys()
    ring.rotate()
    value = cipher.seal(ring, "x", PLACE)
    assert cipher.open_sealed(other, value, PLACE) == "x"


def test_two_rotations_at_once_lose_no_key(ring: Keyring) -> None:
    threads = [threading.Thread(target=Keyring(ring.path).rotate) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    keys = Keyring(ring.path).keys().of(Use.FIELD)
    assert len(keys) == 6
    assert sum(k.active for k in keys) == 1


def test_a_use_takes_only_its_own_algorithms(ring: Keyring) -> None:
    with pytest.raises(ValueError, match="no algorithm for field keys"):
        ring.rotate(Use.FIELD, Algorithm.ED25519)


def test_a_signature_is_checked_with_the_public_half_alone(ring: Keyring) -> None:
    key = ring.keys().active(Use.SIGN)
    signature = key.sign(b"root")
    assert key.id == fingerprint(key.public)
    assert signature_is_valid(key.public, signature, b"root")
    assert not signature_is_valid(key.public, signature, b"another root")
    assert not signature_is_valid(key.public, signature[:-1], b"root")
    assert ring.keys().publics() == {key.id: key.public}


def test_no_secret_shows_in_what_is_printed(ring: Keyring) -> None:
    for key in ring.keys().keys:
        assert key.secret.hex() not in repr(key)
        assert repr(key.secret) not in repr(ring.keys())
