"""What no program on this machine can do better: answers without work, and a database without a program."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measurement
from bench.server import CLIENTS, Call, Server
from tests.support.program import ROOT, free_port
from tests.support.wait import until
from wangge.kernel.db.embedded import find_binaries
from wangge.processes.web import workers

TABLE = "bench_floor"
ROWS = (
    ("cases_case", 900),
    ("cases_step", 250),
    ("cases_clock", 120),
    ("search", 700),
    ("ledger", 450),
    ("outbox", 400),
)
"""What a report writes, a row each, and how long the row is, as generated cases are on average."""


def run(server: Server) -> None:
    server.ask("floors", "GET /healthz", repeat(Call("", "GET", "/healthz")), floor=True)
    with _table(server):
        with bare(server) as port:
            body = {"text": "x" * 700}
            server.ask(
                "floors", "one INSERT by the same stack", repeat(Call("", "POST", "/", body)), port=port, floor=True
            )
        text = "".join(
            f"INSERT INTO {TABLE} (id, kind, text) VALUES (gen_random_uuid(), '{kind}', repeat('x', {size}));\n"
            for kind, size in ROWS
        )
        _pgbench(server, f"pgbench, a report's {len(ROWS)} rows", f"BEGIN;\n{text}COMMIT;\n")
        _pgbench(
            server,
            "pgbench, one row by its key",
            "\\set n random(1, 100000)\nSELECT kind FROM bench_floor WHERE n = :n;\n",
        )


@contextmanager
def _table(server: Server) -> Iterator[None]:
    server._owner.execute(
        f"CREATE TABLE {TABLE} (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid, kind text, text text)"
    )
    server._owner.execute(
        f"INSERT INTO {TABLE} (id, kind, text) SELECT gen_random_uuid(), 'x', 'x' FROM generate_series(1, 100000)"
    )
    server._owner.execute(f"GRANT ALL ON {TABLE} TO PUBLIC")
    try:
        yield
    finally:
        server._owner.execute(f"DROP TABLE {TABLE}")


@contextmanager
def bare(server: Server) -> Iterator[int]:
    """`bench.bare` by granian, as the program's web processes are; its port."""
    port = free_port()
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.bare", "PYTHONPATH": str(ROOT), "BENCH_DATABASE": server.embedded.app_url,
                        "BENCH_SECRET": secrets.token_hex()}  # fmt: skip
    granian = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--workers",
        str(workers(0)),
        "--blocking-threads",
        "4",
    ]
    with subprocess.Popen(
        [*granian, "--backpressure", "512", "--port", str(port), "--no-log", "bench.bare:application"],
        env=env,
        cwd=ROOT,
    ) as process:
        try:
            until(lambda: _answers(port), 60)
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    from bench.server import Client

    try:
        return Client(port).send(Call("", "POST", "/", {"text": "x"}))[0] == 200
    except OSError:
        return False


def _pgbench(server: Server, what: str, script: str) -> None:
    program = find_binaries() / "pgbench"
    if not program.exists():
        program = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))), program)
    if not program.exists():
        print(f"floor: {what}: there is no pgbench on this machine")
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        done = subprocess.run(
            [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-T", str(max(1, int(server.seconds))), "-f", file, server.embedded.owner_url],
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
    rate = float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])  # type: ignore[index]
    mean = float(re.search(r"latency average = ([0-9.]+)", done.stdout)[1])  # type: ignore[index]
    seconds = max(1, int(server.seconds))
    server.add(
        Measurement("floors", what, int(rate * seconds), seconds, mean, mean, mean, floor=True, note="times are means")
    )
