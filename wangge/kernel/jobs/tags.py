"""Who may look after the jobs, and how that is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.ledger.tags import LedgerTag, say
from wangge.kernel.words import Words


class JobPermission(Permission):
    MANAGE = "jobs.manage"


PERMISSION_WORDS = {JobPermission.MANAGE: Words("查看与重试后台任务", "See background jobs, try them again")}
GRANTS = declare({JobPermission.MANAGE: {Role.SYSTEM_ADMIN}}, PERMISSION_WORDS, whole=JobPermission)


class JobTag(LedgerTag):
    TRIED_AGAIN = "jobs.job.tried_again"


say({JobTag.TRIED_AGAIN: Words("重试后台任务 {job}（第 {number} 号）", "tried the job {job} again (number {number})")})
