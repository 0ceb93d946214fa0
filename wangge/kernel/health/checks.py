"""The kernel's own checks."""

from __future__ import annotations

import os
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from wangge.kernel import clock
from wangge.kernel.db import replica, rows
from wangge.kernel.db.backup import noted
from wangge.kernel.health import Finding, bad, check, ok, warn
from wangge.kernel.jobs import state, sweep
from wangge.kernel.jobs.registry import LOOPS
from wangge.kernel.words import counted

LAG_WARN, LAG_BAD = 10.0, 120.0
"""Seconds the outbox may lag."""
SILENT = 45.0
"""Seconds without a sign of life after which a loop counts as dead; the worker notes one every 10 s."""
DISK_WARN, DISK_BAD = 0.10, 0.04
SKEW = 2.0

_migrated_until = 0.0


@check("database")
def database() -> Finding:
    started = time.perf_counter()
    row = rows.one(
        "SELECT current_setting('server_version') AS version, clock_timestamp() AS at, current_setting('TimeZone') AS zone"
    )
    ms = (time.perf_counter() - started) * 1000
    if row is None:
        return bad("数据库没有回答。", "The database gave no answer.")
    version = row["version"].split()[0]
    return ok(f"PostgreSQL {version}，应答 {ms:.1f} 毫秒。", f"PostgreSQL {version}, answered in {ms:.1f} ms.")


@check("replica")
def reads() -> Finding | None:
    """The replica for reads: the primary answers for one that is away, which is slower and nothing worse."""
    if not replica.configured():
        return None
    found = replica.look()
    if found is None:
        return warn(
            "只读副本没有应答，读取由主库承担；请检查 WANGGE_DATABASE_REPLICA_URL 所指的服务器。",
            "The replica does not answer, so the primary does; see to the server of WANGGE_DATABASE_REPLICA_URL.",
        )
    if not found.standby:
        return warn(
            "WANGGE_DATABASE_REPLICA_URL 所指的服务器不是只读副本（可能已升为主库），未予使用；请改正该设置。",
            "The server of WANGGE_DATABASE_REPLICA_URL is no replica (it may have been promoted) and is not used; change the setting.",
        )
    if not found.fed:
        return warn(
            "只读副本未与主库相连，未予使用；请查看副本的日志与 primary_conninfo。",
            "The replica is not connected to the primary and is not used; see its log and primary_conninfo.",
        )
    if not found.follows:
        return warn(
            f"只读副本落后 {found.behind:.0f} 秒，未予使用；请查看副本的负载与磁盘。",
            f"The replica is {found.behind:.0f} s behind and is not used; see to its load and disk.",
        )
    return ok("只读副本跟随主库。", "The replica follows the primary.")


@check("hosts", alone=True)
def host_names() -> Finding:
    """Behind a proxy somebody else's name may lead here: links and redirects would be made of it."""
    if settings.CONFIG.https and "*" in settings.CONFIG.hosts:
        return warn(
            "任何主机名都提供服务，请在 WANGGE_HOSTS 中列出本系统的域名。",
            "Every host name is served: list the names of this installation in WANGGE_HOSTS.",
        )
    return ok("主机名已限定，或未经 HTTPS 对外提供。", "Host names are listed, or nothing is served by HTTPS.")


@check("clock")
def clocks() -> list[Finding]:
    """The application's clock against the database's, and the zone."""
    found: list[Finding] = []
    row = rows.one("SELECT clock_timestamp() AS at, current_setting('TimeZone') AS zone") or {}
    skew = abs((row["at"] - clock.now()).total_seconds())
    if skew > SKEW:
        found.append(
            warn(
                f"应用与数据库的时钟相差 {skew:.1f} 秒，请校准时间（NTP）。",
                f"The clocks of application and database differ by {skew:.1f} s; set them by NTP.",
            )
        )
    if row["zone"] not in ("UTC", "Etc/UTC"):
        found.append(
            bad(
                f"数据库连接的时区是 {row['zone']}，应为 UTC。",
                f"The connection's zone is {row['zone']}; it must be UTC.",
            )
        )
    name = settings.CONFIG.zone
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(
            bad(f"不认识时区 {name}，请修改 WANGGE_ZONE。", f"The zone {name} is not known; change WANGGE_ZONE.")
        )
    return found


