"""Puts right what crashes leave behind: jobs in ``doing`` whose worker is gone, and old rows."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction

from wangge.kernel import clock
from wangge.kernel.db import rows
from wangge.kernel.jobs.registry import JOBS

log = logging.getLogger("wangge.jobs")

HEARTBEAT = 5.0
"""Seconds between a worker's signs of life."""
GONE_AFTER = 20.0
"""Seconds without one after which a worker counts as gone."""
KEEP_FAILED = timedelta(days=30)


@transaction.atomic
def rescue(gone_after: float = GONE_AFTER) -> list[dict[str, Any]]:
    """Give the jobs of workers that are gone back to the queue; one that has used up its tries is set to ``failed`` instead.
    A sign of life from the future is none either: the clock was set back since, and who lives has given another one.

    A job that kills its worker every time must not kill workers for ever: being left behind counts as a try. Safe to run in
    several workers at once.
    """
    found = rows.all(
        """SELECT j.id, j.task_name, j.attempts FROM procrastinate_jobs j
           LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
           WHERE j.status = 'doing' AND (w.id IS NULL OR abs(extract(epoch FROM now() - w.last_heartbeat)) > %(gone)s)
           FOR UPDATE OF j SKIP LOCKED""",
        {"gone": gone_after},
    )
    for row in found:
        registered = JOBS.get(row["task_name"])
        again = registered is not None and row["attempts"] + 1 < registered.tries
        rows.run(
            """UPDATE procrastinate_jobs
               SET status = %(status)s::procrastinate_job_status, attempts = attempts + 1, worker_id = NULL,
                   scheduled_at = CASE WHEN %(again)s THEN now() ELSE scheduled_at END
               WHERE id = %(id)s""",
            {"id": row["id"], "again": again, "status": "todo" if again else "failed"},
        )
        log.warning(
            "job was left by a worker that is gone",
            extra={"job": row["task_name"], "number": row["id"], "tries": row["attempts"] + 1, "again": again},
        )
    if found:
        wake()
    return found


def wake() -> None:
    """Tell the workers, when the transaction commits, that the queue holds something anew."""
    rows.run('SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 0}\')')


def forget_old() -> int:
    """Delete rows of failed jobs past ``KEEP_FAILED``, of workers and hosts long gone."""
    before = {"before": clock.now() - KEEP_FAILED}
    rows.run("DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '1 day'")
    rows.run("DELETE FROM jobs_state WHERE kind = 'loop' AND beat_at < now() - interval '1 day'")
    return rows.run(
        """DELETE FROM procrastinate_jobs j WHERE j.status IN ('failed', 'cancelled', 'aborted', 'succeeded')
           AND NOT EXISTS (SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %(before)s)""",
        before,
    )


def failing(limit: int = 20) -> list[dict[str, Any]]:
    """For the health page: each job with its number of failed rows, of rows that wait for another try, and the newest failure."""
    return rows.all(
        """SELECT task_name AS job,
                  count(*) FILTER (WHERE status = 'failed') AS failed,
                  count(*) FILTER (WHERE status = 'todo' AND attempts > 0) AS retrying,
                  count(*) FILTER (WHERE status = 'todo') AS waiting,
                  min(coalesce(scheduled_at, now())) FILTER (WHERE status = 'todo') AS waiting_since
           FROM procrastinate_jobs WHERE status IN ('failed', 'todo') GROUP BY 1 ORDER BY 2 DESC, 3 DESC LIMIT %(limit)s""",
        {"limit": limit},
    )
