"""What the queue holds: each job with what waits, runs and was given up; and the given up ones one by one.

Never their arguments: these may name a person.
"""

from __future__ import annotations

from typing import Any

from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.jobs import state
from wangge.kernel.jobs.registry import JOBS
from wangge.kernel.jobs.tags import JobPermission
from wangge.kernel.web import paging

_NOTHING = {"waiting": 0, "retrying": 0, "doing": 0, "failed": 0, "waiting_since": None}
_NEVER = {"ok_at": None, "failures": 0, "error": ""}


def overview(*, by: Principal) -> dict[str, Any]:
    """``loops`` of the workers and ``jobs``, those in trouble first. Two statements and one for the loops, however many jobs."""
    by.require(JobPermission.MANAGE)
    queued = rows.all(
        """SELECT task_name AS name, count(*) FILTER (WHERE status = 'todo') AS waiting,
                  count(*) FILTER (WHERE status = 'todo' AND attempts > 0) AS retrying,
                  count(*) FILTER (WHERE status = 'doing') AS doing, count(*) FILTER (WHERE status = 'failed') AS failed,
                  min(coalesce(scheduled_at, now())) FILTER (WHERE status = 'todo') AS waiting_since
           FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1"""
    )
    runs = rows.all("SELECT name, ok_at, failures, error FROM jobs_state WHERE kind = 'job'")
    known = {name: {"name": name, "periodic": bool(job.crons), **_NEVER, **_NOTHING} for name, job in JOBS.items()}
    for row in (*runs, *queued):  # a job that this version does not have any more may still have rows
        known.setdefault(row["name"], {"periodic": False, **_NEVER, **_NOTHING}).update(row)
    jobs = sorted(known.values(), key=lambda j: (-j["failed"], -j["failures"], j["name"]))
    return {"loops": state.loops(), "jobs": jobs}


def failed(*, by: Principal, after: str | None = None, limit: int = paging.DEFAULT) -> dict[str, Any]:
    """A page of jobs that were given up, the newest number first."""
    by.require(JobPermission.MANAGE)
    where, params = "j.status = 'failed'", {"limit": limit + 1}
    if after:
        where += " AND j.id < %(after)s"
        params["after"] = paging.decode(after, kinds=(int,))[0]
    found = rows.all(
        f"""SELECT j.id AS number, j.task_name AS name, j.attempts AS tries,
                   (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) AS at
            FROM procrastinate_jobs j WHERE {where} ORDER BY j.id DESC LIMIT %(limit)s""",
        params,
    )
    return paging.page(found, limit, keys=("number",))
