"""``wangge createadmin``, ``wangge let-in``, ``wangge token …``, ``wangge import staff``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wangge.kernel.commands import FOUND, OK, Command, CommandError, say, tell
from wangge.kernel.words import Words, counted

KINDS = {"system": "system_admin", "security": "security_admin", "audit": "auditor"}


def _admin_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login", help=say("登录名", "log-in name"))
    parser.add_argument("--name", help=say("姓名（默认同登录名）", "name (default: the log-in)"))
    parser.add_argument(
        "--role",
        choices=list(KINDS),
        required=True,
        help=say("三员之一，一人一职", "one of the three; a person can be one of them only"),
    )


def _create_admin(args: argparse.Namespace) -> int:
    from wangge.domain.people.actions.administrators import make_administrator
    from wangge.kernel.access import SYSTEM, Role, acting

    with acting(SYSTEM):
        role = Role(KINDS[args.role])
        password, fresh = make_administrator(login=args.login, name=args.name or args.login, role=role)
    tell(
        Words(
            f"{'已新建账号并任命' if fresh else '已任命'} {args.login} 为{role.words.zh}。首次密码（只显示这一次）：{password}",
            f"{args.login} is {role.words.en.lower()} now. First password, shown this once: {password}",
        )
    )
    return OK


def _let_in_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login", help=say("登录名", "log-in name"))
    parser.add_argument("--minutes", type=int, default=30, help=say("分钟数（默认 30）", "for how many minutes (30)"))


def _let_in(args: argparse.Namespace) -> int:
    from wangge.domain.people.actions.administrators import let_in
    from wangge.kernel.access import SYSTEM, acting

    if not 1 <= args.minutes <= 24 * 60:
        raise CommandError(Words("分钟数为 1–1440。", "--minutes is 1–1440."))
    with acting(SYSTEM):
        until = let_in(login=args.login, minutes=args.minutes)
    tell(
        Words(
            f"{args.login} 可用口令登录至 {until:%Y-%m-%d %H:%M} UTC（第二因素仍须出示）。",
            f"{args.login} may log in by password until {until:%Y-%m-%d %H:%M} UTC (the second factor is asked for as ever).",
        )
    )
    return OK


def _token_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=say("名称", "name"))
    parser.add_argument(
        "--permission", action="append", default=[], help=say("权限，可多次", "a permission; may be repeated")
    )
    parser.add_argument(
        "--area", action="append", default=[], help=say("区划代码，可多次", "an area's code; may be repeated")
    )
    parser.add_argument(
        "--grid", action="append", default=[], help=say("网格代码，可多次", "a grid's code; may be repeated")
    )
    parser.add_argument("--everywhere", action="store_true", help=say("全部区域", "everywhere"))
    parser.add_argument(
        "--network", action="append", default=[], help=say("允许的网段，可多次", "allowed network; may be repeated")
    )
    parser.add_argument("--days", type=int, default=365, help=say("有效天数", "days until it expires"))


def _token_create(args: argparse.Namespace) -> int:
    from datetime import timedelta

    from wangge.domain.people.actions.tokens import make_token
    from wangge.kernel import clock
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        row, token = make_token(
            by=SYSTEM,
            name=args.name,
            permissions=args.permission,
            expires_at=clock.now() + timedelta(days=args.days),
            areas=args.area,
            grids=args.grid,
            everywhere=args.everywhere,
            networks=args.network,
        )
    tell(
        Words(
            f"令牌 {row['id']} 已创建，有效至 {row['expires_at']:%Y-%m-%d}。只显示这一次：",
            f"Token {row['id']} is made and expires on {row['expires_at']:%Y-%m-%d}. Shown this once:",
        ),
        file=sys.stderr,
    )
    print(token)
    return OK


def _token_list(args: argparse.Namespace) -> int:
    from wangge.domain.people import queries
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        found = queries.tokens(by=SYSTEM)
    for row in found:
        state = say("已吊销", "revoked") if row["revoked_at"] else f"→ {row['expires_at']:%Y-%m-%d}"
        used = f"{row['last_used']:%Y-%m-%d %H:%M}" if row["last_used"] else say("未使用", "never used")
        print(f"{row['id']}  {row['hint']}…  {state}  {used}  {row['name']}  {','.join(row['permissions'])}")
    if not found:
        tell("没有访问令牌。", "There are no tokens.")
    return OK


def _token_revoke(args: argparse.Namespace) -> int:
    from uuid import UUID

    from wangge.domain.people.actions.tokens import revoke_token
    from wangge.kernel.access import SYSTEM, acting

    try:
        key = UUID(args.id)
    except ValueError as error:
        raise CommandError(
            Words("编号应为 wangge token list 所列的 id。", "Give the id that `wangge token list` shows.")
        ) from error
    with acting(SYSTEM):
        revoke_token(by=SYSTEM, token=key)
    tell("已吊销。", "Revoked.")
    return OK


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=say("工作簿（.xlsx）", "the workbook (.xlsx)"))
    parser.add_argument(
        "--apply", action="store_true", help=say("真正导入（默认只检查）", "import (default: check only)")
    )
    parser.add_argument(
        "--accept-good-rows",
        action="store_true",
        help=say("有错误时只导入正确的行", "import the good rows when others are bad"),
    )


def _import_staff(args: argparse.Namespace) -> int:
    from wangge.domain.people import sheet
    from wangge.domain.people.actions.staff_import import import_staff
    from wangge.kernel.access import SYSTEM, acting

    try:
        with args.file.open("rb") as file:
            content = file.read(sheet.LIMITS.bytes + 1)
    except OSError as error:
        raise CommandError(
            Words(f"无法读取 {args.file}：{error.strerror}。", f"{args.file} cannot be read: {error.strerror}.")
        ) from error
    wanted = args.apply
    with acting(SYSTEM):
        # Always look first, so that the faults are listed as lines and not as one error.
        report = import_staff(by=SYSTEM, content=content)
        go = wanted and (not report.faults or args.accept_good_rows)
        if go:
            report = import_staff(by=SYSTEM, content=content, dry_run=False, accept_good_rows=args.accept_good_rows)
    for fault in report.faults:
        tell(
            Words(
                f"第 {fault.row} 行 {fault.column.zh}：{fault.message.zh}",
                f"row {fault.row}, {fault.column.en}: {fault.message.en}",
            )
        )
    tell(
        Words(
            f"{report.rows} 行，{report.good} 行正确；{'已' if go else '将'}新建账号 {report.users} 个、岗位 {report.posts} 个。",
            f"{counted(report.rows, 'row')}, {report.good} good; {counted(report.users, 'account')} and {counted(report.posts, 'post')} {'made' if go else 'to be made'}.",
        )
    )
    if not go:
        tell("未作任何改动。加 --apply 导入。", "Nothing was changed. Add --apply to import.")
    for login, password in report.passwords:
        print(f"{login}\t{password}")
    return FOUND if report.faults else OK


COMMANDS = [
    Command(
        ("createadmin",),
        Words("任命系统、安全或审计管理员", "Appoint a system, security or audit administrator"),
        _create_admin,
        _admin_arguments,
    ),
    Command(
        ("let-in",),
        Words("口令登录关闭时，临时允许一人用口令登录", "Let one person in by password while that is switched off"),
        _let_in,
        _let_in_arguments,
    ),
    Command(("token", "create"), Words("创建访问令牌", "Make an integration token"), _token_create, _token_arguments),
    Command(("token", "list"), Words("列出访问令牌", "List the tokens"), _token_list),
    Command(
        ("token", "revoke"),
        Words("吊销访问令牌", "Revoke a token"),
        _token_revoke,
        lambda parser: parser.add_argument("id", help=say("令牌编号", "the token's id")),
    ),
    Command(
        ("import", "staff"), Words("由工作簿导入人员", "Import staff from a workbook"), _import_staff, _import_arguments
    ),
]
