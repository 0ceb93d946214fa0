"""导出: a list of all the cases that somebody sees, as a file. Its answer grows with their number."""

from __future__ import annotations

import http.client
import time

from bench.measure import KINDS, Measurement
from bench.server import Server
from wangge.kernel.sheets import MOST_XLSX


def run(server: Server) -> None:
    for form in ("csv", "xlsx"):
        if form == "xlsx" and server.cases > MOST_XLSX:
            continue
        before, began = server.used(), time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=3600)
        headers = {"Authorization": f"Bearer {server.token('yantianqu')}"}
        connection.request("GET", f"/api/v1/exports/cases?format={form}", headers=headers)
        answer = connection.getresponse()
        size = 0
        while part := answer.read(1 << 20):
            size += len(part)
        lasted, after = time.perf_counter() - began, server.used()
        assert answer.status == 200, (answer.status, size)
        count = int(answer.headers["X-Rows"])
        each = 1000 * lasted / count
        cpu = {k: 1000 * (after[k] - before[k]) / count for k in KINDS}
        note = f"{count} rows, {size / 1e6:.0f} MB in {lasted:.1f} s"
        server.add(
            Measurement(
                "export", f"rows exported as {form}", count, lasted, each, each, each, cpu, memory=server.memory(), grows=True, note=note
            )
        )  # fmt: skip
