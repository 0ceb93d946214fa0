"""``tools/audit`` against an index that tells, one that does not, and none at all."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.serving import in_thread

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def index(answers: dict[str, Any], status: int = 200) -> Iterator[str]:
    """A package index by which packages have the ``vulnerabilities`` of ``answers``, and none else."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, _, name, version, _ = self.path.split("/")
            asked.append((name, version))
            body = json.dumps({"info": {}, "vulnerabilities": answers.get(name, [])}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    asked: list[tuple[str, str]] = []
    with in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Page)) as server:
        yield f"http://127.0.0.1:{server.server_port}/simple/"
    assert len(asked) == len(set(asked)) + (status == 200), "each is asked for once, the first one once more"


def audit(*what: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "audit", *what], env=given | env, capture_output=True, text=True, check=False
    )


def test_a_vulnerability_of_a_locked_package_is_named_with_what_mends_it() -> None:
    known = [
        {"id": "PYSEC-2030-1", "aliases": ["CVE-2030-1"], "fixed_in": ["99.1"], "withdrawn": None},
        {"id": "PYSEC-2030-2", "aliases": [], "fixed_in": [], "withdrawn": "2030-01-02T00:00:00Z"},
    ]
    with index({"django": known}) as address:
        done = audit("python", PIP_INDEX_URL=address)
    version = re.search(r"^django==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert done.returncode == 1
    assert f"django {version[1]}: PYSEC-2030-1 CVE-2030-1 → 99.1" in done.stdout
    assert "PYSEC-2030-2" not in done.stdout, "it was taken back"


def test_where_none_is_known_it_says_how_many_were_looked_up() -> None:
    with index({}) as address:
        done = audit("python", PIP_INDEX_URL=address)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"[1-9]\d+ packages looked up", done.stdout)


def test_an_index_that_does_not_tell_or_is_not_there_is_said_in_a_line_and_fails_nothing() -> None:
    with index({}, status=404) as address:
        silent = audit("python", PIP_INDEX_URL=address)
    away = audit("python", PIP_INDEX_URL=address)
    for done in (silent, away):
        assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
        assert "not audited" in done.stdout


def test_what_npm_finds_is_passed_on_and_what_it_cannot_ask_is_said(tmp_path: Path) -> None:
    def npm(said: Any) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "npm"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(said)}\nEND\n", "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return audit("web", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    found = {"vite": {"name": "vite", "severity": "high", "range": "<9"}}
    counted = {"dependencies": {"total": 300}}
    bad = npm({"vulnerabilities": found, "metadata": counted})
    assert (bad.returncode, "vite <9: high" in bad.stdout) == (1, True)
    assert npm({"vulnerabilities": {}, "metadata": counted}).returncode == 0
    away = npm({"message": "405 Method Not Allowed", "error": {}})
    assert (away.returncode, "not audited" in away.stdout) == (0, True)


def test_ci_asks() -> None:
    assert "\ntools/audit" in (ROOT / ".ci" / "run").read_text("utf-8")
