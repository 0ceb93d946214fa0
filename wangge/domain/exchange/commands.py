"""``wangge partner add``: a system to exchange orders with; ``wangge level …``: installations above and below."""

from __future__ import annotations

import argparse
import sys

from wangge.kernel.commands import OK, Command, say, tell
from wangge.kernel.words import Words


def _partner_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=say("名称", "name"))
    parser.add_argument(
        "--kind", choices=["hotline", "police"], default="hotline", help=say("12345 或 110", "12345 or 110")
    )
    parser.add_argument("--source", required=True, help=say("其案件的来源名称", "source of the cases it gives us"))
    parser.add_argument("--street", required=True, help=say("默认街道代码", "street of orders that name none"))
    parser.add_argument(
        "--area",
        action="append",
        default=[],
        help=say("可送达的区划（默认为该街道所在区）", "areas it may send to (the street's district)"),
    )
    parser.add_argument("--mapping", default="", help=say("已保存的列对应方案", "a saved mapping of orders"))
    parser.add_argument(
        "--push-to", help=say("推送网址（默认由对方来取）", "where to push messages (default: it fetches them)")
    )
    parser.add_argument("--days", type=int, default=365, help=say("令牌有效天数", "days until its token expires"))


def _partner_add(args: argparse.Namespace) -> int:
    from datetime import timedelta

    from wangge.domain.exchange.actions import add_partner
    from wangge.domain.exchange.rules import PartnerKind
    from wangge.kernel import clock
    from wangge.kernel.access import SYSTEM, acting
    from wangge.kernel.ids import uuid7

    with acting(SYSTEM):
        entered = add_partner(
            by=SYSTEM,
            id=uuid7(),
            kind=PartnerKind(args.kind),
            name=args.name,
            source=args.source,
            areas=args.area,
            expires_at=clock.now() + timedelta(days=args.days),
            street=args.street,
            mapping=args.mapping,
            push_to=args.push_to,
        )
    tell(
        "令牌（及推送密钥）只显示这一次：", "The token (and the secret of pushes) are shown this once:", file=sys.stderr
    )
    print(entered.token)
    if entered.secret:
        print(entered.secret)
    return OK


def _key(args: argparse.Namespace) -> int:
    from wangge.domain.exchange.levels.signing import own_key

    print(own_key().public.hex())
    return OK


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=say("名称", "name"))
    parser.add_argument(
        "--kind", choices=["above", "below"], required=True, help=say("上级或下级", "above or below us")
    )
    parser.add_argument("--source", required=True, help=say("其案件的来源名称", "source of the cases it gives us"))
    parser.add_argument(
        "--key", required=True, help=say("对方公钥（wangge level key）", "its public key (`wangge level key` there)")
    )
    parser.add_argument("--street", required=True, help=say("默认街道代码", "code of a street of ours"))
    parser.add_argument("--url", default="", help=say("上级平台网址", "address of the level above"))


def _add(args: argparse.Namespace) -> int:
    from wangge.domain.exchange.levels.links import add_level
    from wangge.domain.exchange.rules import PartnerKind
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        partner = add_level(
            kind=PartnerKind(args.kind),
            name=args.name,
            source=args.source,
            key=args.key,
            street=args.street,
            url=args.url,
        )
    tell(Words(f"已登记 {args.name}。", f"{args.name} is entered."))
    print(partner.id)
    return OK


def _list(args: argparse.Namespace) -> int:
    from wangge.domain.exchange.models import Link
    from wangge.kernel.access import SYSTEM, acting

    with acting(SYSTEM):
        found = list(Link.objects.select_related("partner").order_by("partner__name"))
    for link in found:
        heard = f"{link.last_at:%Y-%m-%d %H:%M}" if link.last_at else say("尚未联系", "never heard")
        print(f"{link.partner.kind}  {link.key}  {link.partner.name}  {link.url or '—'}  {heard}  {link.error}")
    if not found:
        tell("没有登记其他平台。", "No other installation is entered.")
    return OK


COMMANDS = [
    Command(
        ("partner", "add"),
        Words("登记 12345 或 110，并创建其令牌", "Enter a hotline or the police, with a token of its own"),
        _partner_add,
        _partner_arguments,
    ),
    Command(
        ("level", "key"), Words("本平台公钥，交给上下级平台", "Our public key, for the levels above and below"), _key
    ),
    Command(
        ("level", "add"), Words("登记上级或下级平台", "Enter an installation above or below"), _add, _add_arguments
    ),
    Command(("level", "list"), Words("列出上下级平台", "List the installations above and below"), _list),
]
