"""``wangge backup``, ``wangge restore``, ``wangge drill``: for the embedded server. A server of others is its operator's to back up."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from wangge.config import Config
from wangge.config import load as configuration
from wangge.kernel import commands as kit
from wangge.kernel.commands import Command, CommandError, say, tell
from wangge.kernel.words import Words


def _embedded() -> Config:
    """The configuration; refuses when it names a server that is not ours."""
    settings = configuration()
    if settings.database_url:
        raise CommandError(
            Words(
                "本安装使用 WANGGE_DATABASE_URL 所指的数据库服务器，它的备份由该服务器的管理员负责（pg_basebackup 与 WAL 归档）；"
                "附件目录 files 与密钥须另行备份，见 docs/operations.md。",
                "This installation uses the database server of WANGGE_DATABASE_URL; backing that up is its operator's work "
                "(pg_basebackup and WAL archiving). Back up the folder files and the keys as well, see docs/operations.md.",
            ),
            kit.REFUSED,
        )
    return settings


def _progress(words: Words) -> None:
    tell(Words(f"  {words.zh} …", f"  {words.en} …"))


def _no_words(_: Words) -> None: ...


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", type=Path, help=say("备份目录（应在另一块磁盘上）", "folder of the backups, on another disk")
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--incremental", action="store_true", help=say("只备份自上次以来的变化", "only what changed since the last one")
    )
    what.add_argument(
        "--wal",
        action="store_true",
        help=say("只复制归档日志与新附件（宜每分钟一次）", "only archived WAL and new files, to be run each minute"),
    )
    parser.add_argument(
        "--keep-days", type=int, default=30, help=say("保留天数，默认 30", "days to keep backups, 30 by default")
    )
    parser.add_argument("--json", action="store_true", help=say("输出 JSON", "print JSON"))


def _backup(args: argparse.Namespace) -> int:
    from wangge.kernel.db.backup import backup, ship

    home = _embedded().home
    note = _no_words if args.json else _progress
    if args.wal:
        taken = ship(home, args.target, say=note)
    else:
        taken = backup(home, args.target, incremental=args.incremental, keep_days=args.keep_days, say=note)
    name = taken.backup.name if taken.backup else None
    if args.json:
        said = {"backup": name, "until": taken.until.isoformat(), "files": taken.files, "removed": taken.removed}
        print(json.dumps(said))
        return kit.OK
    what = (
        Words(f"已备份为 {name}，", f"Backed up as {name}; ")
        if name
        else Words("已复制归档日志，", "Archived WAL copied; ")
    )
    until = f"{taken.until:%Y-%m-%d %H:%M:%S} UTC"
    tell(
        f"{what.zh}可恢复到 {until} 为止的任一秒；新附件 {taken.files} 个（{taken.file_bytes} 字节）。",
        f"{what.en}any second up to {until} can be restored; {taken.files} new evidence files ({taken.file_bytes} bytes).",
    )
    if taken.removed:
        tell(f"已删除过期备份：{', '.join(taken.removed)}", f"Old backups removed: {', '.join(taken.removed)}")
    if name:
        tell(
            f"密钥不在备份中：请另行保管 {home / 'keys.json'}，没有它加密字段无法读取。",
            f"Keys are not in a backup: keep {home / 'keys.json'} elsewhere; without it encrypted fields cannot be read.",
        )
    return kit.OK


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", type=Path, help=say("备份目录", "folder of the backups"))
    parser.add_argument("into", type=Path, help=say("恢复到的新目录", "new folder to restore into"))
    parser.add_argument(
        "--to",
        type=_moment,
        help=say(
            "恢复到的时刻，如 “2026-11-21 10:15:00”（本安装时区）；默认为最后时刻",
            "moment to restore to, for instance '2026-11-21 10:15:00' (in this installation's zone); default: the last one",
        ),
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(say(f"无法理解的时刻：{text}", f"not a moment: {text}")) from error


def _restore(args: argparse.Namespace) -> int:
    from wangge.kernel.db.backup import restore

    zone = ZoneInfo(configuration().zone)
    to = args.to.replace(tzinfo=zone) if args.to and args.to.tzinfo is None else args.to
    done = restore(args.target, args.into, to, say=_progress)
    tell(
        f"已从 {' + '.join(done.backups)} 恢复到 {args.into}，状态为 {done.until.astimezone(zone):%Y-%m-%d %H:%M:%S}，附件 {done.files} 个。",
        f"Restored from {' + '.join(done.backups)} into {args.into}, as of {done.until.astimezone(zone):%Y-%m-%d %H:%M:%S}, "
        f"{done.files} evidence files.",
    )
    tell(
        f"请将密钥 keys.json 放入 {args.into}，再以 WANGGE_HOME={args.into} 启动；此后的备份请用新的备份目录。",
        f"Put keys.json into {args.into} and start with WANGGE_HOME={args.into}; make its backups into a new folder.",
    )
    return kit.OK


def _drill_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", type=Path, help=say("备份目录", "folder of the backups"))
    parser.add_argument(
        "--side", type=Path, help=say("临时恢复所用的目录", "where to make the copy (default: in the backups' folder)")
    )
    parser.add_argument("--json", action="store_true", help=say("输出 JSON", "print JSON"))


def _drill(args: argparse.Namespace) -> int:
    from wangge.kernel.db.backup import drill

    report = drill(
        _embedded().home, args.target, verify=_ledger, side=args.side, say=_no_words if args.json else _progress
    )
    print(report.as_json() if args.json else say(report.as_words()))
    return kit.OK if report.passed else kit.FOUND


def _ledger(copy: object) -> list[str]:
    """Verify the ledger of the copy: Django is set up here, on the copy's addresses, and on nothing else in this run."""
    import os

    os.environ["WANGGE_DATABASE_URL"] = copy.owner_url  # type: ignore[attr-defined]
    os.environ["WANGGE_DATABASE_APP_URL"] = copy.app_url  # type: ignore[attr-defined]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
    import django
    from django.db import DatabaseError, connections

    django.setup()
    from wangge.kernel.ledger.verify import verify

    try:
        # the head file is of the running installation and may be a seal further
        report = verify(with_head=False)
        return [] if report.ok else [say(f.words) for f in report.findings] + [say(w) for w in report.locks]
    except DatabaseError as error:
        return [say(f"留痕无法核验：{error}", f"the ledger could not be verified: {error}")]
    finally:
        connections.close_all()


COMMANDS = [
    Command(
        ("backup",),
        Words("备份内置数据库与附件", "Back up the embedded database and the evidence files"),
        _backup,
        _backup_arguments,
        needs_django=False,
        needs_database=False,
        epilog=Words(
            "例：每周 wangge backup /mnt/backup；每天加 --incremental；每分钟加 --wal。",
            "For instance: weekly wangge backup /mnt/backup, daily with --incremental, each minute with --wal.",
        ),
    ),
    Command(
        ("restore",),
        Words("由备份恢复到新目录，可精确到秒", "Restore a backup into a new folder, to the second"),
        _restore,
        _restore_arguments,
        needs_django=False,
        needs_database=False,
    ),
    Command(
        ("drill",),
        Words(
            "恢复演练：在旁恢复、比对、核验留痕并报告 RPO 与 RTO",
            "Restore drill: restore aside, compare, verify the ledger, report RPO and RTO",
        ),
        _drill,
        _drill_arguments,
        needs_django=False,
        needs_database=False,
    ),
]
