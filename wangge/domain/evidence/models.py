"""Uploaded files, and which case each belongs to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wangge.domain.evidence.rules import Kind, Role, State
from wangge.kernel.ids import uuid7


class Upload(models.Model):
    """One file from its announcement on. Its owner sees it, and once it belongs to a case whoever sees the case.

    ``original``, ``public``, ``thumb``: keys of the store. The original is sealed: only its digest is proof. ``public`` is made anew from
    its content, without what the device wrote into it; ``lon``, ``lat`` (WGS 84) and ``captured_at`` are what it wrote, kept as our own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.UUIDField()
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=200, db_default="", help_text="why it was refused or put into quarantine")
    name = models.CharField(max_length=200, db_default="")
    length = models.BigIntegerField(null=True, help_text="bytes, as announced")
    sha256 = models.CharField(max_length=64, null=True, help_text="as the device says; afterwards as it is")
    media_type = models.CharField(max_length=100, db_default="")
    original = models.CharField(max_length=64, null=True)
    public = models.CharField(max_length=64, null=True)
    public_type = models.CharField(max_length=100, db_default="")
    thumb = models.CharField(max_length=64, null=True)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    seconds = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    captured_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="of an upload that is not whole")

    class Meta:
        db_table = "evidence_upload"
        indexes = [
            models.Index(fields=["owner", "made_at"], name="evidence_upload_owner"),
            models.Index(fields=["expires_at"], name="evidence_upload_expires", condition=Q(expires_at__isnull=False)),
            models.Index(fields=["stored_at"], name="evidence_upload_waiting", condition=Q(state=State.STORED)),
            models.Index(fields=["original"], name="evidence_upload_original", condition=Q(original__isnull=False)),
            models.Index(fields=["public"], name="evidence_upload_public", condition=Q(public__isnull=False)),
            models.Index(fields=["thumb"], name="evidence_upload_thumb", condition=Q(thumb__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(Kind)), name="evidence_upload_kind_known"),
            models.CheckConstraint(condition=Q(state__in=list(State)), name="evidence_upload_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.STORED, State.READY]) | Q(original__isnull=False, sha256__isnull=False),
                name="evidence_upload_stored_has_content",
            ),
        ]


class Item(models.Model):
    """An upload as evidence of a case, put there by an act."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(help_text="of the upload")
    case = models.UUIDField()
    role = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    cleared_at = models.DateTimeField(null=True, help_text="when an operator let the public see it")

    class Meta:
        db_table = "evidence_item"
        indexes = [models.Index(fields=["district", "case", "at"], name="evidence_item_case")]
        constraints = [
            models.UniqueConstraint(fields=["id"], name="evidence_item_once"),
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="evidence_item_role_known"),
        ]
