"""Restoring: a new installation folder that holds what was true at a second."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from wangge.kernel.db.backup import evidence, manifest, wal
from wangge.kernel.db.backup.store import Backup, Say, Store, copy_whole, damaged, run
from wangge.kernel.db.embedded import EmbeddedServer, find_binaries
from wangge.kernel.db.embedded import account as accounts
from wangge.kernel.db.embedded.layout import Layout
from wangge.kernel.problems import Conflict, Invalid, NotFound, Unavailable
from wangge.kernel.words import Words

_FETCH = 'test -f "../restore-wal/%f.gz" && gzip -cd "../restore-wal/%f.gz" >"%p"'


class Restored(NamedTuple):
    """``until``: what was asked for, or the last moment the backups hold."""

    backups: list[str]
    until: datetime
    files: int


def restore(
    backup_dir: Path, into: Path, to: datetime | None = None, *, xid: int | None = None, say: Say = lambda _: None
) -> Restored:
    """Make ``into`` an installation as of ``to`` (with a zone; None: the last moment the backups hold), every file checked first.

    ``xid``: up to and with that transaction instead of a time. The restored server has been started, recovered and stopped again,
    and its log-in has a new password. Keys are not in a backup: put them into ``into`` yourself.

    Raises Conflict when ``into`` is used, NotFound when there is no backup for that moment, Invalid naming each damaged file.
    """
    server, restored = recover(backup_dir, into, to, xid=xid, say=say)
    server.stop()
    return restored


def recover(
    backup_dir: Path,
    into: Path,
    to: datetime | None,
    *,
    xid: int | None = None,
    extra: Mapping[str, str] | None = None,
    say: Say,
) -> tuple[EmbeddedServer, Restored]:
    """As ``restore``, but the restored server is left running, and supervised by us."""
    store, layout = Store(Path(backup_dir).absolute()), Layout(Path(into).absolute())
    if any(p.exists() for p in (layout.pg, layout.password_file, layout.home / evidence.FOLDER)):
        raise Conflict(
            Words(
                f"{into} 已在使用，不会覆盖；请给出一个新目录。",
                f"{into} is in use and will not be overwritten; name a new folder.",
            )
        )
    last = _choose(store, to)
    chain = store.chain(last)
    _check(store, chain, say)
    segments = wal.needed(store, last.first_segment)
    account = accounts.for_folder(layout.pg)
    try:
        layout.make(account)
        _data(store, chain, layout, say)
        _wal(segments, layout)
        files = evidence.restore(store, layout.home, say)
        account.own_tree(layout.pg)
        server = EmbeddedServer(layout.home, say=say, extra={**_target(to, xid), **(extra or {})}, tied=True)
        server.start()
        shutil.rmtree(layout.pg / "restore-wal")
    except BaseException as error:
        said = _reason(layout, error)
        for folder in (layout.pg, layout.home / evidence.FOLDER):
            shutil.rmtree(folder, ignore_errors=True)
        layout.password_file.unlink(missing_ok=True)
        if said:
            raise said from error
        raise
    shipped = store.shipped()
    until = to or (shipped[1] if shipped else last.finished)
    return server, Restored([b.name for b in chain], until, files)


def _choose(store: Store, to: datetime | None) -> Backup:
    """The newest backup that was finished at ``to``. Raises NotFound, Invalid with the span that can be restored."""
    backups = store.backups()
    if not backups:
        raise NotFound(Words(f"{store.root} 中没有完整的备份。", f"There is no complete backup in {store.root}."))
    if to is None:
        return backups[-1]
    if to.tzinfo is None:
        raise Invalid(Words("恢复时刻须带时区。", "The moment to restore to needs a time zone."))
    shipped = store.shipped()
    newest = max(backups[-1].finished, shipped[1]) if shipped else backups[-1].finished
    usable = [b for b in backups if b.finished <= to]
    if not usable or to > newest:
        span = f"{backups[0].finished:%Y-%m-%d %H:%M:%S} – {newest:%Y-%m-%d %H:%M:%S} UTC"
        raise NotFound(
            Words(
                f"备份中没有 {to.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC 的状态；可恢复的时段：{span}。",
                f"The backups do not hold {to.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC; they reach over {span}.",
            )
        )
    return usable[-1]


def _check(store: Store, chain: list[Backup], say: Say) -> None:
    faults = [
        f"{b.name}/data/{fault}"
        for b in chain
        for fault in manifest.faults(store.data(b), say, whole=b.manifest, wal=b.wal)
    ]
    faults += evidence.faults(store, say)
    if faults:
        raise damaged(faults)


def _data(store: Store, chain: list[Backup], layout: Layout, say: Say) -> None:
    """The data folder: a copy of the base, or the base and its increments combined, and checked once more."""
    if len(chain) == 1:
        shutil.copytree(store.data(chain[0]), layout.data)
    else:
        folders = [store.data(b) for b in chain]
        command = [
            find_binaries() / "pg_combinebackup",
            *folders,
            f"--output={layout.data}",
            "--manifest-checksums=SHA256",
        ]
        run(command, Words("合并增量备份", "Combining the increments"), say)
        faults = manifest.faults(layout.data, say)
        if faults:
            raise damaged(faults)
        _forget_visibility(layout.data)
    layout.data.chmod(0o700)
    (layout.data / "postgresql.auto.conf").write_text("")
    (layout.data / "recovery.signal").touch()


def _forget_visibility(data: Path) -> None:
    """Remove the visibility maps of a combined backup: they may claim that rows are visible which are long gone.

    PostgreSQL 17 and 18 clear a map's bit without naming the map's block in the WAL, so an increment misses the change and an
    index-only scan counts dead rows (pgsql-hackers, "Why clearing the VM doesn't require registering vm buffer in wal record",
    March 2026). A map that is not there is a map without claims: VACUUM makes it anew.
    """
    for path in data.glob("**/*_vm*"):
        path.unlink()


def _wal(segments: list[Path], layout: Layout) -> None:
    folder = layout.pg / "restore-wal"
    folder.mkdir(mode=0o700)
    for path in segments:
        copy_whole(path, folder / path.name)


def _target(to: datetime | None, xid: int | None) -> dict[str, str]:
    """No connection before the end of recovery (hot_standby off), and then a server like any other."""
    settings = {"restore_command": _FETCH, "recovery_target_action": "promote", "hot_standby": "off"}
    if xid is not None:
        settings["recovery_target_xid"] = str(xid)
    elif to is not None:
        settings["recovery_target_time"] = to.astimezone(UTC).isoformat(sep=" ")
    return settings


def _reason(layout: Layout, error: BaseException) -> Exception | None:
    """The server's own word about a target it could not reach, as a sentence."""
    if isinstance(error, Unavailable) and re.search(
        r"recovery ended before configured recovery target", error.detail.en
    ):
        return Unavailable(
            Words(
                "归档日志没有到达所要的时刻；请先运行 wangge backup --wal，或选择更早的时刻。",
                "The archived WAL ends before the moment that was asked for; run wangge backup --wal first, or choose an earlier one.",
            )
        )
    return None
