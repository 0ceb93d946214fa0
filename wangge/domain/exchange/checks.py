"""Whether partners answer what they are asked, and other levels can be reached."""

from __future__ import annotations

from datetime import timedelta

from wangge.domain.exchange import queries
from wangge.domain.exchange.levels import coming
from wangge.kernel import clock
from wangge.kernel.health import Finding, check, warn

LATE = timedelta(minutes=30)


@check("exchange")
def exchange() -> list[Finding]:
    found = [
        warn(
            f"{row['name']} 有 {row['count']} 项移交或申请超过 30 分钟未答复，请联系对方。",
            f"{row['name']} has not answered {row['count']} of our questions within 30 minutes; get in touch with them.",
        )
        for row in queries.unanswered(before=clock.now() - LATE)
    ]
    for row in coming.trouble():
        if row["error"]:
            found.append(
                warn(
                    f"无法与 {row['name']} 交换：{row['error']}。恢复后自动继续，不会遗漏。",
                    f"{row['name']} cannot be reached: {row['error']}. It goes on by itself, and nothing is lost.",
                )
            )
        if row["undone"]:
            found.append(
                warn(
                    f"一天内 {row['name']} 的 {row['undone']} 条消息未能处理，见 exchange_inbox。",
                    f"Nothing could be done with {row['undone']} messages of {row['name']} within a day; see exchange_inbox.",
                )
            )
    return found