@check("migrations")
def migrations() -> Finding | None:
    """Whether the schema is that of this code. Looked up once a minute: the answer changes only with an upgrade."""
    global _migrated_until
    if time.monotonic() < _migrated_until:
        return None
    loader = MigrationLoader(connection)
    missing = [f"{a}.{n}" for a, n in loader.graph.nodes if (a, n) not in loader.applied_migrations]
    if missing:
        few = ", ".join(sorted(missing)[:3])
        return bad(
            f"有 {len(missing)} 个数据库迁移未执行（{few}），请运行 wangge migrate。",
            f"{counted(len(missing), 'migration is', 'migrations are')} not applied ({few}); run wangge migrate.",
        )
    known = {*loader.disk_migrations, *(name for m in loader.disk_migrations.values() for name in m.replaces)}
    newer = sorted(f"{a}.{n}" for a, n in loader.applied_migrations.keys() - known)
    if newer:
        few = ", ".join(newer[:3])
        return warn(
            f"数据库结构比本机程序新（{few}），可以继续运行；请尽快将本机程序升级到同一版本。",
            f"The schema is newer than the program of this host ({few}), which goes on; bring this host's program up to date soon.",
        )
    _migrated_until = time.monotonic() + 60
    return None


@check("outbox")
def outbox() -> list[Finding]:
    from wangge.kernel.outbox import relay

    found: list[Finding] = []
    for one in relay.lag():
        name, seconds = one["consumer"], one["seconds"]
        if seconds > LAG_WARN:
            make = bad if seconds > LAG_BAD else warn
            found.append(
                make(
                    f"“{name}”落后 {seconds:.0f} 秒。请确认后台进程在运行。",
                    f"“{name}” is {seconds:.0f} s behind. See that the worker process runs.",
                )
            )
        if one["stuck"]:
            found.append(
                warn(
                    f"“{name}”有 {one['stuck']} 条事件多次失败，已搁置（outbox_stuck）。",
                    f"“{name}” has set aside {one['stuck']} events that failed again and again (outbox_stuck).",
                )
            )
    return found


@check("worker")
def worker() -> list[Finding]:
    """The loops of the worker: alive, and not failing."""
    found: list[Finding] = []
    known = {one["name"]: one for one in state.loops()}
    for name in sorted({*LOOPS, "jobs"}):
        one = known.get(name)
        if one is None or one["seconds"] > SILENT:
            since = "从未运行" if one is None else f"{one['seconds']:.0f} 秒没有动静"
            since_en = "has never run" if one is None else f"was silent for {one['seconds']:.0f} s"
            found.append(
                bad(
                    f"后台循环“{name}”{since}。请确认后台进程（wangge work）在运行。",
                    f"The loop “{name}” {since_en}. See that a worker (wangge work) runs.",
                )
            )
        elif one["failures"]:
            make = bad if one["failures"] >= 3 else warn
            found.append(
                make(
                    f"后台循环“{name}”连续失败 {one['failures']} 次：{one['error']}",
                    f"The loop “{name}” failed {one['failures']} times in a row: {one['error']}",
                )
            )
    return found


@check("jobs")
def jobs() -> list[Finding]:
    found = [
        warn(
            f"任务“{one['name']}”最近一次失败（连续 {one['failures']} 次）：{one['error']}",
            f"The job “{one['name']}” failed at its last run ({one['failures']} in a row): {one['error']}",
        )
        for one in state.jobs_in_trouble()
    ]
    for one in sweep.failing():
        if one["failed"]:
            found.append(
                warn(
                    f"任务“{one['job']}”有 {one['failed']} 个已放弃。",
                    f"{one['failed']} of the job “{one['job']}” were given up.",
                )
            )
        late = (clock.now() - one["waiting_since"]).total_seconds() if one["waiting_since"] else 0
        if late > LAG_BAD:
            found.append(
                warn(
                    f"任务“{one['job']}”已等待 {late:.0f} 秒未执行。",
                    f"The job “{one['job']}” has been waiting for {late:.0f} s.",
                )
            )
    return found


