"""The other side of the exchange: a 12345 hotline or the police's 110 (docs/exchange.md).

    python wangge/demo/other_side.py hotline|police TOKEN [URL]        (default http://127.0.0.1:8000)

TOKEN is the token of a partner. It gives a few orders and then one now and then, hears how they go on, agrees to what it is asked, takes what is
handed over to it, and says what it hears. What it does is all that a real one has to do; it keeps nothing, and goes on after a restart with what the
server knows. Only Python's standard library is needed. Beside `make demo` both run by themselves (`beside.py`).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

LOOK = 5.0
"""Seconds between two looks for messages."""
CHINA = timezone(timedelta(hours=8))
"""Whose day and clock the orders are numbered and dated by."""
ENDED = frozenset({"replied", "returned", "voided", "withdrawn", "merged"})
"""Messages after which an order is no longer open."""
Say = Callable[[str, str, str], object]
"""Is told of an order or case by its number: what happened, and in which words."""


class Refused(RuntimeError):
    """The server's no. ``status``: of HTTP."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status


class Partner:
    """What goes over the wire. ``after``: the last message that is safely here. ``messages``: all of them, by id, however often they came and by
    which way."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/") + "/api/v1", token
        self.after = 0
        self.messages: dict[str, dict[str, Any]] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Refused with the problem's sentence, OSError or HTTPException when nobody answers."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept-Language": "zh"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            told = error.read()
            try:
                detail = json.loads(told)["detail"]
            except (ValueError, KeyError, TypeError):  # something between us and the server, not the server itself
                detail = error.reason
            raise Refused(error.code, detail) from None

    def send(self, *orders: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give orders. Safe to repeat: an order that is there is left as it is."""
        return self.call("POST", "/exchange/orders", {"orders": [{"fields": order} for order in orders]})["items"]

    def stands(self, order: str) -> dict[str, Any] | None:
        """How an order stands; None when it is not there."""
        try:
            return self.call("GET", f"/exchange/order?number={urllib.parse.quote(order, safe='')}")
        except Refused as no:
            if no.status == 404:
                return None
            raise

    def tell(self, order: str, what: str, note: str, id: str | None = None, **more: Any) -> None:
        """Say something of an order; with the same id it counts once."""
        body = {"id": id or str(uuid.uuid4()), "what": what, "note": note, **more}
        self.call("POST", f"/exchange/order?number={urllib.parse.quote(order, safe='')}", body)

    def fetch(self) -> list[dict[str, Any]]:
        """What is new, in its order. The cursor moves only when all of a page is kept."""
        new = []
        while True:
            page = self.call("GET", f"/exchange/messages?after={self.after}&limit=100")
            for message in page["items"]:
                if message["id"] not in self.messages:
                    new.append(message)
                self.messages[message["id"]] = message
            self.after = page["next"]
            if not page["items"]:
                return new

    def answer(self, message: str, accepted: bool, note: str = "", **more: Any) -> None:
        """Answer a question. The same answer again does nothing."""
        self.call("POST", f"/exchange/messages/{message}/answer", {"accepted": accepted, "note": note, **more})


@contextmanager
def listening(partner: Partner, secret: list[str]) -> Iterator[str]:
    """Where messages may be pushed to, as long as the block lasts. ``secret``: the partner's, put in when it is known; what is not signed by it, or
    more than five minutes old, is refused."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 204 if is_theirs(secret[0], {k.lower(): v for k, v in self.headers.items()}, body) else 401
            if status == 204:
                message = json.loads(body)
                partner.messages.setdefault(message["id"], message)  # at least once: a repeat changes nothing
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/wangge"
    finally:
        server.shutdown()
        server.server_close()


def is_theirs(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a push is signed by the secret and fresh (docs/notices.md, Webhooks)."""
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(right, one.removeprefix("v1,")) for one in headers["webhook-signature"].split())


class Story(NamedTuple):
    """What somebody called about. ``kind``: the word of that side's own tree of categories."""

    title: str
    text: str
    address: str
    kind: str


