"""The ledger on the command line: verify it, print its signed roots for a second place, prove one entry, change the keys."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from wangge.kernel.commands import FOUND, OK, USAGE, Command, CommandError, Progress, language, say, tell
from wangge.kernel.words import Words

if TYPE_CHECKING:
    from wangge.kernel.ledger.batches import Batch
    from wangge.kernel.ledger.findings import Report


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="start",
        type=int,
        default=0,
        metavar="N",
        help=say("从第 N 批开始（默认全部）", "from batch N on (default: all)"),
    )
    parser.add_argument(
        "--roots",
        type=Path,
        metavar="FILE",
        help=say(
            "与另存的签名根比对（wangge ledger roots 的输出）",
            "compare with roots kept elsewhere (output of `wangge ledger roots`)",
        ),
    )
    parser.add_argument("--json", action="store_true", help=say("输出 JSON", "print JSON"))


def _verify(args: argparse.Namespace) -> int:
    from wangge.kernel.ledger.verify import verify

    known = _read_roots(args.roots) if args.roots else []
    with Progress(Words("核验留痕", "Verifying the ledger")) as progress:
        report = verify(args.start, known=known, step=progress.step)
    if args.json:
        print(json.dumps(report.as_json(language()), ensure_ascii=False, indent=2))
    else:
        _tell(report)
    return OK if report.ok else FOUND


def _tell(report: Report) -> None:
    tell(
        f"核验 {report.entries} 条记录、{report.batches} 批，用时 {report.seconds:.1f} 秒；尚待封存 {report.unsealed} 条。",
        f"{report.entries} entries in {report.batches} batches verified in {report.seconds:.1f} s; {report.unsealed} not sealed yet.",
    )
    if report.compared:
        places = "、".join(f"{name} {count}" for name, count in report.compared.items())
        tell(f"已与另存的根比对：{places}。", f"Compared with roots kept elsewhere: {places}.")
    if report.ok:
        tell("完好：没有被改动、删除、调换或插入的记录。", "Intact: nothing was altered, deleted, moved or inserted.")
        return
    if report.first:
        tell("第一处问题：", "The first fault:")
    for finding in sorted(report.findings)[:20]:
        at = f"#{finding.pos} {finding.id or ''} {finding.tag or ''}".rstrip() if finding.pos else ""
        tell(f"  {at} {finding.words.zh}", f"  {at} {finding.words.en}")
    for lock in report.locks:
        tell(f"  {lock.zh}", f"  {lock.en}")
    total = sum(report.counts.values())
    if total > 20:
        tell(f"  共 {total} 处。", f"  {total} in all.")


def _read_roots(path: Path) -> list[Batch]:
    from wangge.kernel.ledger.batches import Batch

    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise CommandError(
            Words(f"无法读取 {path}：{error.strerror}。", f"Cannot read {path}: {error.strerror}."), USAGE
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Batch.from_json(json.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            raise CommandError(
                Words(f"{path} 第 {number} 行不是签名根。", f"Line {number} of {path} is no signed root."), USAGE
            ) from error
    return found


def _roots_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="start", type=int, default=0, metavar="N", help=say("从第 N 批开始", "from batch N on")
    )


def _roots(args: argparse.Namespace) -> int:
    from wangge.kernel.ledger import batches

    for batch in batches.stream(args.start):
        print(json.dumps(batch.as_json(), ensure_ascii=False))
    return OK


def _proof_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("entry", help=say("记录编号（UUID）", "id of the entry (UUID)"))


def _proof(args: argparse.Namespace) -> int:
    from uuid import UUID

    from wangge.kernel.ledger.proof import proof

    try:
        entry = UUID(args.entry)
    except ValueError as error:
        raise CommandError(
            Words(f"{args.entry} 不是记录编号。", f"{args.entry} is no id of an entry."), USAGE
        ) from error
    print(json.dumps(proof(entry), ensure_ascii=False, indent=2))
    return OK


def _keys_status(args: argparse.Namespace) -> int:
    from wangge.kernel.crypto import Use, keyring

    keys = keyring().keys()
    for use in Use:
        for key in keys.of(use):
            state = (
                say("在用", "active")
                if key.active
                else say("已退役，仍可解密或验证", "retired, still reads or verifies")
            )
            print(f"{use:<8} {key.id}  {key.algorithm:<14} {key.created[:10]}  {state}")
    return OK


def _rotate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--use",
        required=True,
        choices=("field", "lookup", "mark", "sign"),
        help=say(
            "field 字段加密，lookup 精确查找，mark 留痕标记，sign 留痕签名",
            "field: encryption of columns, lookup: exact look-up, mark and sign: the ledger",
        ),
    )


def _rotate(args: argparse.Namespace) -> int:
    from django.db import transaction

    from wangge.kernel import ledger
    from wangge.kernel.access import SYSTEM, acting
    from wangge.kernel.crypto import Use, keyring
    from wangge.kernel.ledger.tags import KernelTag

    use = Use(args.use)
    former = keyring().keys().active(use)
    key = keyring().rotate(use)
    with acting(SYSTEM), transaction.atomic():
        ledger.append(
            by=SYSTEM, tag=KernelTag.KEY_ROTATED, kind="key", body={"use": str(use), "key": key.id, "former": former.id}
        )
    tell(
        f"已启用新密钥 {key.id}；旧密钥 {former.id} 保留，用于读取以前的数据。请立即备份 {keyring().path}。",
        f"The new key is {key.id}; the former one {former.id} is kept to read what it wrote. Back up {keyring().path} now.",
    )
    return OK


COMMANDS = [
    Command(("ledger", "verify"), Words("核验留痕", "Verify the ledger"), _verify, _verify_arguments),
    Command(
        ("ledger", "roots"),
        Words("输出签名根，供另处保存", "Print the signed roots, to keep elsewhere"),
        _roots,
        _roots_arguments,
    ),
    Command(
        ("ledger", "proof"),
        Words("一条记录的存在证明", "Proof that an entry is in the ledger"),
        _proof,
        _proof_arguments,
    ),
    Command(
        ("keys", "status"), Words("列出密钥", "List the keys of the installation"), _keys_status, needs_database=False
    ),
    Command(
        ("keys", "rotate"),
        Words("更换密钥，旧密钥留作读取", "Make a new key; the former one goes on reading"),
        _rotate,
        _rotate_arguments,
    ),
]
