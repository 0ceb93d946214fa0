"""The key file ``keys.json``: every secret of an installation, in one place that only the service may read.

Four kinds of keys live side by side, each in its own ``use``:

* ``field``  encrypts columns (AES-256-GCM or SM4-GCM). One is active and encrypts; retired ones only decrypt.
* ``lookup`` keyed hash (HMAC-SHA-256) for exact look-up of encrypted values.
* ``mark``   keyed hash (HMAC-SHA-256) by which the ledger knows an entry as its own.
* ``sign``   Ed25519, signs the ledger's roots.

The file is JSON, mode 0600 and refused when anyone else may read it; it is created by the first start, changed only by replacing it
whole, and read again when it changes, so that a rotation reaches running processes without a restart. It is not in the database
and not in a dump of it: a backup of the database is readable only together with a backup of this file (docs/access-and-privacy.md).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from wangge.kernel.clock import now

FORMAT = 1
KEY_ID_BYTES = 8
LOOK_AGAIN_AFTER = 2.0  # seconds between two looks at the file's time stamp


class Use(StrEnum):
    FIELD = "field"
    LOOKUP = "lookup"
    MARK = "mark"
    SIGN = "sign"


class Algorithm(StrEnum):
    """What a key is for. SM4-GCM is the choice where Chinese commercial cryptography (GM/T) is asked for."""

    AES_256_GCM = "AES-256-GCM"
    SM4_GCM = "SM4-GCM"
    HMAC_SHA_256 = "HMAC-SHA-256"
    ED25519 = "Ed25519"


SECRET_BYTES = {Algorithm.AES_256_GCM: 32, Algorithm.SM4_GCM: 16, Algorithm.HMAC_SHA_256: 32, Algorithm.ED25519: 32}
FIELD_ALGORITHMS = (Algorithm.AES_256_GCM, Algorithm.SM4_GCM)
ALGORITHMS = {
    Use.FIELD: FIELD_ALGORITHMS,
    Use.LOOKUP: (Algorithm.HMAC_SHA_256,),
    Use.MARK: (Algorithm.HMAC_SHA_256,),
    Use.SIGN: (Algorithm.ED25519,),
}


class KeyringError(Exception):
    """The key file is missing, readable by others, damaged, or lacks a key. The message says what to do."""


@dataclass(frozen=True)
class Key:
    """One secret. ``id`` is 16 hexadecimal digits; of a signing key it is the start of the SHA-256 of its public key."""

    id: str
    use: Use
    algorithm: Algorithm
    secret: bytes
    created: str
    active: bool = True

    def __repr__(self) -> str:
        return f"<{self.use} key {self.id} {self.algorithm} {'active' if self.active else 'retired'}>"

    @property
    def public(self) -> bytes:
        """The 32 bytes of a signing key's public half."""
        private = Ed25519PrivateKey.from_private_bytes(self.secret)
        return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) of ``message``."""
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)


def fingerprint(public: bytes) -> str:
    """The id of a signing key, from its public half (32 bytes): nobody can publish another key under the same id."""
    return hashlib.sha256(public).hexdigest()[: 2 * KEY_ID_BYTES]


def signature_is_valid(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` was made by the owner of ``public``. Never raises."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except Exception:  # a wrong length and a wrong signature are the same answer here
        return False
    return True


def make_key(algorithm: Algorithm, use: Use = Use.FIELD) -> Key:
    """A new active key with a random secret. ValueError when the algorithm is not for that use."""
    if algorithm not in ALGORITHMS[use]:
        raise ValueError(f"{algorithm} is no algorithm for {use} keys")
    created = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if use is Use.SIGN:
        private = Ed25519PrivateKey.generate()
        secret = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Key(fingerprint(public), Use.SIGN, algorithm, secret, created)
    return Key(os.urandom(KEY_ID_BYTES).hex(), use, algorithm, os.urandom(SECRET_BYTES[algorithm]), created)


@dataclass(frozen=True)
class Keys:
    """The content of a key file: never changed, only replaced."""

    keys: tuple[Key, ...]

    def active(self, use: Use) -> Key:
        """The key that new values are made with."""
        for key in self.keys:
            if key.use is use and key.active:
                return key
        raise KeyringError(f"the key file has no active {use} key: run `wangge keys rotate --use {use}`")

    def of(self, use: Use) -> tuple[Key, ...]:
        """Every key of this use, the active one first."""
        return tuple(sorted((k for k in self.keys if k.use is use), key=lambda k: not k.active))

    def find(self, key_id: str, use: Use) -> Key | None:
        return next((k for k in self.keys if k.id == key_id and k.use is use), None)

    def publics(self) -> dict[str, bytes]:
        """Key id → public half, of all signing keys: what a stranger needs to check the ledger."""
        return {k.id: k.public for k in self.of(Use.SIGN)}

    def rotated(self, key: Key) -> Keys:
        """With ``key`` active and the former active key of the same use retired."""
        return Keys((*(replace(k, active=False) if k.use is key.use else k for k in self.keys), key))


def first_keys(algorithm: Algorithm = Algorithm.AES_256_GCM) -> Keys:
    """One active key of each use."""
    if algorithm not in FIELD_ALGORITHMS:
        raise ValueError(f"columns are encrypted with one of {', '.join(FIELD_ALGORITHMS)}, not {algorithm}")
    return Keys(tuple(make_key(algorithm if use is Use.FIELD else ALGORITHMS[use][0], use) for use in Use))


def to_json(keys: Keys) -> str:
    body = [
        {
            "id": k.id,
            "use": k.use,
            "algorithm": k.algorithm,
            "state": "active" if k.active else "retired",
            "created": k.created,
            "secret": base64.b64encode(k.secret).decode(),
        }
        for k in keys.keys
    ]
    return json.dumps({"format": FORMAT, "keys": body}, indent=2) + "\n"


def from_json(text: str, source: str) -> Keys:
    """The keys in ``text``; KeyringError naming ``source`` when it is not a key file that this version can read."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise KeyringError(f"{source} has format {document['format']}; this version reads format {FORMAT}")
        keys = Keys(tuple(_key(item) for item in document["keys"]))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeyringError(f"{source} is damaged ({error}); put back the copy that was kept with the backup") from None
    ids = [k.id for k in keys.keys]
    if len(ids) != len(set(ids)):
        raise KeyringError(
            f"{source} is damaged (two keys with one id); put back the copy that was kept with the backup"
        )
    return keys


