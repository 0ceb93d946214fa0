"""Canonical JSON is one form, whichever library writes it: what was sealed with one is verified with the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wangge.kernel.ledger.hashing import LARGEST, canonical, plain

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xD7FF))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_the_form_of_the_standard_library(value: Any) -> None:
    by_hand = json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(plain(value)) == by_hand.encode()


@pytest.mark.parametrize(
    ("value", "form"),
    [
        # RFC 8785 §3.2.2.2: what is escaped, and how
        ({"string": '€$\u000f\nA\'B"\\\\"/'}, r'{"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'),
        ({"b": [1, None, True], "a": "", "é": 0}, '{"a":"","b":[1,null,true],"é":0}'),
        ("\x7f\u2028", '"\x7f\u2028"'),
    ],
)
def test_known_forms(value: Any, form: str) -> None:
    assert canonical(value) == form.encode()


def test_what_another_hand_put_into_an_entry_still_has_a_form() -> None:
    assert canonical({"n": 10**30}) == b'{"n":' + b"1" + b"0" * 30 + b"}"
