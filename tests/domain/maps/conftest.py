"""A few hundred cases all over two districts, more than one at some places."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.domain.cases import test_queue as queue
from wangge.domain.maps import actions
from wangge.kernel.access import SYSTEM, acting


@pytest.fixture
def cases(db: None) -> list[dict[str, Any]]:
    dice = random.Random(5)
    made = [queue.a_case(dice, n) for n in range(200)]
    with acting(SYSTEM):
        for case in made:
            if case["lon"] is not None:
                case["lon"] = 114 + dice.randrange(400) / 1000
            queue.write(case)
        actions.told(case["id"] for case in made)
    return made


@pytest.fixture
def world(in_own_world: SimpleNamespace) -> SimpleNamespace:
    return in_own_world
