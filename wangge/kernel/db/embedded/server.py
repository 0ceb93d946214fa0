"""The supervisor of one embedded server: makes it, starts it, knows whether it lives, takes over one left running, stops it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from wangge.kernel.db import roles
from wangge.kernel.db.embedded import account as accounts
from wangge.kernel.db.embedded import binaries, settings
from wangge.kernel.db.embedded.layout import Layout, write_private
from wangge.kernel.db.embedded.locks import Supervising, try_lock
from wangge.kernel.db.embedded.waiting import Answer, Patience, ask, last_lines, redo_position
from wangge.kernel.problems import Unavailable
from wangge.kernel.words import Words

OWNER = "wangge_owner"
APPLICATION = "wangge_app"
DATABASE = "wangge"
DEAF_AFTER = 5.0
"""Seconds without a socket after which processes left in our data folder are ended: a server that recovers has its socket open."""
STOP_WITHIN = 300.0
"""Seconds for an orderly end (its last checkpoint may be long) before an immediate one, which costs a recovery at the next start."""


def _quiet(_: Words) -> None: ...


class EmbeddedServer:
    """The server of ``home``; its files are in ``home/pg``. ``say`` is told what takes time. ``extra``: more server settings.
    ``durable``: False for tests: nothing is forced to the disk, which a killed process does not mind and a power cut would.
    ``tied``: on Linux the server stops (fast) when the thread that called ``start`` is gone, also when that was killed.

    ``start`` may be called again after the server has died; ``stop`` after a start that failed. Not for use by several threads.
    """

    def __init__(
        self,
        home: Path,
        *,
        say: Callable[[Words], None] = _quiet,
        extra: Mapping[str, str] | None = None,
        tied: bool = False,
        durable: bool = True,
    ) -> None:
        self.layout = Layout(Path(home).absolute())
        self.home = self.layout.home
        self._say = say
        self._durable = durable
        self._extra = {**(extra or {}), **({} if durable else {"fsync": "off"})}
        self._tied = tied and sys.platform == "linux"
        self._supervising = Supervising(self.layout.supervisor_lock, self.home)
        self._supervises = False
        self._popen: subprocess.Popen[bytes] | None = None
        self._socket: Path | None = None

    # ------------------------------------------------------------------ addresses

    @property
    def owner_url(self) -> str:
        """libpq URL of the owner's log-in, with password. Known from the first start on."""
        return self._url(DATABASE)

    @property
    def app_url(self) -> str:
        """libpq URL of the application's log-in (no superuser, subject to row-level security)."""
        password = roles.app_password(self.layout.password(), APPLICATION)
        return self._url(DATABASE, user=APPLICATION, password=password)

    def _url(self, database: str, *, user: str = OWNER, password: str | None = None) -> str:
        word = password or (self.layout.password_file.exists() and self.layout.password()) or ""
        return f"postgresql://{user}:{word}@/{database}?host={quote(str(self._socket_folder()), safe='')}&port=5432"

    def _socket_folder(self) -> Path:
        if self._socket is None:
            self._socket = Path(self.layout.socket_note.read_text("utf-8"))
        return self._socket

    # ------------------------------------------------------------------ start

    def start(self) -> EmbeddedServer:
        """Make what is missing and return when the server takes connections, however long its recovery takes.

        Raises Conflict when another program supervises this folder (it says which), Unavailable when the server cannot be started.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._supervises:
            self._supervising.take()
            self._supervises = True
        try:
            self._start()
        except BaseException:
            self._let_go()
            raise
        return self

    def _start(self) -> None:
        account = accounts.for_folder(self.layout.pg)
        programs = binaries.reachable_by(account)
        self.layout.make(account)
        if not (self.layout.data / "PG_VERSION").exists():
            self._init(account, programs)
        self._check_version(programs)
        while True:
            lock = try_lock(self.layout.server_lock)
            launched = lock is not None
            if lock:
                with lock:
                    self._launch(account, programs, lock.fileno())
            else:
                self._popen = None
            if self._await_answer(launched=launched):
                if launched or self._same_as_we_would_start(programs):
                    break
                self._say(Words("旧版本的数据库仍在运行，先停止它", "An older server still runs; stopping it first"))
                self._end(signal.SIGINT)
        self._prepare()

    def _init(self, account: accounts.Account, programs: Path) -> None:
        """A data folder appears under its name only when it is whole."""
        self._say(Words("初始化内置数据库", "Making the embedded database"))
        making = self.layout.pg / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        account.own(making)
        done = subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={self.layout.from_inside(account, making)}",
                f"--username={OWNER}",
                "--auth=peer",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions",
                *([] if self._durable else ["--no-sync"]),
            ],
            cwd=making,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
            **account.run_as(),
        )
        if done.returncode:
            raise Unavailable(_failed(Words("数据库初始化失败", "The database could not be made"), done.stderr))
        # the password belongs to the data; a new one is made with it
        self.layout.password_file.unlink(missing_ok=True)
        making.rename(self.layout.data)

    def _check_version(self, programs: Path) -> None:
        have = (self.layout.data / "PG_VERSION").read_text("utf-8").strip()
        want = binaries.version(programs).split(".")[0]
        if have != want:
            raise Unavailable(
                Words(
                    f"{self.layout.data} 由 PostgreSQL {have} 建立，而现在的程序是 {want}；请用原版本导出后再导入，见 docs/operations.md。",
                    f"{self.layout.data} was made by PostgreSQL {have}, but the programs are {want}; export with the former version and "
                    "import again, see docs/operations.md.",
                )
            )

    def _launch(self, account: accounts.Account, programs: Path, lock: int) -> None:
        """Start a server. ``lock`` proves that no process of one lives here, so a postmaster.pid that is left is stale."""
        (self.layout.data / "postmaster.pid").unlink(missing_ok=True)
        self._socket = self.layout.socket_folder(account)
        # as stale as that, but believed while the process id in it is anybody's: even a dead child's that its parent has not asked after
        (self._socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        self.layout.socket_note.write_text(str(self._socket), "utf-8")
        settings.write(self.layout, self._socket, peer=not self.layout.password_file.exists())
        instance = uuid.uuid4().hex
        write_private(self.layout.instance, instance)
        chosen = {**self._extra, "wangge.instance": instance}
        os.set_inheritable(lock, True)
        with open(self.layout.start_log, "ab") as log:
            self._popen = subprocess.Popen(
                [
                    programs / "postgres",
                    "-D",
                    self.layout.from_inside(account, self.layout.data),
                    *(word for name, value in chosen.items() for word in ("-c", f"{name}={value}")),
                ],
                cwd=self.layout.data,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                umask=0o077,
                preexec_fn=_stop_with_parent if self._tied else None,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops the server in its turn
                **account.run_as(),
            )

    def _await_answer(self, *, launched: bool) -> bool:
        """True when the server of this folder answers; False when one that we did not launch has ended meanwhile."""
        patience = Patience()
        while True:
            answer = ask(self._url("postgres"), within=2)
            if answer.instance is not None and answer.instance == self._instance():
                return True
            if launched:
                if self._popen is None or self._popen.poll() is not None:
                    raise Unavailable(
                        _failed(Words("数据库未能启动", "The database did not start"), last_lines(self.layout.log))
                    )
            elif self._nobody_lives():
                return False
            elif answer.deaf and patience.seconds > DEAF_AFTER:
                self._end(signal.SIGINT)
                return False
            if answer.refused:
                raise Unavailable(
                    Words(
                        f"内置数据库拒绝了 {self.layout.password_file} 中的口令；删除该文件并重新启动即可更换口令。",
                        f"The embedded database does not accept the password in {self.layout.password_file}; delete that file and "
                        "start again, then it gets a new one.",
                    )
                )
            self._report(patience, answer, launched)
            patience.pause()

    def _report(self, patience: Patience, answer: Answer, launched: bool) -> None:
        if patience.due():
            seconds, where = f"{patience.seconds:.0f}", redo_position(self.layout.log)
            zh = f"等待数据库{'恢复' if where else '启动' if launched else '应答'}，已 {seconds} 秒"
            en = f"Waiting for the database to {'recover' if where else 'start' if launched else 'answer'}, {seconds} s"
            at = f" · WAL {where}" if where else ""
            self._say(Words(zh + at, en + at))

    def _same_as_we_would_start(self, programs: Path) -> bool:
        """Whether the server that was left running is of our programs' version (else it is stopped, and ours started)."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            return connection.execute("SHOW server_version").fetchone() == (binaries.version(programs),)

    def _prepare(self) -> None:
        """Password, database and the application's role, each only when it is missing."""
        if not self.layout.password_file.exists():
            word = os.urandom(32).hex()
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(OWNER), sql.Literal(word))
                )
                # only now: if we are stopped in between, the next start finds no password and sets one
                write_private(self.layout.password_file, word)
                settings.write(self.layout, self._socket_folder(), peer=False)
                connection.execute("SELECT pg_reload_conf()")
            self._await_answer(launched=False)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        try:
            psycopg.connect(self.app_url, connect_timeout=10).close()
        except psycopg.OperationalError:
            roles.prepare(self.owner_url, self.app_url)

    # ------------------------------------------------------------------ life

    def is_alive(self) -> bool:
        """Whether the server of this folder, and no other, takes a connection now."""
        return self._instance() is not None and ask(self._url("postgres")).instance == self._instance()

    def pid(self) -> int | None:
        """The server's first process, found by its working folder."""
        mine = _processes_in(self.layout.data)
        pids = {p.pid for p in mine}
        for process in mine:
            try:
                if process.ppid() not in pids and "-D" in process.cmdline():
                    return process.pid
            except psutil.Error:
                continue
        return None

    def _instance(self) -> str | None:
        try:
            return self.layout.instance.read_text("utf-8")
        except OSError:
            return None

    def _nobody_lives(self) -> bool:
        lock = try_lock(self.layout.server_lock)
        if lock:
            lock.close()
        return lock is not None

    @classmethod
    def attach(cls, home: Path) -> EmbeddedServer | None:
        """The server of ``home`` if it runs and we may log in to it, for its addresses; else None. ``stop`` on it does nothing."""
        found = cls(home)
        try:
            return found if found.layout.password_file.exists() and found.is_alive() else None
        except OSError:
            return None

    # ------------------------------------------------------------------ stop

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and give up the folder. ``smart`` waits for clients, ``fast`` ends their transactions, ``immediate``
        leaves a recovery to the next start."""
        if not self._supervises:
            return
        try:
            self._end({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
            if self._socket is not None:
                shutil.rmtree(self._socket, ignore_errors=True)  # may lie outside home; the next start makes it again
        finally:
            self._let_go()

    def _end(self, how: signal.Signals) -> None:
        """Return when no process of the server lives."""
        patience = Patience()
        asked = killed = False
        while True:
            if self._popen is not None:
                self._popen.poll()  # reaps it
            if self._nobody_lives():
                self._popen = None
                return
            pid = self.pid()
            if pid is not None and not asked:
                os.kill(pid, how)
                asked = True
            elif pid is not None and patience.seconds > STOP_WITHIN and not killed:
                os.kill(pid, signal.SIGQUIT)
                killed = True
            elif pid is None and patience.seconds > DEAF_AFTER:
                # left behind by a first process that was killed, and too busy to notice
                for process in _processes_in(self.layout.data):
                    process.kill()
            if patience.due():
                self._say(
                    Words(
                        f"等待数据库停止，已 {patience.seconds:.0f} 秒",
                        f"Waiting for the database to stop, {patience.seconds:.0f} s",
                    )
                )
            patience.pause()

    def hand_over(self) -> None:
        """Leave the running server to itself: whoever starts one in this folder next takes it over. ``stop`` does nothing from now on."""
        self._let_go()

    def _let_go(self) -> None:
        self._supervising.release()
        self._supervises = False

    def remove(self) -> None:
        """Stop at once and delete the database with everything in it. For side copies and tests. Raises Conflict as ``start``."""
        if not self._supervises:
            self._supervising.take()
        self._end(signal.SIGQUIT)
        self._let_go()
        if self.layout.socket_note.exists():
            shutil.rmtree(self._socket_folder(), ignore_errors=True)
        shutil.rmtree(self.layout.pg, ignore_errors=True)
        for path in (self.layout.password_file, self.layout.supervisor_lock):
            path.unlink(missing_ok=True)

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _stop_with_parent() -> None:
    """In the child, after it has become the service user (which would undo it): the kernel sends SIGINT when the parent is gone."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGINT), 0, 0, 0)  # PR_SET_PDEATHSIG


def _processes_in(folder: Path) -> list[psutil.Process]:
    """PostgreSQL processes whose working folder is ``folder``."""
    real = str(folder.resolve())
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            try:
                if process.cwd() == real:
                    found.append(process)
            except psutil.Error:
                continue
    return found


def _environment() -> dict[str, str]:
    """Nothing of ours but the path: no PG* variable of the caller may steer the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _failed(what: Words, said: str) -> Words:
    return Words(f"{what.zh}：\n{said.strip()}", f"{what.en}:\n{said.strip()}")