@check("disk", alone=True)
def disk() -> Finding | None:
    """The space left where the data lie."""
    folder = Path(settings.CONFIG.home)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    share, gib = usage.free / usage.total, usage.free / 2**30
    if share < DISK_WARN and gib < 50:
        make = bad if share < DISK_BAD or gib < 1 else warn
        return make(
            f"数据盘仅剩 {gib:.1f} GiB（{share:.0%}），请尽快清理或扩容。",
            f"Only {gib:.1f} GiB ({share:.0%}) of the data disk is left; free or add space soon.",
        )
    return ok(f"数据盘剩余 {gib:.0f} GiB（{share:.0%}）。", f"{gib:.0f} GiB ({share:.0%}) of the data disk is free.")


ARCHIVE_WARN = 2 * 2**30
"""Bytes of archived WAL that no backup has taken."""
BASE_OLD = timedelta(days=8)
"""A base backup a week, and a day's grace: the older it is, the more WAL a restore has to replay."""
DRILL_OLD = timedelta(days=8)
"""A backup is good once its restore was tried."""


@check("archive")
def archive() -> list[Finding]:
    """The WAL archive: a server that cannot archive keeps all its WAL, and one that nobody backs up fills its disk with archived segments."""
    found: list[Finding] = []
    row = rows.one(
        "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') AS failing, last_failed_wal FROM pg_stat_archiver"
    )
    if row and row["failing"]:
        found.append(
            bad(
                f"数据库日志 {row['last_failed_wal']} 归档失败，磁盘会被写满；请查看数据库日志（pg/log）。",
                f"The WAL segment {row['last_failed_wal']} cannot be archived and the disk will fill; see the database's log (pg/log).",
            )
        )
    home = Path(settings.CONFIG.home)
    known = noted.read(home)
    since = known.until.timestamp() if known.until else 0.0
    try:  # what was shipped stays for a week and is nobody's worry
        size = sum(s.st_size for file in os.scandir(home / "pg" / "archive") if (s := file.stat()).st_mtime > since)
    except OSError:  # another server's archive, or another account's folder
        return found
    if size > ARCHIVE_WARN:
        found.append(
            warn(
                f"已归档而未备份的数据库日志有 {size / 2**30:.1f} GiB；请运行 wangge backup（此后的日志在复制满七天后自动清理）。",
                f"{size / 2**30:.1f} GiB of archived WAL is in no backup; run wangge backup (what is copied leaves after seven days).",
            )
        )
    found.append(_base(known, clock.now()))
    return found


def _base(known: noted.Noted, now: datetime) -> Finding:
    """The last base backup's age, and whether it can be restored: that is known once it was tried."""
    if known.base is None:
        return ok("尚无备份；请运行 wangge backup 目录。", "No backup yet; run wangge backup FOLDER.")
    days = (now - known.base) / timedelta(days=1)
    if now - known.base > BASE_OLD:
        return warn(
            f"最近一次基础备份在 {days:.0f} 天前；请运行 wangge backup，并检查定时任务。",
            f"The last base backup is {days:.0f} days old; run wangge backup, and see whether the timer runs.",
        )
    if known.failed and (known.restored is None or known.failed > known.restored):
        return bad(
            "最近一次恢复演练未通过，备份可能无法恢复；请运行 wangge drill 查看原因。",
            "The last restore drill did not pass, so the backups may not bring everything back; run wangge drill and read why.",
        )
    if known.restored is None or now - known.restored > DRILL_OLD:
        return warn(
            "备份超过八天未做恢复演练；请定时（每晚）运行 wangge drill。",
            "The backups were not restored for a try within eight days; run wangge drill by a timer, each night.",
        )
    tried = (now - known.restored) / timedelta(days=1)
    return ok(
        f"最近一次基础备份在 {days:.1f} 天前，恢复演练在 {tried:.1f} 天前通过。",
        f"The last base backup is {days:.1f} days old; a restore was tried and passed {tried:.1f} days ago.",
    )