def _key(item: Mapping[str, Any]) -> Key:
    algorithm = Algorithm(item["algorithm"])
    secret = base64.b64decode(item["secret"], validate=True)
    if len(secret) != SECRET_BYTES[algorithm]:
        raise ValueError(f"key {item['id']} has {len(secret)} bytes instead of {SECRET_BYTES[algorithm]}")
    if len(bytes.fromhex(item["id"])) != KEY_ID_BYTES:
        raise ValueError(f"key id {item['id']!r} is not {2 * KEY_ID_BYTES} hexadecimal digits")
    if item["state"] not in ("active", "retired"):
        raise ValueError(f"key {item['id']} is in no known state")
    return Key(item["id"], Use(item["use"]), algorithm, secret, item["created"], item["state"] == "active")


class Keyring:
    """A key file, read once and again when it changes. Safe to share between threads."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = 0.0

    def keys(self) -> Keys:
        """The present content. KeyringError when it is missing, damaged, or readable by others."""
        if self._keys is not None and time.monotonic() - self._looked < LOOK_AGAIN_AFTER:
            return self._keys
        return self.reload()

    def reload(self) -> Keys:
        """Read the file again if it changed since the last look."""
        with self._lock:
            stamp = self._check()
            if self._keys is None or stamp != self._stamp:
                self._keys = from_json(self.path.read_text(encoding="utf-8"), str(self.path))
                self._stamp = stamp
            self._looked = time.monotonic()
            return self._keys

    def _check(self) -> tuple[int, int, int]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise KeyringError(
                f"the key file {self.path} is missing. Put back the copy that was kept with the backup: "
                "without it encrypted columns cannot be read."
            ) from None
        except PermissionError:
            raise KeyringError(f"the key file {self.path} may not be read by this user (uid {os.geteuid()})") from None
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            raise KeyringError(
                f"the key file {self.path} has mode {mode:04o}: other users may read or change it. "
                f"Run `chmod 600 {self.path}`, and rotate the keys if somebody may have read it."
            )
        if found.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
            raise KeyringError(f"the key file {self.path} belongs to another user (uid {found.st_uid})")
        return found.st_mtime_ns, found.st_ino, found.st_size

    def find(self, key_id: str, use: Use) -> Key:
        """The key with this id; an unknown one makes the file be read again first (another host may have rotated)."""
        key = self.keys().find(key_id, use) or self.reload().find(key_id, use)
        if key is None:
            raise KeyringError(f"{self.path} has no {use} key {key_id}: the data was written with another key file")
        return key

    def exists(self) -> bool:
        return self.path.exists()

    def create(self, algorithm: Algorithm = Algorithm.AES_256_GCM) -> bool:
        """Make the file with new keys unless it exists. True when it was made. Two starts at once make one file."""
        if self.path.exists():
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = _write_beside(self.path, to_json(first_keys(algorithm)))
        try:
            os.link(temporary, self.path)  # unlike a rename, refuses to replace what another process has made meanwhile
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary)
        _sync_folder(self.path.parent)
        return True

    def rotate(self, use: Use = Use.FIELD, algorithm: Algorithm | None = None) -> Key:
        """Add a new active key of ``use`` and retire the former one, which goes on decrypting (or verifying)."""
        with self._exclusive():
            former = self.reload()
            algorithm = algorithm or former.active(use).algorithm
            key = make_key(algorithm, use)
            temporary = _write_beside(self.path, to_json(former.rotated(key)))
            os.replace(temporary, self.path)
            _sync_folder(self.path.parent)
            self.reload()
        return key

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One rotation at a time on this host."""
        with open(self.path.with_name(self.path.name + ".lock"), "a") as lock:
            os.chmod(lock.name, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_beside(path: Path, text: str) -> Path:
    """A file with ``text`` in the folder of ``path``, mode 0600 from its first byte and safe on disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