class Part(NamedTuple):
    """What one side does by itself. A day begins with ``few`` orders; then comes one every ``pause`` seconds, as long as fewer than ``most`` of the
    day's are open. ``urge``: said once a day, of its first order. ``answers``: to which question which words."""

    name: str
    stories: tuple[Story, ...]
    few: int
    pause: float
    most: int
    answers: Mapping[str, str]
    urge: str = ""


PARTS = {
    "hotline": Part(
        "12345",
        (
            Story("路边垃圾堆放多日", "来电人反映路边绿化带旁垃圾堆了好几天没人清，气味大，请尽快清运。", "示例一路 12 号对面", "城市管理/垃圾清运"),
            Story("小区门口路灯不亮", "来电人反映小区门口两盏路灯不亮，晚上老人看不清台阶。", "示例花园北门", "城市管理/照明设施"),
            Story("早餐车占道经营", "来电人反映早高峰人行道上有早餐车占道经营，学生只能走机动车道。", "示例小学西侧", "城市管理/占道经营"),
            Story("楼上漏水物业不处理", "来电人反映楼上卫生间漏水两周，物业一直说排期，请协调。", "示例苑 3 栋 502", "住房建设/物业纠纷"),
            Story("井盖松动有响声", "来电人反映车一过井盖就响，夜里影响休息，也担心翻起伤人。", "示例二路路口", "城市管理/井盖"),
            Story("楼道里给电动车充电", "来电人反映一楼楼道每晚有人拉线给电动车充电，担心起火。", "示例新村 5 栋", "消防安全/电动车"),
            Story("共享单车堵住盲道", "来电人反映地铁口共享单车堆满盲道，视障居民无法通行。", "示例地铁口 B 出口", "交通出行/共享单车"),
            Story("工地夜间施工", "来电人反映工地夜里十一点后仍在浇筑，影响休息，请核实有无夜间施工许可。", "示例路北侧工地", "生态环境/施工噪声"),
            Story("雨后路面积水", "来电人反映一下雨路口就积水，排水口被落叶堵住。", "示例三街与示例巷交界", "水务/排水"),
            Story("健身器材损坏", "来电人反映公园健身角单杠底座松动，锻炼的人多，怕出事。", "示例公园健身角", "城市管理/健身设施"),
            Story("餐馆油烟直排", "来电人反映楼下餐馆油烟直排，傍晚不敢开窗。", "示例街 18 号楼下", "生态环境/餐饮油烟"),
            Story("大树枯枝悬在人行道上方", "来电人反映人行道旁大树有枯枝悬着，风大时摇晃。", "示例路 40 号门前", "城市管理/绿化"),
        ),
        few=3,
        pause=120.0,
        most=12,
        answers={"ask_return": "同意退单，由热线改派", "ask_extension": "同意延期，请如期答复来电人"},
        urge="来电人再次来电，询问进展，请尽快处理并答复。",
    ),
    "police": Part(
        "110",
        (
            Story("广场舞音量纠纷", "报警人称广场舞音响太大，与跳舞居民争执。到场已劝离，长期噪声问题请街道协调。", "示例公园南门", "噪声扰民"),
            Story("车辆挡住单元门", "报警人称车辆挡住单元门，已联系车主挪车。小区停车秩序请物业和社区跟进。", "示例名苑 2 栋", "停车纠纷"),
            Story("流浪犬追人", "报警人称小区有流浪犬追小孩，未伤人。请安排收容。", "示例花园中庭", "流浪犬"),
            Story("路口信号灯不亮", "巡逻发现路口人行信号灯不亮，已临时疏导，请相关部门维修。", "示例三街路口", "交通设施"),
        ),
        few=1,
        pause=600.0,
        most=4,
        answers={"hand_over": "已接警，派员处置"},
    ),
}  # fmt: skip


