"""The 12345 hotline and the police as partners of the demo: entered once, with their tokens in a file that is theirs (`beside.py` reads it)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from wangge.demo.beside import FILE
from wangge.demo.plan import FUBAO
from wangge.domain.cases.orders import mappings
from wangge.domain.exchange.actions import add_partner
from wangge.domain.exchange.models import Partner
from wangge.domain.exchange.rules import PartnerKind
from wangge.domain.people.actions.tokens import LONGEST
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM
from wangge.kernel.ids import uuid7

MAPPING = "12345 与 110（演示）"
COLUMNS = {"category1": "诉求类别"}
CATEGORIES = {
    "城市管理/垃圾清运": "0101",
    "城市管理/照明设施": "0202",
    "城市管理/占道经营": "0105",
    "城市管理/井盖": "0201",
    "城市管理/健身设施": "0208",
    "城市管理/绿化": "0209",
    "住房建设/物业纠纷": "0604",
    "消防安全/电动车": "0402",
    "交通出行/共享单车": "0303",
    "生态环境/施工噪声": "0804",
    "生态环境/餐饮油烟": "0110",
    "水务/排水": "0203",
    "噪声扰民": "0701",
    "停车纠纷": "0302",
    "流浪犬": "0707",
    "交通设施": "0304",
}
"""Their words for our categories: every one that `other_side.PARTS` uses."""


class Side(NamedTuple):
    """``source``: of its cases. ``states``: what our words are called there."""

    source: str
    states: Mapping[str, str]


SIDES = {
    PartnerKind.HOTLINE: Side("12345", {"accepted": "已签收", "dispatched": "已转承办", "replied": "办结", "returned": "已退单"}),
    PartnerKind.POLICE: Side("110", {"replied": "反馈", "returned": "退回", "hand_over": "移交警情"}),
}  # fmt: skip


def enter() -> bool:
    """Enter both, as SYSTEM, with their mapping, unless they are there. Returns whether it did.

    The file is written before the transaction ends: interrupted, its tokens are nobody's and the next load writes it anew.
    """
    if Partner.objects.filter(source__in=[side.source for side in SIDES.values()]).exists():
        return False
    with transaction.atomic():
        mappings.save(by=SYSTEM, name=MAPPING, columns=COLUMNS, translation={"category": CATEGORIES})
        tokens = {str(kind): _add(kind, side) for kind, side in SIDES.items()}
        _keep(settings.CONFIG.home / FILE, tokens)
    return True


def _add(kind: PartnerKind, side: Side) -> str:
    """The token of the new partner, good for as long as one can be."""
    entered = add_partner(
        by=SYSTEM,
        id=uuid7(),
        kind=kind,
        name=f"{kind.words.zh}（模拟）",
        source=side.source,
        street=FUBAO,
        mapping=MAPPING,
        states=side.states,
        expires_at=clock.now() + LONGEST,
    )
    assert entered.token is not None
    return entered.token


def _keep(path: Path, tokens: dict[str, str]) -> None:
    """For the owner's eyes alone, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(tokens, file)
    beside.replace(path)
