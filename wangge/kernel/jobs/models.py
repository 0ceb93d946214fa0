"""How the worker's loops and jobs are, for the health page. The queue's own tables are procrastinate's."""

from __future__ import annotations

from django.db import models


class RunState(models.Model):
    """One row for each loop of each worker host (``loop/HOST/NAME``) and one for each job (``job/NAME``)."""

    key = models.TextField(primary_key=True)
    kind = models.TextField(choices=[("loop", "loop"), ("job", "job")])
    name = models.TextField()
    host = models.TextField()
    beat_at = models.DateTimeField()
    ok_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    """Failures in a row; 0 after a success."""
    error = models.TextField(default="")

    class Meta:
        db_table = "jobs_state"
