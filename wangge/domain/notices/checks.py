"""Whether what is to leave the system does."""

from __future__ import annotations

from datetime import timedelta

from wangge.domain.notices import actions, queries
from wangge.domain.notices.rules import PERSONAL, Channel
from wangge.kernel import clock
from wangge.kernel.health import Finding, bad, check, warn
from wangge.kernel.problems import Problem

RECENT, LATE = timedelta(days=1), timedelta(minutes=5)


@check("notices")
def notices() -> list[Finding]:
    found: list[Finding] = []
    used = queries.channels_used()
    for channel in PERSONAL:
        try:
            configured = actions.configured(channel)
        except Problem as problem:
            found.append(bad(problem.detail.zh, problem.detail.en))
            continue
        if channel in used and not configured:
            setting = {Channel.EMAIL: "WANGGE_SMTP_URL", Channel.SMS: "WANGGE_SMS"}[channel]
            found.append(
                warn(
                    f"通知规则用到“{channel.words.zh}”，但尚未配置（{setting}）。",
                    f"The matrix of notices uses {channel.words.en}, which is not configured ({setting}).",
                )
            )
    now = clock.now()
    for row in queries.trouble(since=now - RECENT, late=now - LATE):
        words = Channel(row["channel"]).words
        if row["given_up"]:
            found.append(
                warn(
                    f"一天内有 {row['given_up']} 条“{words.zh}”通知发送失败并已放弃，见 /notices/deliveries。",
                    f"Given up within a day, by {words.en}: {row['given_up']}; see /notices/deliveries.",
                )
            )
        if row["failing"]:
            found.append(
                warn(
                    f"{row['failing']} 条“{words.zh}”通知发送失败，等待重试；最近一次：{row['error']}",
                    f"Failed and to be tried again, by {words.en}: {row['failing']}; the last error: {row['error']}",
                )
            )
        if row["late"]:
            found.append(
                warn(
                    f"{row['late']} 条“{words.zh}”通知已逾期未发送；请确认后台进程在运行。",
                    f"Late, by {words.en}: {row['late']}; see that a worker runs.",
                )
            )
    return found
