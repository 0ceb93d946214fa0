"""What the portal keeps of its own: how often somebody asked, who may not, and codes on their way. Nothing of what anybody said."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wangge.kernel.ids import uuid7


class Use(models.Model):
    """How often something was done from one network, with one phone or to one case since ``since``. ``key`` is a keyed hash."""

    key = models.BinaryField(primary_key=True)
    since = models.DateTimeField()
    used = models.IntegerField()
    until = models.DateTimeField(help_text="when it starts anew, and may be forgotten")

    class Meta:
        db_table = "portal_use"
        indexes = [models.Index(fields=["until"], name="portal_use_until")]


class Ban(models.Model):
    """Somebody who may not report for a while: a network (in clear) or a phone (keyed hash, and its mask to recognise it by)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8)
    network = models.CharField(max_length=43, null=True)
    phone_hash = models.BinaryField(null=True)
    shown = models.CharField(max_length=43, help_text="the network, or the phone masked")
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "portal_ban"
        indexes = [models.Index(fields=["expires_at"], name="portal_ban_live", condition=Q(lifted_at__isnull=True))]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="network", network__isnull=False, phone_hash__isnull=True)
                | Q(kind="phone", network__isnull=True, phone_hash__isnull=False),
                name="portal_ban_of_one_kind",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")) & ~Q(reason=""), name="portal_ban_ends"),
        ]


class PhoneCode(models.Model):
    """A code that was sent to a phone to prove it. Number and code are keyed hashes; one that was used is gone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone_hash = models.BinaryField()
    code_hash = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(db_default=0)

    class Meta:
        db_table = "portal_phone_code"
        indexes = [models.Index(fields=["phone_hash", "-made_at"], name="portal_phone_code_latest")]
