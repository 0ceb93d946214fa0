"""The other side of the exchange: a 12345 hotline that gives orders to Wangge, hears how they go on, and answers what it is asked.

    python examples/hotline.py TOKEN [URL]        (default http://127.0.0.1:8000)

TOKEN is the token of a partner (docs/exchange.md). It sends three orders, then fetches messages every few seconds, prints them and agrees to whatever it is
asked. What it does is all that a real hotline has to do. Only Python's standard library is needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from first_loop import uuid7

EVERY = 5.0
"""Seconds between two looks for messages."""


class Hotline:
    """``after``: the last message that is safely here. ``messages``: all of them, by id, however often they came and by which way."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/") + "/api/v1", token
        self.after = 0
        self.messages: dict[str, dict[str, Any]] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; RuntimeError with the problem's sentence for a refusal."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept-Language": "zh"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error.code} {json.loads(error.read())['detail']}") from None

    def send(self, *orders: dict[str, Any]) -> list[dict[str, Any]]:
        """Give orders. Safe to repeat: an order that is there is left as it is."""
        return self.call("POST", "/exchange/orders", {"orders": [{"fields": order} for order in orders]})["items"]

    def tell(self, order: str, what: str, note: str, id: str | None = None, **more: Any) -> None:
        """Say something of an order; with the same id it counts once."""
        number = urllib.parse.quote(order, safe="")
        body = {"id": id or uuid7(), "what": what, "note": note, **more}
        self.call("POST", f"/exchange/order?number={number}", body)

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
        self.call("POST", f"/exchange/messages/{message}/answer", {"accepted": accepted, "note": note, **more})


@contextmanager
def listening(hotline: Hotline, secret: list[str]) -> Iterator[str]:
    """Where messages may be pushed to, as long as the block lasts. ``secret``: the partner's, put in when it is known; what is not signed by it, or
    more than five minutes old, is refused."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 204 if is_theirs(secret[0], {k.lower(): v for k, v in self.headers.items()}, body) else 401
            if status == 204:
                message = json.loads(body)
                hotline.messages.setdefault(message["id"], message)  # at least once: a repeat changes nothing
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


def order(number: str, text: str, **more: Any) -> dict[str, Any]:
    """An order as hotlines write it."""
    received = datetime.now(UTC) + timedelta(hours=8, minutes=-10)
    return {"工单编号": number, "受理时间": f"{received:%Y-%m-%d %H:%M:%S}", "诉求内容": text} | more


def main(token: str, url: str = "http://127.0.0.1:8000") -> None:
    hotline = Hotline(url, token)
    stamp = f"{time.time():.0f}"
    texts = ("路边垃圾堆了好几天没人清", "小区门口路灯不亮", "占道经营，影响通行")
    for taken in hotline.send(*(order(f"SZ{stamp}{n}", text) for n, text in enumerate(texts))):
        print(taken["order"], taken["state"], taken["number"] or taken["errors"])
    pause = threading.Event()
    while not pause.wait(EVERY):
        for message in hotline.fetch():
            print(message["at"], message["order"], message["state"], message["text"])
            if message["answer"] == "waiting":
                hotline.answer(message["id"], True, "同意")


if __name__ == "__main__":
    main(*sys.argv[1:3])
