"""The table of who follows a case from outside."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wangge.kernel.ids import uuid7


class Follower(models.Model):
    """Who follows a case from outside by its number and a secret code: who reported it, or who said “me too”.

    Only a keyed hash of the code is kept. ``phone_hash``: of a phone that was proved by a code sent there, to find one's own reports by.
    The row's id is the resident's in steps, ledger and evidence: it says nothing of them, and is another one for each case.
    """

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    kind = models.CharField(max_length=8, help_text="reporter or me_too")
    code_hash = models.BinaryField()
    phone_hash = models.BinaryField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "cases_follower"
        indexes = [
            models.Index(fields=["district", "case"], name="cases_follower_case"),
            models.Index(fields=["phone_hash"], name="cases_follower_phone", condition=Q(phone_hash__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code_hash"], name="cases_follower_code"),
            models.UniqueConstraint(
                fields=["district", "case"], condition=Q(kind="reporter"), name="cases_follower_one_reporter"
            ),
            models.CheckConstraint(condition=Q(kind__in=["reporter", "me_too"]), name="cases_follower_kind_known"),
        ]
