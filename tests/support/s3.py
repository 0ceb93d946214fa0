"""As much of an S3 server as a store of files asks for, over real sockets: path-style addresses, ranges, listing. Signatures are not
checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.serving import in_thread

MODIFIED = "2026-11-20T09:30:00.000Z"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None: ...

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path.lstrip("/"))

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if self.command != "HEAD" or "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _missing(self) -> None:
        self._answer(
            404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>", Content_Type="application/xml"
        )

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.objects[self._name()] = body
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324  (what S3 calls an ETag)

    def do_HEAD(self) -> None:
        body = self.server.objects.get(self._name())
        if body is None:
            self._answer(404)
        else:
            self._answer(200, Content_Length=str(len(body)), ETag='"x"', Last_Modified="Fri, 20 Nov 2026 09:30:00 GMT")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._list(self._name().rstrip("/"), query.get("prefix", [""])[0])
            return
        body = self.server.objects.get(self._name())
        if body is None:
            self._missing()
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        more = {"ETag": '"x"', "Last_Modified": "Fri, 20 Nov 2026 09:30:00 GMT"}
        if asked:
            start, end = int(asked[1]), min(int(asked[2]), len(body) - 1)
            self._answer(206, body[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(body)}", **more)
        else:
            self._answer(200, body, **more)

    def do_DELETE(self) -> None:
        self.server.objects.pop(self._name(), None)
        self._answer(204)

    def do_POST(self) -> None:
        """Deletion of several objects."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        bucket = self._name().rstrip("/")
        keys = re.findall(r"<Key>(.*?)</Key>", body)
        for key in keys:
            self.server.objects.pop(f"{bucket}/{key}", None)
        done = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{done}</DeleteResult>".encode(), Content_Type="application/xml")

    def _list(self, bucket: str, prefix: str) -> None:
        found = [
            name.removeprefix(f"{bucket}/")
            for name in sorted(self.server.objects)
            if name.startswith(f"{bucket}/{prefix}")
        ]
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{MODIFIED}</LastModified><ETag>x</ETag>"
            f"<Size>{len(self.server.objects[f'{bucket}/{key}'])}</Size></Contents>"
            for key in found
        )
        body = f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{len(found)}</KeyCount>{items}</ListBucketResult>"
        self._answer(200, body.encode(), Content_Type="application/xml")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    objects: dict[str, bytes]


@contextmanager
def serving() -> Iterator[str]:
    """An empty server; its address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.objects = {}
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"
