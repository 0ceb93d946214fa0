"""The program ``wangge``: finds the commands of all packages, speaks the person's language, and turns mistakes into sentences.

Nothing here imports Django until a command that needs it runs, so ``wangge --help`` is quick.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from wangge.kernel import commands as kit
from wangge.kernel.commands import Command, CommandError
from wangge.kernel.problems import Problem
from wangge.kernel.words import Words

# Django's own environment variable is set here once, so that no command has to.
SETTINGS = "wangge.settings"

GROUPS = {
    "import": Words("导入数据（网格、区划、人员、工单 …）", "Import data (grids, areas, staff, orders …)"),
    "export": Words("导出数据", "Export data"),
    "ledger": Words("留痕：核验与查询", "The ledger: verify and look up"),
    "token": Words("集成用令牌", "Tokens for integrations"),
    "partner": Words("对接单位（12345、110）", "Partners of the exchange (12345, 110)"),
    "level": Words("上下级平台", "Installations above and below"),
    "keys": Words("字段加密密钥", "Keys of the field encryption"),
    "calendar": Words("工作日历", "Work calendar"),
    "check": Words("检查：配置、数据库与数据", "Check: configuration, database and data"),
    "demo": Words("演示", "The demo"),
}

EXIT_CODES = Words(
    "退出码：0 正常；1 已运行但发现问题；2 命令、文件或设置有误；3 无法连接数据库或服务；4 不允许或当前状态不可行；"
    "70 程序缺陷；130 被 Ctrl-C 中断。语言：--lang zh|en，或 WANGGE_LANG，否则按系统区域设置（非英文即中文）。",
    "Exit codes: 0 fine; 1 ran and found problems; 2 the command line, a file or a setting is wrong; 3 database or server cannot be "
    "reached; 4 not allowed or not possible now; 70 our own defect; 130 stopped by Ctrl-C. Language: --lang zh|en, or WANGGE_LANG, "
    "else the system's locale (Chinese unless it is English).",
)

# What argparse says by itself, in Chinese. The keys are argparse's own English texts.
ARGPARSE_ZH = {
    "usage: ": "用法：",
    "positional arguments": "参数",
    "options": "选项",
    "subcommands": "命令",
    "show this help message and exit": "显示本说明",
    "%(prog)s: error: %(message)s\n": "%(prog)s：%(message)s\n",
    "the following arguments are required: %s": "缺少：%s",
    "unrecognized arguments: %s": "无法识别：%s",
    "one of the arguments %s is required": "须给出其中之一：%s",
    "not allowed with argument %s": "不能与 %s 同用",
    "expected one argument": "需要一个值",
    "expected at least one argument": "至少需要一个值",
    "expected at most one argument": "最多一个值",
    "expected %s argument": "需要 %s 个值",
    "expected %s arguments": "需要 %s 个值",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s：%(message)s",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有 %(value)r，可选：%(choices)s",
    "invalid %(type)s value: %(value)r": "%(value)r 不是有效的 %(type)s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s 不明确，可能是 %(matches)s",
}


def choose_language(argv: Sequence[str], environ: dict[str, str] | None = None) -> str:
    """``--lang``, then WANGGE_LANG, then the locale: English if it is an English one, else Chinese (also for ``C`` and none)."""
    env = os.environ if environ is None else environ
    for i, word in enumerate(argv):
        if word == "--lang" and i + 1 < len(argv):
            return argv[i + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    locale = env.get("WANGGE_LANG") or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "en" if locale.lower().startswith("en") else "zh"


def modules() -> list[str]:
    """The names of every ``commands`` module in the tree: of kernel concerns, of domains and of the packages beside them."""
    root = Path(__file__).parent
    found = [*root.glob("kernel/*/commands.py"), *root.glob("domain/*/commands.py"), *root.glob("*/commands.py")]
    names = ("wangge." + ".".join(p.relative_to(root).with_suffix("").parts) for p in found)
    return sorted(n for n in names if n != "wangge.kernel.commands")


def _load(name: str) -> ModuleType:
    """The module from its file alone: importing it by name would import its package first, and with that Django."""
    file = Path(__file__).parent.joinpath(*name.split(".")[1:]).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def collect() -> list[Command]:
    """All commands, in the order of their names. Two of one name are a defect and are refused."""
    commands: dict[tuple[str, ...], Command] = {}
    for module in modules():
        for command in _load(module).COMMANDS:
            if command.name in commands:
                raise RuntimeError(f"two commands are named {' '.join(command.name)}")
            commands[command.name] = command
    return [commands[name] for name in sorted(commands)]


def _wide_formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=24)


def build_parser(commands: list[Command]) -> argparse.ArgumentParser:
    """The whole command line, in the language of this run."""
    say = kit.say
    parser = argparse.ArgumentParser(
        prog="wangge",
        formatter_class=_wide_formatter,
        description=say("网格 · 城乡社区网格化服务管理平台", "Wangge · community grid service management"),
        epilog=say(EXIT_CODES),
    )
    parser.add_argument("--lang", choices=("zh", "en"), help=say("界面语言", "language of the program's words"))
    parser.add_argument(
        "--traceback", action="store_true", help=say("出现程序缺陷时显示细节", "show details of a defect")
    )
    top = parser.add_subparsers(
        title=say("命令", "commands"), metavar=say("命令", "COMMAND"), dest="_command", required=True
    )
    groups: dict[str, argparse._SubParsersAction] = {}
    heads = {c.name[0] for c in commands if len(c.name) > 1}
    by_name = {c.name: c for c in commands}
    for command in commands:
        if len(command.name) == 1 and command.name[0] not in heads:
            _add(top, command, command.name[0])
            continue
        head = command.name[0]
        if head not in groups:
            own = by_name.get((head,))
            words = GROUPS.get(head) or (own.help if own else Words(head, head))
            group = top.add_parser(head, help=say(words), description=say(words), formatter_class=_wide_formatter)
            if own:
                _equip(group, own)
            groups[head] = group.add_subparsers(
                title=say("命令", "commands"), metavar=say("命令", "COMMAND"), dest="_sub", required=own is None
            )
        if len(command.name) > 1:
            _add(groups[head], command, " ".join(command.name[1:]))
    return parser


def _add(where: argparse._SubParsersAction, command: Command, name: str) -> None:
    epilog = kit.say(command.epilog) if command.epilog else None
    _equip(
        where.add_parser(
            name,
            help=kit.say(command.help),
            description=kit.say(command.help),
            epilog=epilog,
            formatter_class=_wide_formatter,
        ),
        command,
    )


def _equip(parser: argparse.ArgumentParser, command: Command) -> None:
    if command.arguments:
        command.arguments(parser)
    parser.set_defaults(_run=command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    kit.set_language(choose_language(argv))
    if kit.language() == "zh":
        argparse._ = lambda text: ARGPARSE_ZH.get(text, text)  # type: ignore[attr-defined]
        argparse.ngettext = lambda one, many, n: ARGPARSE_ZH.get(one if n == 1 else many, many)  # type: ignore[attr-defined]
    else:
        argparse._ = lambda text: text  # type: ignore[attr-defined]
        argparse.ngettext = lambda one, many, n: one if n == 1 else many  # type: ignore[attr-defined]
    show_traceback = "--traceback" in argv
    argv = _without_globals(argv)
    try:
        args = build_parser(collect()).parse_args(argv)
        return _run(args._run, args)
    except CommandError as error:
        return _fail(error.words, error.code)
    except Problem as error:
        return _fail(*_told(error))
    except KeyboardInterrupt:
        return kit.INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough (`wangge … | head`); Python must not complain about it at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return kit.OK
    except OSError as error:
        if error.filename is None:
            return _defect(error, show_traceback)
        return _fail(
            Words(f"无法使用 {error.filename}：{error.strerror}。", f"Cannot use {error.filename}: {error.strerror}."),
            kit.USAGE,
        )
    except Exception as error:
        if _is_database(error):
            return _fail(_database_words(error), kit.UNREACHABLE)
        return _defect(error, show_traceback)


def _without_globals(argv: list[str]) -> list[str]:
    """``--lang`` and ``--traceback`` may stand anywhere on the line; they are taken out before argparse looks at the rest."""
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--lang":
            value = next(words, "")
            if value not in ("zh", "en"):
                rest += ["--lang", value]
        elif word.startswith("--lang=") and word[7:] in ("zh", "en"):
            continue
        elif word != "--traceback":
            rest.append(word)
    return rest


def _run(command: Command, args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    with ExitStack() as stack:
        if command.needs_django and command.needs_database:
            from wangge.processes.database import available

            stack.enter_context(available())
        if command.needs_django:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
            import django

            django.setup()
        return command.run(args) or kit.OK


def _told(problem: Problem) -> tuple[Words, int, list[Words]]:
    """The sentence, the exit code, and a line for each wrong field with its place (which may be a file)."""
    code = {401: kit.REFUSED, 403: kit.REFUSED, 409: kit.REFUSED, 503: kit.UNREACHABLE}.get(problem.status, kit.USAGE)
    placed = [
        Words(f"{e.path}：{e.message.zh}", f"{e.path}: {e.message.en}") if e.path else e.message for e in problem.errors
    ]
    if len(placed) == 1:
        return placed[0], code, []
    return problem.detail, code, placed


def _fail(words: Words, code: int, more: Sequence[Words] = ()) -> int:
    print(f"wangge: {kit.say(words)}", file=sys.stderr)
    for line in more:
        print(f"  - {kit.say(line)}", file=sys.stderr)
    return code


def _is_database(error: BaseException) -> bool:
    django_db = sys.modules.get("django.db.utils")
    psycopg = sys.modules.get("psycopg")
    kinds = ([django_db.OperationalError, django_db.InterfaceError] if django_db else []) + (
        [psycopg.OperationalError] if psycopg else []
    )
    return isinstance(error, tuple(kinds))


def _database_words(error: BaseException) -> Words:
    reason = str(error).strip().splitlines()
    said = reason[-1] if reason else type(error).__name__
    return Words(
        f"数据库无法使用：{said}。请检查 WANGGE_DATABASE_URL 与服务器是否运行（wangge check）。",
        f"The database cannot be used: {said}. Check WANGGE_DATABASE_URL and whether the server runs (wangge check).",
    )


def _defect(error: BaseException, show: bool) -> int:
    if show:
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}"
    return _fail(
        Words(
            f"程序内部出错（{said}）。这是我们的缺陷；请加 --traceback 重新运行，并把输出告知我们。",
            f"Something broke inside ({said}). This is a defect of ours; run it again with --traceback and tell us what it prints.",
        ),
        kit.DEFECT,
    )


if __name__ == "__main__":
    sys.exit(main())
