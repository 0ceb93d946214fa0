"""The program ``wangge`` as a person runs it: a process of its own, with a clean environment."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.wait import until

ROOT = Path(__file__).resolve().parents[2]
TIED = """
import runpy, sys
from wangge.processes.tie import tie_to_parent
tie_to_parent(int(sys.argv.pop(1)))
runpy.run_module("wangge", run_name="__main__", alter_sys=True)
"""
"""``python -m wangge`` that ends with the process whose id is its first word: a killed test run leaves no server behind."""


PATIENCE = 180
"""Seconds that a start, a command or an end may take on a machine that does much else; nothing waits longer than it has to."""


def environment(**more: str) -> dict[str, str]:
    """Ours without any setting of the person who runs the tests, speaking English."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("WANGGE_", "PG", "DJANGO_")) and k not in ("LANG", "LC_ALL")
    }
    return {**kept, "PYTHONPATH": str(ROOT), "WANGGE_LANG": "en", "PYTHONUNBUFFERED": "1", **more}


def wangge(*args: str, cwd: Path | None = None, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "wangge", *args],
        cwd=cwd or ROOT,
        env=environment(**env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def free_port() -> int:
    """One of two neighbours that nobody listens at, below those that the system gives to clients: theirs linger for a minute."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000, 2)
        with suppress(OSError), socket.socket() as probe, socket.socket() as beside:
            probe.bind(("127.0.0.1", port))
            beside.bind(("127.0.0.1", port + 1))
            return port


@dataclass
class Running:
    """``wangge serve``, or ``wangge demo``, on an embedded database in ``home``, or a host with some ``parts`` on a server."""

    home: Path
    command: str = "serve"
    parts: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    env: dict[str, str] = field(default_factory=dict)
    from_nothing: bool = False
    """Make the database anew; else a new home is a copy of one whose schema is there, if this run of the tests has a place for such a one."""
    popen: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / ("log" if self.command == "serve" else "var/log/wangge.log")).read_text("utf-8")

    @property
    def said(self) -> str:
        return (self.home / "said").read_text("utf-8")

    def start(self) -> Running:
        self.home.mkdir(exist_ok=True)
        if not self.from_nothing and not (self.home / "var").exists() and "WANGGE_DATABASE_URL" not in self.env:
            _furnish(self.home / "var")
        with (self.home / "said").open("a") as said:
            self.popen = subprocess.Popen(
                [
                    *(sys.executable, "-c", TIED, str(os.getpid())),
                    *(self.command, "--port", str(self.port)),
                    *(("--log", str(self.home / "log")) if self.command == "serve" else ()),
                    *(("--parts", *self.parts) if self.parts else ()),
                ],
                cwd=self.home,
                env=environment(WANGGE_HOME=str(self.home / "var"), **({"WANGGE_WORKERS": "1"} | self.env)),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        until(lambda: self.popen.poll() is not None or self._answers(), PATIENCE)
        assert self.popen.poll() is None, self.said
        return self

    def _answers(self) -> bool:
        if self.parts == ("work",):
            return "The worker runs" in self.said
        return self.get("/healthz") == "ok\n" and f"runs at {self.address}" in self.said

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=5) as answer:
            return answer.read().decode()

    def process(self, kind: str) -> psutil.Process:
        """The child that is ``postgres``, ``program`` or, beside a demo, ``partners``, or the program's that is ``work``, ``web`` or ``live``."""
        assert self.popen is not None
        known = {"postgres": "postgres", "program": "wangge.processes.program", "partners": "wangge.demo.beside"}
        children = psutil.Process(self.popen.pid).children()
        if kind in known:
            return next(p for p in children if known[kind] in " ".join(p.cmdline()))
        return next(p for p in self.process("program").children() if p.name() == f"wangge-{kind}")

    def family(self) -> list[psutil.Process]:
        assert self.popen is not None
        return psutil.Process(self.popen.pid).children(recursive=True)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Signal the parent and wait for its end; its exit code. All its children are gone afterwards, or this raises."""
        assert self.popen is not None
        if self.popen.poll() is not None:
            return self.popen.returncode
        family = self.family()
        self.popen.send_signal(sig)
        code = self.popen.wait(PATIENCE)
        until(lambda: not [p for p in family if lives(p)], PATIENCE)
        return code


MODEL = "WANGGE_TEST_MODEL"
"""Variable with the folder of this run for the home that others are copied from."""


def _furnish(home: Path) -> None:
    """Copy the model, which is made by whoever comes first: a database with its schema takes seconds to make, and most tests ask for one."""
    folder = os.environ.get(MODEL)
    if not folder:
        return
    model = Path(folder)
    model.mkdir(parents=True, exist_ok=True)
    with (model / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (model / "home").exists():
            first = Running(model / "made", from_nothing=True).start()
            first.stop()
            (model / "made" / "var").rename(model / "home")
    # with its owners: root's server is another's
    subprocess.run(["cp", "-a", str(model / "home"), str(home)], check=True)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
