"""A hotline and the police as partners of the small world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.test import Client

from tests.domain.notices.conftest import ask as call  # noqa: F401 – a fixture
from tests.domain.notices.conftest import events
from tests.support.world import FUBAO
from wangge.domain.cases.orders import mappings
from wangge.domain.exchange import actions
from wangge.domain.exchange.rules import PartnerKind
from wangge.domain.people.actions.tokens import make_token
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, acting, bind
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7


class Caller:
    """A client with a partner's token, in the test's own transaction."""

    def __init__(self, token: str, partner: Any, secret: str | None) -> None:
        self.token, self.partner, self.secret = token, partner, secret

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        data = b"" if body is None else orjson.dumps(body, default=str)
        client = Client(headers={"Authorization": f"Bearer {self.token}", "Accept-Language": "en"})
        return client.generic(method, "/api/v1" + path, data, content_type="application/json")

    def send(self, *orders: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
        answer = self("POST", "/exchange/orders", {"orders": [{"fields": o} | given for o in orders]})
        assert answer.status_code == 200, answer.content
        return answer.json()["items"]

    def tell(self, order: str, what: str, note: str = "请尽快", **more: Any) -> Any:
        return self("POST", f"/exchange/order?number={order}", {"id": uuid7(), "what": what, "note": note} | more)

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        answer = self("GET", f"/exchange/messages?after={after}&limit=100")
        assert answer.status_code == 200, answer.content
        return answer.json()["items"]

    def answer(self, message: str, accepted: bool, **more: Any) -> Any:
        return self("POST", f"/exchange/messages/{message}/answer", {"accepted": accepted} | more)


def partnered(world: SimpleNamespace, kind: str = "hotline", *areas: str, **given: Any) -> Caller:
    """A partner with a token of its own for these areas (Futian)."""
    secu = world.as_("secu")
    bind(secu)
    expires = clock.now() + timedelta(days=30)
    permissions = ["exchange.orders", "cases.read"]
    row, token = make_token(by=secu, name=kind, permissions=permissions, areas=areas or ("440304",), expires_at=expires)
    values = {"name": PartnerKind(kind).words.zh, "source": f"{kind}-sz", "street": FUBAO} | given
    made = actions.add_partner(by=secu, id=uuid7(), kind=PartnerKind(kind), token=row["id"], **values)
    return Caller(token, made.partner, made.secret)


@pytest.fixture
def hotline(world: SimpleNamespace) -> Caller:
    return partnered(world, mapping=saved(world), states={"replied": "办结", "returned": "已退单"})


@pytest.fixture
def police(world: SimpleNamespace) -> Caller:
    return partnered(world, "police")


def saved(world: SimpleNamespace) -> str:
    """The mapping under which this hotline's workbooks are read, too."""
    bob = world.as_("bob")
    bind(bob)
    mappings.save(
        by=bob,
        name="深圳热线",
        columns={"text": "群众诉求", "category1": "事项"},
        translation={"category": {"市容/乱堆": "0101"}},
    )
    return "深圳热线"


def order(number: str, text: str = "楼下垃圾成堆，气味大", **more: Any) -> dict[str, Any]:
    told = {"工单编号": number, "受理时间": "2026-11-20 09:30", "群众诉求": text, "事项": "市容/乱堆"}
    return told | {"来电人": "王小明", "联系电话": "13812345678"} | more


def case_of(number: str) -> dict[str, Any]:
    with acting(SYSTEM):
        found = rows.one("SELECT * FROM cases_case WHERE source_number = %(n)s", {"n": number})
    assert found is not None
    return found


@pytest.fixture
def heard(world: SimpleNamespace) -> Callable[[], int]:
    """What the relay does with committed events, done with those of this transaction; every event is handed on twice."""

    def relay() -> int:
        with acting(SYSTEM):
            told = actions.tell(events())
            assert actions.tell(events()) == 0
            rows.run("DELETE FROM outbox_event")
        return told

    return relay
