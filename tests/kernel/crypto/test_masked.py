"""A masked value gives its text to nobody but the few who may ask."""

from __future__ import annotations

import ast
import json
import pickle
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import orjson
import pytest

import wangge
from wangge.kernel.crypto import Encrypted, Keyring, Kind, Masked
from wangge.kernel.crypto.masked import opened

# Who may turn a sealed value back into its text, and why.
MAY_OPEN = {
    "wangge/kernel/crypto/cipher.py": "defines it",
    "wangge/kernel/crypto/masked.py": "to show the mask",
    "wangge/kernel/crypto/reencrypt.py": "to seal it with the new key",
    "wangge/kernel/ledger/personal.py": "the ledger's own side table: to verify it and to show it to the auditor",
    "wangge/kernel/ledger/reveal.py": "asks for a purpose and writes it down first",
    "wangge/domain/people/factor.py": "the secret of a second factor is a machine's, not a fact about a person",
    "wangge/domain/cases/orders/kept.py": "a workbook that was sent, to be read into cases; nobody is shown it",
    "wangge/domain/people/sso/flow.py": "what a browser keeps while its person is at the provider; nobody's data",
    "wangge/domain/portal/door.py": "a case's id, sealed so that strangers can point at it without knowing it",
    "wangge/domain/portal/own.py": "a person's own name, to themselves, on record; and the phone of who asked to be erased, to find it by",
    "wangge/domain/notices/addresses.py": "to write to an address its owner gave for that; and the secrets that webhooks are signed with",
}


@pytest.fixture
def row(tmp_path: Path):
    ring = Keyring(tmp_path / "keys.json")
    ring.create()

    class Row:
        _meta = SimpleNamespace(db_table="cases_case")
        phone = Encrypted("phone_sealed", Kind.PHONE, hashed="phone_hash", keyring=lambda: ring)

        def __init__(self) -> None:
            self.pk = uuid4()
            self.phone_sealed = self.phone_hash = None

    return Row()


def test_whatever_it_is_put_into_a_masked_value_shows_only_its_mask(row) -> None:
    row.phone = "13812341234"
    value = row.phone
    assert isinstance(value, Masked)
    shown = [str(value), f"{value}", f"{value:>20}", repr(value), json.dumps({"v": value}, default=str)]
    shown += [orjson.dumps({"v": value}, default=str).decode(), repr([value]), f"{value}"]
    assert not [s for s in shown if "13812341234" in s]
    assert value.masked == "138****1234"
    assert opened(value) == "13812341234"
    with pytest.raises(TypeError):
        pickle.dumps(value)


def test_a_row_without_a_value_has_none_and_may_lose_it_again(row) -> None:
    assert row.phone is None
    row.phone = "13812341234"
    assert row.phone_hash is not None
    row.phone = None
    assert (row.phone, row.phone_sealed, row.phone_hash) == (None, None, None)


def test_a_masked_value_is_not_copied_to_another_row(row) -> None:
    row.phone = "13812341234"
    other = type(row)()
    with pytest.raises(TypeError, match="reveal it"):
        other.phone = row.phone


def test_a_value_is_bound_to_a_key_so_the_key_comes_first(row) -> None:
    row.pk = None
    with pytest.raises(ValueError, match="key before"):
        row.phone = "13812341234"


def test_only_the_named_modules_take_the_text_from_behind_a_mask() -> None:
    root = Path(wangge.__file__).parent.parent
    users = set()
    for path in sorted((root / "wangge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            taken = (
                {a.name for a in node.names}
                if isinstance(node, ast.ImportFrom) and "crypto" in (node.module or "")
                else set()
            )
            if isinstance(node, ast.Attribute):
                taken = {node.attr} - {"opened"}
            if taken & {"opened", "open_sealed"}:
                users.add(str(path.relative_to(root)))
    assert users <= MAY_OPEN.keys()
