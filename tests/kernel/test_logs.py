"""What is logged names no person."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from wangge.kernel.logs import JsonFormatter, clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("call 13812345678 now", "call 138****5678 now"),
        ("身份证 11010519491231002X。", "身份证 110****002X。"),
        ("case 440304010-20261120-00012", "case 440304010-20261120-00012"),
        ("case 4403040102026112000012", "case 4403040102026112000012"),
        ("id 0193a3c2-1b2c-7d3e-8f4a-138123456780", "id 0193a3c2-1b2c-7d3e-8f4a-138123456780"),
        ("error\nDETAIL:  Key (phone)=(x) exists.", "error\nDETAIL: (left out)"),
    ],
)
def test_numbers_of_persons_are_masked_and_identifiers_are_kept(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_line_is_json_with_named_values_and_a_cleaned_exception() -> None:
    try:
        raise ValueError("phone 13812345678")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info(), extra={"job": "a", "who": "13812345678"}
        )
    line = json.loads(JsonFormatter("web").format(record))
    assert line["message"] == "failed"
    assert line["job"] == "a"
    assert line["who"] == "138****5678"
    assert "13812345678" not in line["exception"]
