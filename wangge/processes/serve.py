"""``wangge serve`` and ``wangge demo``: from nothing to an answering address, and back to nothing."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from wangge import config as configuration
from wangge.config import Config
from wangge.kernel import commands as kit
from wangge.kernel.commands import CommandError, say, tell
from wangge.kernel.words import Words
from wangge.processes import database
from wangge.processes.live import port_of
from wangge.processes.prepared import Note
from wangge.processes.supervisor import Member, Process, Supervisor

log = logging.getLogger("wangge.processes")

PARTS = ("work", "web", "live")
"""What an installation is made of besides its database; hosts may run different ones (docs/scaling.md)."""
READY_WITHIN = 60.0
"""Seconds until the web processes must answer after their start."""
PROGRAM_GRACE = 35.0
"""Seconds for all parts to stop, one after the other."""
LET_GO_WITHIN = 5.0
"""Seconds that a port may still be held by processes whose parent was killed."""


class Stopped(Exception):
    """Somebody asked to stop while things were still being started."""


class Installation:
    """One run of the whole system. ``say_progress``: tell the person at the terminal what takes long.

    ``log_file``: where the JSON log lines of all processes go; None: standard error. ``parts``: which of ``PARTS`` run here.
    """

    def __init__(
        self, settings: Config, *, log_file: Path | None = None, migrate: bool, parts: Sequence[str] = PARTS
    ) -> None:
        self.settings = settings
        self.parts = frozenset(parts)
        self._migrate = migrate
        self._log: IO[bytes] | None = None
        if log_file:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            _rotate(log_file)
            self._log = log_file.open("ab")
        self._supervisor: Supervisor | None = None
        self._stop = threading.Event()
        self._beside: subprocess.Popen[bytes] | None = None
        self._breakable = False

    @property
    def address(self) -> str:
        """Of the first part here that answers."""
        return f"http://{self._shown_host}:{self.settings.port if 'web' in self.parts else port_of(self.settings)}"

    @property
    def _shown_host(self) -> str:
        host = self.settings.host
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        return f"[{shown}]" if ":" in shown else shown

    @property
    def _ports(self) -> list[int]:
        known = {"web": self.settings.port, "live": port_of(self.settings)}
        return [port for part, port in known.items() if part in self.parts]

    def run(self, *, prepare: list[list[str]] | None = None, ready: Callable[[], None] | None = None) -> int:
        """Start, serve until asked to stop, stop. ``prepare``: commands of ours to run before serving. Returns the exit code."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._request_stop)
        for port in self._ports:
            check_port_is_free(self.settings, port, self._stop)
        own = database.member(self.settings)
        try:
            if own:
                self._start_database(own)
            if not self._migrate:
                self._refuse_older_schema()
            schema = [["migrate", *(["--offline"] if own else [])]] if self._migrate else []  # nobody is served yet
            self._prepare([*schema, *(prepare or [])], embedded=own is not None)
            self._serve(own, ready)
        except Stopped:
            pass
        finally:
            if own:
                own.stop()
            if self._log:
                self._log.close()
        tell("已停止。", "Stopped.")
        return kit.OK

    def _prepare(self, steps: list[list[str]], *, embedded: bool) -> None:
        """Run the commands, unless this very code has run them on this very database before."""
        note = Note(self.settings.home, os.environ["WANGGE_DATABASE_URL"], steps) if embedded else None
        if note and note.holds():
            return
        for command in steps:
            schema = Words("更新数据库结构", "Bringing the schema up to date")
            self._step(command, schema if command[0] == "migrate" else None)
        if note:
            note.write()

    def _refuse_older_schema(self) -> None:
        """This program on a schema that lacks something would fail here and there. (The other way round it goes on: docs/operations-upgrade.md.)"""
        argv = [sys.executable, "-m", "wangge", "--lang", kit.language(), "migrate", "--plan"]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == kit.FOUND:
            names = done.stdout.split()
            raise CommandError(
                Words(
                    f"数据库结构比程序旧，缺少 {len(names)} 个迁移（{names[-1]} 等）。请先运行 wangge migrate（服务不必停止），再启动本程序。",
                    f"The schema is older than this program: {len(names)} migrations are missing ({names[-1]} and others). Run wangge migrate "
                    "first (what is served may go on), then start this one.",
                ),
                kit.REFUSED,
            )
        if done.returncode:
            raise CommandError(Words(done.stderr.strip(), done.stderr.strip()), done.returncode)

    def _start_database(self, own: Member) -> None:
        """May take minutes after a crash; a request to stop breaks it off (the server ends with us)."""
        self._raise_if_stopped()
        self._breakable = True
        try:
            with _telling(Words("启动内置数据库", "Starting the embedded database")):
                own.start()
        finally:
            self._breakable = False

    def _serve(self, own: Member | None, ready: Callable[[], None] | None) -> None:
        self._raise_if_stopped()
        environ = {"PROMETHEUS_MULTIPROC_DIR": str(_metrics_folder(self.settings.home))}
        parts = tuple(part for part in PARTS if part in self.parts)
        program = Process(
            "program", "wangge.processes.program", parts, grace=PROGRAM_GRACE, environ=environ, log=self._log
        )
        supervisor = self._supervisor = Supervisor([*([own] if own else []), program])
        try:
            supervisor.start()
            signal.signal(signal.SIGCHLD, supervisor.wake)
            if self._ports:
                with _telling(Words("启动网页服务", "Starting the web processes")):
                    self._await_answer(supervisor)
            if ready and not self._stop.is_set():
                ready()
            supervisor.run()
        finally:
            tell("正在停止 …", "Stopping …")
            if self._beside is not None and self._beside.poll() is None:
                self._beside.terminate()
                self._beside.wait()
            supervisor.stop()

    def beside(self, command: list[str]) -> None:
        """Run one command of ours beside what is served; it ends when we stop, and nobody waits for it."""
        argv = [sys.executable, "-m", "wangge", "--lang", kit.language(), *command]
        env = {**os.environ, "WANGGE_PARENT": str(os.getpid())}
        self._beside = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, start_new_session=True)

    def watch(self, name: str, module: str, *args: str) -> None:
        """Start one process more, that the others can do without, and watch it with them; to be called once it is served."""
        assert self._supervisor is not None
        self._supervisor.add(Process(name, module, args, log=self._log))

    def _await_answer(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not self._stop.wait(0.05):
            supervisor.look()  # what is killed while it starts is started again as well
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                # the web processes run, but the program in them is broken: waiting will not mend it
                deadline = min(deadline, time.monotonic()) if error.code >= 500 else deadline
            except OSError:
                pass
            if time.monotonic() >= deadline:
                where = f" ({self._log.name})" if self._log else ""
                raise CommandError(
                    Words(
                        f"网页服务没有正常应答；请查看日志{where}。",
                        f"The web processes do not answer as they should; see the log{where}.",
                    ),
                    kit.UNREACHABLE,
                )

    def _step(self, command: list[str], what: Words | None) -> None:
        """One command of ours in a process of its own, so that this one stays small; it speaks to the terminal itself."""
        self._raise_if_stopped()
        argv = [sys.executable, "-m", "wangge", "--lang", kit.language(), *command]
        if what:
            with _telling(what):
                code = self._wait(subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True))
        else:
            code = self._wait(subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True))
        if code:
            raise CommandError(
                Words(
                    f"“wangge {' '.join(command)}”未成功（退出码 {code}），说明见上。",
                    f"“wangge {' '.join(command)}” did not succeed (exit code {code}); see above.",
                ),
                code if code > 0 else kit.DEFECT,
            )

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return child.wait(0.1)
            except subprocess.TimeoutExpired:
                if self._stop.is_set():
                    child.terminate()
                    try:
                        child.wait(10)
                    except subprocess.TimeoutExpired:
                        child.kill()
                        child.wait()
                    raise Stopped from None

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _request_stop(self, *_: object) -> None:
        self._stop.set()
        if self._supervisor:
            self._supervisor.request_stop()
        if self._breakable:
            raise Stopped


