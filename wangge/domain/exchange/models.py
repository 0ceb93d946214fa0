"""Partners, what is said to them, and what they said. All of it is the system's alone by row-level security: a partner reads its own through its
token, a desk what concerns the cases it sees."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wangge.domain.exchange.rules import LEVELS, MessageKind, PartnerKind
from wangge.kernel.ids import uuid7

ANSWERS = ("", "waiting", "accepted", "refused")


class Partner(models.Model):
    """Another system that gives us orders or takes cases. ``source``: of its cases. ``mapping``: the saved mapping of orders by which its words
    are read, the same that workbooks use. ``states``: MessageKind → what that is called there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=60)
    source = models.CharField(max_length=40, unique=True)
    token = models.OneToOneField("people.Token", models.PROTECT, null=True, related_name="+")
    street = models.CharField(max_length=9, help_text="where an order belongs that names no street")
    mapping = models.CharField(max_length=60, blank=True, default="")
    states = models.JSONField(default=dict)
    webhook = models.UUIDField(null=True, help_text="by which messages are pushed; null: they are fetched")
    active = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField()

    class Meta:
        db_table = "exchange_partner"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(PartnerKind)), name="exchange_partner_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(LEVELS), token__isnull=True)
                | (~Q(kind__in=sorted(LEVELS)) & Q(token__isnull=False)),
                name="exchange_partner_asks_by",
            ),
        ]


class Message(models.Model):
    """What is said to a partner. ``seq`` rises in the order of commits, for one partner: a reader goes on after the last it has seen."""

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT)
    kind = models.CharField(max_length=16)
    case = models.UUIDField(null=True)
    pos = models.BigIntegerField(null=True, help_text="of the outbox event; null: a person asked")
    body = models.TextField(help_text="JSON, the same however often it is sent")
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    answer = models.CharField(max_length=8, default="", help_text="of what a partner has to answer")
    answered_at = models.DateTimeField(null=True)
    answer_note = models.TextField(default="")
    their_number = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "exchange_message"
        indexes = [
            models.Index(fields=["partner", "seq"], name="exchange_message_partner"),
            models.Index(fields=["case", "seq"], name="exchange_message_case"),
            models.Index(fields=["made_at"], name="exchange_message_waiting", condition=Q(answer="waiting")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "pos"], name="exchange_message_event_once"),
            models.CheckConstraint(condition=Q(kind__in=list(MessageKind)), name="exchange_message_kind"),
            models.CheckConstraint(condition=Q(answer__in=ANSWERS), name="exchange_message_answer"),
        ]


class Received(models.Model):
    """What a partner told us of an order, by its own id: told twice it is done once."""

    id = models.UUIDField(primary_key=True)
    partner = models.ForeignKey(Partner, models.PROTECT)
    hash = models.BinaryField()
    case = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "exchange_received"


class Link(models.Model):
    """Another installation of Wangge. ``key``: the id of its signing key, ``public`` the key itself (hex). ``url``: where we ask; empty: it asks us.
    ``seen``: the number of its last message that was taken in; ``acked``: that of our last one that it has."""

    partner = models.OneToOneField(Partner, models.PROTECT, primary_key=True, related_name="link")
    key = models.CharField(max_length=16, unique=True)
    public = models.CharField(max_length=64)
    url = models.CharField(max_length=300, default="")
    seen = models.BigIntegerField(default=0)
    acked = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True, help_text="when the other side was last heard")
    error = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "exchange_link"


class Inbox(models.Model):
    """A message of another installation that was taken in: there once, however often it came."""

    id = models.UUIDField(primary_key=True, help_text="of the message")
    partner = models.ForeignKey(Partner, models.PROTECT)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    at = models.DateTimeField()
    error = models.CharField(max_length=300, default="", help_text="why nothing was done with it")

    class Meta:
        db_table = "exchange_inbox"
        indexes = [models.Index(fields=["at"], name="exchange_inbox_trouble", condition=~Q(error=""))]


class Figure(models.Model):
    """A day of a street below, as the installation there counted it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT)
    day = models.DateField()
    district = models.CharField(max_length=6)
    street = models.CharField(max_length=9)
    reported = models.IntegerField()
    closed = models.IntegerField()
    in_time = models.IntegerField(help_text="of those closed, without an overdue clock")
    open = models.IntegerField(help_text="at the end of the day")
    overdue = models.IntegerField(help_text="of those open")

    class Meta:
        db_table = "exchange_figure"
        constraints = [models.UniqueConstraint(fields=["partner", "day", "street"], name="exchange_figure_once")]
