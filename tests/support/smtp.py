"""As much of a mail server as a client asks for (RFC 5321), over a real socket. It keeps what it accepted, and refuses what it is told to."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from tests.support.serving import in_thread


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline():
            verb = line.split(None, 1)[0].upper() if line.strip() else b""
            if verb == b"EHLO":
                self._say("250-sink")
                self._say("250 SMTPUTF8")
            elif verb in (b"MAIL", b"RCPT"):
                said = self.server.refuse(line.decode().partition("<")[2].partition(">")[0])
                self._say(said or "250 ok")
            elif verb == b"DATA":
                self._say("354 go on")
                body = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    body += part.removeprefix(b".") if part.startswith(b"..") else part
                self.server.mails.append(message_from_bytes(body, policy=default))
                self._say("250 kept")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mails: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        """Address → what is answered where it is named, as sender or recipient."""

    def refuse(self, address: str) -> str | None:
        return self.refusals.get(address)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def addresses(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


@contextmanager
def sink() -> Iterator[Server]:
    with in_thread(Server()) as server:
        yield server
