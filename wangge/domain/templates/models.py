"""Tables of the templates."""

from __future__ import annotations

from django.db import models

from wangge.domain.cases.rules import acts
from wangge.kernel.ids import uuid7


class Template(models.Model):
    """A text for one act, and for one category and all below it, or for any."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    act = models.CharField(max_length=16)
    outcome = models.CharField(max_length=12, null=True, help_text="of an act that has several; null: for any")
    category = models.UUIDField(null=True, help_text="with all below it; null: any")
    title = models.CharField(max_length=40)
    text = models.TextField()
    position = models.SmallIntegerField(db_default=0)
    version = models.IntegerField(db_default=1)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "templates_template"
        indexes = [models.Index(fields=["act"], name="templates_template_act")]
        constraints = [
            models.CheckConstraint(condition=models.Q(act__in=list(acts())), name="templates_template_act_known")
        ]
