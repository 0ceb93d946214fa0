"""The application behind a real socket, in a thread: for independent clients that bring their own HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.db import connections

from tests.support.serving import in_thread


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request, client_address):  # type: ignore[no-untyped-def]
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


@contextmanager
def serving() -> Iterator[str]:
    from wangge.wsgi import application

    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"