class OtherSide:
    """One side at work. ``turn`` is one look; ``run`` looks until it is told to stop."""

    def __init__(self, partner: Partner, part: Part, say: Say) -> None:
        self.partner, self.part, self.say = partner, part, say
        self.day = ""
        self.sent = 0
        self.due = datetime.max.replace(tzinfo=UTC)

    def run(self, stop: threading.Event, look: float = LOOK) -> None:
        """What fails is said once and tried again: a server that is away comes back."""
        trouble = ""
        while not stop.is_set():
            try:
                self.turn(datetime.now(UTC))
                trouble = ""
            except (OSError, http.client.HTTPException, Refused) as error:
                if str(error) != trouble:
                    trouble = str(error)
                    self.say("—", "no answer", trouble)
            stop.wait(look)

    def turn(self, now: datetime) -> None:
        """Hear what is new, answer what is asked, and give an order when it is time for one."""
        for message in self.partner.fetch():
            self.say(message["order"] or message["case"], message["state"], message["text"])
        self._answer()
        day = f"{now.astimezone(CHINA):%Y%m%d}"
        if day != self.day:
            self.day, self.sent, self.due = day, 0, now + timedelta(seconds=self.part.pause)
            while self.partner.stands(self._number(self.sent + 1)):
                self.sent += 1
        while self.sent < self.part.few:
            self._send(now)
        if now >= self.due and self._open() < self.part.most:
            if self.sent == self.part.few and self.part.urge:
                self._urge(self._number(1))
            self._send(now)
            self.due = now + timedelta(seconds=self.part.pause)

    def _number(self, n: int) -> str:
        return f"{self.part.name}-{self.day}-{n:03}"

    def _open(self) -> int:
        """How many orders of the day have not ended."""
        last = {message["order"]: message["kind"] for message in self.partner.messages.values()}
        return sum(last.get(self._number(n)) not in ENDED for n in range(1, self.sent + 1))

    def _send(self, now: datetime) -> None:
        n = self.sent + 1
        story = self.part.stories[(n - 1) % len(self.part.stories)]
        given = order(self._number(n), story.text, now - timedelta(minutes=10)) | {
            "标题": story.title,
            "事发地址": story.address,
            "诉求类别": story.kind,
            "来电人": f"来电人{'甲乙丙丁戊己庚辛'[n % 8]}",
            "联系电话": f"0755-0098{n:04}",
        }
        [taken] = self.partner.send(given)
        self.sent = n
        self.say(taken["order"], taken["state"], taken["number"] or str(taken["errors"]))

    def _urge(self, number: str) -> None:
        """Once, however often we were started: the id is always the same."""
        try:
            self.partner.tell(
                number, "urge", self.part.urge, id=str(uuid.uuid5(uuid.NAMESPACE_URL, self.partner.token + number))
            )
        except Refused as no:
            if no.status not in (404, 409):  # it was never taken, or has ended
                raise

    def _answer(self) -> None:
        for message in self.partner.messages.values():
            if message["answer"] != "waiting":
                continue
            given = {"number": f"{self.part.name}-J{message['seq']:06}"} if message["kind"] == "hand_over" else {}
            words = self.part.answers.get(message["kind"], "")
            try:
                self.partner.answer(message["id"], bool(words), words or "不属本单位受理", **given)
            except Refused as no:
                if no.status != 409:  # else it was answered already, in another way
                    raise
            message["answer"] = "answered"
            self.say(message["order"] or message["case"], "answered", words)


def order(number: str, text: str, received: datetime | None = None) -> dict[str, Any]:
    """An order as such systems write it; received ten minutes ago unless it is said."""
    at = (received or datetime.now(UTC) - timedelta(minutes=10)).astimezone(CHINA)
    return {"工单编号": number, "受理时间": f"{at:%Y-%m-%d %H:%M:%S}", "诉求内容": text}


def main() -> None:
    parser = argparse.ArgumentParser(description="12345 或 110 的模拟对端 · the other side of the exchange")
    parser.add_argument("kind", choices=PARTS)
    parser.add_argument("token", help="对接单位的令牌 · the token of a partner")
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    say: Say = lambda number, what, words: print(number, what, words, flush=True)
    with suppress(KeyboardInterrupt):
        OtherSide(Partner(given.url, given.token), PARTS[given.kind], say).run(threading.Event())


if __name__ == "__main__":
    main()
