"""Work that is done later, by a worker process: jobs, periodic jobs, and loops. The door to procrastinate; nothing else imports it.

A job is a function of JSON arguments that loads by id and calls one action. **It may run twice**: a worker killed in the middle leaves
its job to the sweep, which gives it to another worker. It runs as ``SYSTEM``.

    @job("notices.send", tries=8)
    def send(notice: str) -> None: ...

    @every(minutes=5)
    @job("cases.remind")
    def remind() -> None: ...

    start("notices.send", notice=str(id))

Start jobs from an outbox consumer, not from an act: inserting a job notifies, and a NOTIFY inside a hot transaction costs four times of
the throughput. A **loop** is what has to happen all the time in one thread of the worker: the relay, the sealer.

    @loop("ledger sealer", seconds=1)
    def seal() -> int: ...          # returns how much it did; > 0 means: again at once
"""

from wangge.kernel.jobs.registry import Job, Loop, cron, every, job, loop
from wangge.kernel.jobs.starting import start
from wangge.kernel.jobs.state import waiting

__all__ = ["Job", "Loop", "cron", "every", "job", "loop", "start", "waiting"]
