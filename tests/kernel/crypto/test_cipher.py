"""Sealed values: they open where they were put, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from wangge.kernel.crypto import cipher
from wangge.kernel.crypto.cipher import NotReadable, Place
from wangge.kernel.crypto.keyring import Algorithm, Keyring, KeyringError, first_keys, make_key, to_json

PLACE = Place.of("cases_case", "reporter_phone", "018f")
KEYS = {a: make_key(a) for a in (Algorithm.AES_256_GCM, Algorithm.SM4_GCM)}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    path: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.touch(mode=0o600)
    keys = first_keys()
    for key in KEYS.values():
        keys = keys.rotated(key)
    path.write_text(to_json(keys))
    return Keyring(path)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])), algorithm=st.sampled_from(sorted(KEYS)))
def test_what_is_sealed_opens_again(ring: Keyring, text: str, algorithm: Algorithm) -> None:
    sealed = cipher.seal_with(KEYS[algorithm], text, PLACE)
    assert len(sealed) == len(text.encode()) + cipher.OVERHEAD
    assert cipher.open_sealed(ring, sealed, PLACE) == text


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_every_altered_bit_is_noticed(ring: Keyring, algorithm: Algorithm) -> None:
    sealed = cipher.seal_with(KEYS[algorithm], "13812341234", PLACE)
    for bit in range(len(sealed) * 8):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises((NotReadable, KeyringError)):
            cipher.open_sealed(ring, bytes(broken), PLACE)


@pytest.mark.parametrize("algorithm", sorted(KEYS))
@pytest.mark.parametrize(
    "elsewhere",
    [
        Place.of("cases_case", "reporter_phone", "018e"),
        Place.of("cases_case", "reporter_name", "018f"),
        Place.of("people_user", "reporter_phone", "018f"),
    ],
)
def test_a_value_copied_to_another_place_does_not_open(ring: Keyring, algorithm: Algorithm, elsewhere: Place) -> None:
    sealed = cipher.seal_with(KEYS[algorithm], "13812341234", PLACE)
    with pytest.raises(NotReadable):
        cipher.open_sealed(ring, sealed, elsewhere)


def test_the_same_text_never_seals_to_the_same_bytes(ring: Keyring) -> None:
    assert len({cipher.seal(ring, "张三", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("junk", [b"", b"x", b"\x7f" * 8, b"\x02" + bytes(60), b"\x01\x09" + bytes(60)])
def test_what_is_no_sealed_value_is_said_to_be_none(ring: Keyring, junk: bytes) -> None:
    with pytest.raises(NotReadable, match="not a sealed value"):
        cipher.open_sealed(ring, junk, PLACE)


def test_a_value_of_another_installation_names_the_key_that_is_missing(ring: Keyring) -> None:
    stranger = make_key(Algorithm.AES_256_GCM)
    with pytest.raises(KeyringError, match=stranger.id):
        cipher.open_sealed(ring, cipher.seal_with(stranger, "x", PLACE), PLACE)


def test_sm4_is_the_block_cipher_of_the_standard() -> None:
    """GB/T 32907 appendix A.1: plaintext equal to the key."""
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()  # noqa: S305
    assert encryptor.update(block).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_agrees_with_the_published_vector() -> None:
    """RFC 8998 appendix A.1."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    text = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    sealed = encryptor.update(text) + encryptor.finalize()
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"
    assert sealed.hex().startswith("17f399f08c67d5ee19d0dc9969c4bb7d")
