"""Saved views: what a person looks at again and again."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wangge.kernel.ids import uuid7


class View(models.Model):
    """A named filter, order and choice of columns. With a ``unit`` or an ``area`` it is published to whoever works there.

    ``query`` is the queue's filter as it was valid when it was saved; whether it still is, is looked at whenever it is read.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.UUIDField()
    unit = models.UUIDField(null=True)
    area = models.CharField(max_length=12, null=True)
    name = models.CharField(max_length=40)
    query = models.JSONField()
    columns = ArrayField(models.CharField(max_length=40))
    position = models.SmallIntegerField(help_text="among those of its owner; equals by name")
    preferred = models.BooleanField(help_text="what its owner's queue opens with")
    version = models.IntegerField(db_default=1)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "views_view"
        indexes = [
            models.Index(fields=["owner"], name="views_view_owner"),
            models.Index(fields=["unit"], name="views_view_unit", condition=Q(unit__isnull=False)),
            models.Index(fields=["area"], name="views_view_area", condition=Q(area__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(unit__isnull=True) | Q(area__isnull=True), name="views_view_one_public"),
            models.UniqueConstraint(fields=["owner"], condition=Q(preferred=True), name="views_view_one_preferred"),
        ]
