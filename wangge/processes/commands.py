"""The commands that run and look after an installation."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from wangge.kernel import commands as kit
from wangge.kernel.commands import Command, CommandError, say, tell
from wangge.kernel.words import Words


def _address_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help=say("监听地址（WANGGE_HOST）", "address to listen on (WANGGE_HOST)"))
    parser.add_argument("--port", type=int, help=say("监听端口（WANGGE_PORT）", "port to listen on (WANGGE_PORT)"))


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    _address_arguments(parser)
    parser.add_argument(
        "--migrate",
        action="store_true",
        help=say(
            "先更新外部数据库的结构（内置数据库总会更新）",
            "bring a server's schema up to date first (the embedded one's always is)",
        ),
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=("web", "live", "work"),
        help=say(
            "本机只运行哪些部分：web 网页、live 实时推送、work 后台；默认全部。须用外部数据库",
            "run only these parts here: web, live events, work (the worker); all by default. Needs a database server",
        ),
    )
    parser.add_argument(
        "--log", type=Path, help=say("日志文件；不填则写到标准错误", "file for the log; else standard error")
    )


def serve(args: argparse.Namespace) -> int:
    from wangge.kernel import logs
    from wangge.processes.serve import PARTS, Installation, configured

    settings = configured(host=args.host, port=args.port)
    parts = args.parts or PARTS
    if args.parts and not settings.database_url:
        raise CommandError(
            Words(
                "内置数据库只供本机使用，不能与 --parts 同用；请以 WANGGE_DATABASE_URL 指定数据库服务器。",
                "The embedded database is for this machine alone, so --parts needs a server: name it by WANGGE_DATABASE_URL.",
            ),
            kit.REFUSED,
        )
    logs.configure(process="parent", level=settings.log_level)
    if not settings.database_url:
        os.environ.pop("WANGGE_DATABASE_APP_URL", None)
    run = Installation(settings, log_file=args.log, migrate=args.migrate or not settings.database_url, parts=parts)

    def ready() -> None:
        if set(parts) == {"work"}:
            tell("后台进程已启动（Ctrl-C 停止）", "The worker runs (Ctrl-C stops it)")
        else:
            tell(f"网格已启动：{run.address}（Ctrl-C 停止）", f"Wangge runs at {run.address} (Ctrl-C stops it)")

    return run.run(ready=ready)


def demo(args: argparse.Namespace) -> int:
    from wangge.kernel import logs
    from wangge.processes.serve import Installation, configured

    home = os.environ.get("WANGGE_HOME") or "var/demo"
    settings = configured(
        host=args.host, port=args.port, home=Path(home).absolute(), demo="true", public_layers="true", sms="log"
    )
    logs.configure_terminal()
    run = Installation(settings, log_file=settings.home / "log" / "wangge.log", migrate=True)

    def ready() -> None:
        _welcome(run.address, settings.home)
        if _has_demo():
            run.beside(["demo", "year"])
        if tokens := _partners(settings.home):
            run.watch("partners", "wangge.demo.beside", run.address, str(tokens))

    return run.run(prepare=[["demo", "load"]] if _has_demo() else [], ready=ready)


def _has_demo() -> bool:
    from importlib.util import find_spec

    return find_spec("wangge.demo") is not None


def _partners(home: Path) -> Path | None:
    """The tokens of the simulated partners; None when there are none, as in data that was restored from elsewhere."""
    if not _has_demo():
        return None
    from wangge.demo.beside import FILE

    return home / FILE if (home / FILE).exists() else None


def _welcome(address: str, home: Path) -> None:
    """Where it runs and who can log in, in the language of this run."""
    print()
    tell(f"  网格演示已就绪：{address}", f"  The Wangge demo runs at {address}")
    tell(f"  居民端 {address}/ · 工作人员 {address}/start", f"  Residents: {address}/ · staff: {address}/start")
    tell(f"  接口文档：{address}/api/v1/docs", f"  API documentation: {address}/api/v1/docs")
    if _has_demo():
        tell(
            "  首次启动后约两分钟内，一年的历史案件在后台写入。",
            "  After the first start a year of cases is told in the background, for about two minutes.",
        )
        if _partners(home):
            tell(
                "  12345 热线与 110 的模拟对端已接入：不时送来工单，听取进展，答复申请与移交。",
                "  A 12345 hotline and the police's 110 are simulated: orders come in now and then, questions are answered.",
            )
        from wangge.demo.logins import logins

        print()
        tell("  演示账号（角色 · 登录名 · 口令）：", "  Log-ins of the demo (role · log-in · password):")
        entries = logins()
        width = max(_columns(say(entry.role)) for entry in entries)
        for entry in entries:
            print(f"    {_padded(say(entry.role), width)}  {entry.login:<12} {entry.password}")
    print()
    tell(f"  数据在 {home}；按 Ctrl-C 停止，数据保留。", f"  The data are in {home}; Ctrl-C stops, the data stay.")


def _padded(text: str, width: int) -> str:
    """``text`` filled up to ``width`` columns of a terminal, in which a Chinese character takes two."""
    return text + " " * max(0, width - _columns(text))


def _columns(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def demo_load(args: argparse.Namespace) -> int:
    import wangge.demo

    wangge.demo.load()
    return kit.OK


def demo_year(args: argparse.Namespace) -> int:
    import wangge.demo
    from wangge.processes.tie import tie_to_supervisor

    tie_to_supervisor()
    made = wangge.demo.load_year()
    if made:
        tell(f"  一年的历史案件 {made} 件已写入。", f"  A year of {made} cases has been told.")
    return kit.OK


def work(args: argparse.Namespace) -> int:
    from wangge.processes import worker

    worker.main()
    return kit.OK


def migrate(args: argparse.Namespace) -> int:
    from django.conf import settings

    from wangge.kernel.db import roles
    from wangge.processes import migrating

    if args.plan:
        waiting = [f"{m.app_label}.{m.name}" for m in migrating.pending()]
        print("\n".join(waiting) or say("没有待执行的迁移。", "Nothing is pending."))
        return kit.FOUND if waiting else kit.OK
    roles.prepare(settings.CONFIG.database_url, settings.APP_URL)
    with migrating.owner_lock():
        new, waiting = migrating.is_new(), migrating.pending()
        _keys(new_database=new)
        if waiting:
            migrating.apply(waiting, offline=args.offline or new, say=lambda words: tell(f"  {say(words)} …"))
            tell(f"  已执行 {len(waiting)} 个数据库迁移。", f"  {len(waiting)} migrations were applied.")
    return kit.OK


def _keys(*, new_database: bool) -> None:
    """The key file is made with the database. Later its absence is a loss, and a new one would hide it."""
    from wangge.kernel import crypto

    if new_database:
        crypto.ensure_keyring()
    elif not crypto.keyring().exists():
        path = crypto.keyring().path
        raise CommandError(
            Words(
                f"缺少密钥文件 {path}，数据库中已有用它加密的内容。请从备份中恢复该文件。",
                f"The key file {path} is missing, and the database holds what was encrypted with it. Put the file back from the backup.",
            ),
            kit.REFUSED,
        )


def _migrate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help=say("只列出待执行的迁移", "only list what is pending"))
    parser.add_argument(
        "--offline",
        action="store_true",
        help=say(
            "服务已停止：不限制锁表与语句的时间（默认不让写入等待超过约一秒）",
            "nobody is served meanwhile: no limits (by default nobody's write waits for more than about a second)",
        ),
    )


def distribute(args: argparse.Namespace) -> int:
    """The layout for Citus: checked, then printed or made."""
    from wangge.processes import distributing

    if found := distributing.faults():
        tell("数据库结构与分布布局不符：", "The schema does not fit the layout:", file=sys.stderr)
        for fault in found:
            print(f"  - {fault}", file=sys.stderr)
        return kit.FOUND
    if not args.apply:
        print("".join(f"{statement};\n" for statement in distributing.statements()), end="")
        return kit.OK
    if not distributing.has_citus():
        raise CommandError(
            Words(
                "数据库中没有 Citus。请先在协调节点以管理员执行 CREATE EXTENSION citus 并登记工作节点（docs/scaling.md）。",
                "The database has no Citus. Let an administrator run CREATE EXTENSION citus on the coordinator and add the workers first "
                "(docs/scaling.md).",
            ),
            kit.REFUSED,
        )
    distributing.apply()
    count = len(distributing.DISTRIBUTED), len(distributing.REFERENCE)
    tell(
        f"已按区县分布 {count[0]} 张表，{count[1]} 张表在每个节点都有一份。",
        f"{count[0]} tables are spread by district, {count[1]} are on every node.",
    )
    return kit.OK


def _distribute_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--apply",
        action="store_true",
        help=say(
            "执行（服务须已停止）；默认只检查并输出 SQL",
            "make it (nobody may be served); else only check and print the SQL",
        ),
    )


def check(args: argparse.Namespace) -> int:
    """The health checks, made here, with all their sentences."""
    from wangge.kernel import health

    report = health.report(fresh=True)
    return _print_report(report.as_json(kit.language(), details=True))


def health(args: argparse.Namespace) -> int:
    """Ask the running server."""
    from wangge import config as configuration

    settings = configuration.load()
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    base = (args.url or f"http://{host}:{settings.port}").rstrip("/")
    headers = {"Accept-Language": kit.language()}
    if args.token:
        headers["Authorization"] = f"Bearer {args.token}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{base}/api/v1/health", headers=headers), timeout=10
        ) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise _no_answer(base, f"HTTP {error.code}") from error
        body = json.load(error)
    except (OSError, ValueError) as error:
        raise _no_answer(base, str(getattr(error, "reason", error))) from error
    return _print_report(body)


def _no_answer(base: str, reason: str) -> CommandError:
    return CommandError(
        Words(
            f"{base} 没有应答（{reason}）。服务是否已启动？（wangge serve）",
            f"{base} does not answer ({reason}). Does the server run? (wangge serve)",
        ),
        kit.UNREACHABLE,
    )


def _print_report(body: dict) -> int:
    marks = {"ok": say("正常", "fine"), "warn": say("注意", "attention"), "bad": say("故障", "failing")}
    for one in body["checks"]:
        print(f"{_padded(marks.get(one['level'], one['level']), 10)} {one['name']}")
        for finding in one.get("findings") or []:
            print(f"{'':10} {finding['text']}")
    return kit.FOUND if body["level"] == "bad" else kit.OK


def _health_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="?", help=say("地址，默认为本机配置的地址", "address; else the configured one on this machine")
    )
    parser.add_argument("--token", help=say("令牌；给出后显示具体说明", "token; with it the sentences are shown"))


def openapi_text() -> str:
    """The description of the API as it is committed: sorted, so that a difference is a difference."""
    from wangge.api import api

    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n"


def openapi(args: argparse.Namespace) -> int:
    text = openapi_text()
    if args.check:
        if args.check.read_text("utf-8") == text:
            return kit.OK
        raise CommandError(
            Words(
                f"{args.check} 与程序的接口不一致；如是有意更改，请运行 make openapi 并提交。",
                f"{args.check} differs from the program's interface; if that is meant, run make openapi and commit it.",
            ),
            kit.FOUND,
        )
    if args.output:
        args.output.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return kit.OK


def _openapi_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, metavar="FILE", help=say("写入文件", "write to a file"))
    parser.add_argument("--check", type=Path, metavar="FILE", help=say("与文件比较", "compare with a file"))


def version(args: argparse.Namespace) -> int:
    import platform

    import wangge

    print(
        f"wangge {wangge.__version__} · Python {platform.python_version()} · {platform.system()} {platform.machine()}"
    )
    return kit.OK


def config(args: argparse.Namespace) -> int:
    """The settings in force and where each comes from; secrets are shown as set or not."""
    from wangge import config as configuration

    values, origins = configuration.resolve()
    for spec in dataclasses.fields(values):
        value = getattr(values, spec.name)
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        if spec.metadata["secret"] and value:
            shown = say("（已设置，不显示）", "(set, not shown)")
        if isinstance(value, bool):
            shown = shown.lower()
        print(f"{spec.name} = {shown}")
        came = {"default": say("默认", "default"), "environment": f"WANGGE_{spec.name.upper()}"}
        print(f"    {say(spec.metadata['words'])} · {came.get(origins[spec.name], origins[spec.name])}")
    return kit.OK


SOURCES = Path(__file__).resolve().parents[2]
"""The source tree, when this package lies in one."""


def _has_bench() -> bool:
    return (SOURCES / "bench" / "__main__.py").exists()


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    if _has_bench():
        sys.path.insert(0, str(SOURCES))
        from bench.__main__ import arguments

        arguments(parser)


def bench(args: argparse.Namespace) -> int:
    if not _has_bench():
        raise CommandError(
            Words(
                "测量程序只在源代码目录中：请取得源代码，在其中运行 make bench。",
                "The measurements are in the source tree only: get the sources and run `make bench` there.",
            ),
            kit.REFUSED,
        )
    from bench.__main__ import run

    return run(args)


COMMANDS = [
    Command(
        ("serve",),
        Words("启动服务：数据库、网页、后台进程", "Serve: database, web and worker processes"),
        serve,
        _serve_arguments,
        needs_django=False,
        epilog=Words(
            "不设置 WANGGE_DATABASE_URL 时使用内置 PostgreSQL。Ctrl-C 或 SIGTERM 有序停止。",
            "Without WANGGE_DATABASE_URL the embedded PostgreSQL is used. Ctrl-C or SIGTERM stops everything in order.",
        ),
    ),
    Command(
        ("demo",),
        Words("演示：首次载入演示数据，然后启动", "A demo: loads its data once, then serves"),
        demo,
        _address_arguments,
        needs_django=False,
    ),
    *(
        [
            Command(("demo", "load"), Words("只载入演示数据", "Only load the demo's data"), demo_load),
            Command(("demo", "year"), Words("写入一年的历史案件", "Tell the demo's year of cases"), demo_year),
        ]
        if _has_demo()
        else []
    ),
    Command(("work",), Words("只运行后台进程", "Run a worker process only"), work),
    Command(
        ("migrate",),
        Words("更新数据库结构与账号", "Bring the schema and the roles up to date"),
        migrate,
        _migrate_arguments,
    ),
    Command(
        ("distribute",),
        Words("为 Citus 检查并输出按区县分布的布局", "Check and print the layout by district for Citus"),
        distribute,
        _distribute_arguments,
    ),
    Command(("check",), Words("在本机做全部检查并说明", "Make every check here and say what was found"), check),
    Command(
        ("health",),
        Words("询问运行中的服务是否正常", "Ask the running server how it is"),
        health,
        _health_arguments,
        needs_django=False,
    ),
    Command(
        ("openapi",),
        Words("输出接口描述", "Print the description of the API"),
        openapi,
        _openapi_arguments,
        needs_database=False,
    ),
    Command(
        ("config",),
        Words("显示生效的设置及其来源", "Show the settings in force and where each comes from"),
        config,
        needs_django=False,
    ),
    Command(
        ("bench",),
        Words("在本机测量性能（需源代码目录）", "Measure on this machine (needs the source tree)"),
        bench,
        _bench_arguments,
        needs_django=False,
    ),
    Command(("version",), Words("版本", "The version"), version, needs_django=False),
]
