"""A sensitive value as the rest of the program holds it: it shows its mask, and nothing it is put into shows more.

``Masked`` goes where the text would go (a model, a row, a response) and gives only ``.masked``; the text itself comes out of
``ledger.reveal`` alone, which asks for a purpose and writes the act down first (and of ``opened``, for the few mechanisms that are
named in ``tests/kernel/crypto/test_masked.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from wangge.kernel.crypto import cipher, lookup
from wangge.kernel.crypto.keyring import Keyring
from wangge.kernel.crypto.masking import Kind, mask

if TYPE_CHECKING:
    from collections.abc import Callable


class Masked:
    """An encrypted value at its place. ``str``, ``repr``, ``format`` and JSON encoders get the mask; it never compares by text."""

    __slots__ = ("_keyring", "_sealed", "kind", "place")

    def __init__(self, sealed: bytes, place: cipher.Place, kind: Kind, keyring: Keyring) -> None:
        self._sealed, self.place, self.kind, self._keyring = bytes(sealed), place, kind, keyring

    @property
    def masked(self) -> str:
        """What everybody may see."""
        return mask(self.kind, cipher.open_sealed(self._keyring, self._sealed, self.place))

    def __str__(self) -> str:
        return self.masked

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __repr__(self) -> str:
        return f"<Masked {self.kind} of {self.place.table}.{self.place.column}>"

    def __reduce__(self) -> Any:
        raise TypeError("a masked value is not pickled: load its row again where it is needed")


def opened(value: Masked) -> str:
    """The text behind the mask. Only for ``ledger.reveal`` and re-encryption: everything else reveals with a purpose."""
    return cipher.open_sealed(value._keyring, value._sealed, value.place)


class Encrypted:
    """A model's attribute over two of its columns: ``sealed`` (bytea) and, when given, ``hashed`` (bytea, for exact look-up).

    Reading gives ``Masked`` or None; assigning a text seals it for this row, so the key must be set before (it is: UUIDv7)::

        phone_sealed = models.BinaryField(null=True)
        phone_hash = models.BinaryField(null=True)
        phone = Encrypted("phone_sealed", Kind.PHONE, hashed="phone_hash")

    Find rows with ``phone_hash = ANY(%(hashes)s)`` and ``crypto.lookup_hashes("phone", text)``.
    """

    def __init__(
        self, sealed: str, kind: Kind, *, hashed: str | None = None, keyring: Callable[[], Keyring] | None = None
    ) -> None:
        self.sealed, self.kind, self.hashed, self._keyring = sealed, kind, hashed, keyring

    def keyring(self) -> Keyring:
        if self._keyring is None:
            from wangge.kernel.crypto import keyring

            return keyring()
        return self._keyring()

    def place(self, row: Any) -> cipher.Place:
        return cipher.Place.of(row._meta.db_table, self.sealed, row.pk)

    @overload
    def __get__(self, row: None, owner: type) -> Encrypted: ...
    @overload
    def __get__(self, row: Any, owner: type) -> Masked | None: ...
    def __get__(self, row: Any, owner: type) -> Masked | Encrypted | None:
        if row is None:
            return self
        sealed = getattr(row, self.sealed)
        return None if sealed is None else Masked(sealed, self.place(row), self.kind, self.keyring())

    def __set__(self, row: Any, value: str | None) -> None:
        if isinstance(value, Masked):
            raise TypeError(
                "a masked value cannot be copied to another row: reveal it with a purpose, or leave it where it is"
            )
        if row.pk is None:
            raise ValueError("set the row's key before its encrypted values: they are bound to it")
        keys = self.keyring()
        setattr(row, self.sealed, None if not value else cipher.seal(keys, value, self.place(row)))
        if self.hashed:
            setattr(row, self.hashed, None if not value else lookup.lookup_hash(keys, self.kind, value))