class _telling:
    """Says what is being done once it has taken two seconds, and how long it took."""

    def __init__(self, what: Words) -> None:
        self._what = what
        self._timer = threading.Timer(2.0, self._begin)
        self._timer.daemon = True
        self._said = False

    def _begin(self) -> None:
        self._said = True
        print(f"  {say(self._what)} …", flush=True)

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._timer.start()

    def __exit__(self, kind: object, *_: object) -> None:
        self._timer.cancel()
        if self._said and kind is None:
            print(f"  {say(self._what)} · {time.monotonic() - self._started:.0f} s", flush=True)


def _bind(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def check_port_is_free(settings: Config, port: int, stop: threading.Event) -> None:
    """Refuse before anything is started, with the remedy, when somebody listens at our address. The processes of one that was killed a
    moment ago are given the time to let go of it, unless ``stop`` is asked for."""
    deadline = time.monotonic() + LET_GO_WITHIN
    while True:
        try:
            _bind(settings.host, port)
            return
        except PermissionError as error:
            raise CommandError(
                Words(
                    f"没有权限使用端口 {port}。请改用 1024 以上的端口（PORT=8000）。",
                    f"No right to use port {port}. Use one above 1024 (PORT=8000).",
                ),
                kit.REFUSED,
            ) from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                if stop.wait(0.1):
                    return
                continue
            raise CommandError(
                Words(
                    f"{settings.host}:{port} 无法使用（{error.strerror}），可能已有程序在使用该端口。请先停止它，"
                    f"或换一个端口：PORT={settings.port + 2} make demo，wangge serve --port {settings.port + 2}。",
                    f"{settings.host}:{port} cannot be used ({error.strerror}): another program may have this port. Stop it, "
                    f"or take another port: PORT={settings.port + 2} make demo, wangge serve --port {settings.port + 2}.",
                ),
                kit.REFUSED,
            ) from error


def _metrics_folder(home: Path) -> Path:
    """Where the processes of this run keep their figures; what a former run left would be counted again."""
    folder = (home / "run" / "metrics").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _rotate(file: Path, limit: int = 50_000_000) -> None:
    """The last log is kept beside the new one; no log grows for ever."""
    if file.exists() and file.stat().st_size > limit:
        file.replace(file.with_name(file.name + ".1"))


def configured(**changes: object) -> Config:
    """The configuration with ``changes`` put into the environment first, so that every child sees the same."""
    for name, value in changes.items():
        if value is not None:
            os.environ[f"WANGGE_{name.upper()}"] = str(value)
    return configuration.load()
