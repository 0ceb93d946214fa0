"""Jobs that were given up, started again."""

from __future__ import annotations

from django.db import transaction

from wangge.kernel import ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.jobs.sweep import wake
from wangge.kernel.jobs.tags import JobPermission, JobTag
from wangge.kernel.problems import NotFound
from wangge.kernel.words import Words

GONE = Words(
    "没有这个已放弃的任务，可能已经重试。", "There is no such job that was given up; it may have been tried again."
)


@transaction.atomic
def try_again(*, by: Principal, number: int) -> None:
    """Put a job that was given up back into the queue, with a full number of tries. NotFound when it is not (any more) given up."""
    by.require(JobPermission.MANAGE)
    name = rows.value(
        """UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = now(), worker_id = NULL
           WHERE id = %(number)s AND status = 'failed' RETURNING task_name""",
        {"number": number},
    )
    if name is None:
        raise NotFound(GONE)
    ledger.append(by=by, tag=JobTag.TRIED_AGAIN, kind="job", subject=None, body={"job": name, "number": number})
    wake()
