"""Tables of notices. A notice holds no text: it is made from what it is of as that is when somebody reads, who must be able to see it then."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wangge.domain.notices.rules import OF_GRIDS, Channel, Event, Who, stands
from wangge.kernel.ids import uuid7

_ABOUT_GRIDS = Q(who__in=[w for w in Who if any(stands(e, w) for e in OF_GRIDS)])
STATUSES = ["waiting", "sent", "given_up", "dropped"]


class Matrix(models.Model):
    """A version of the matrix: the newest one holds, the older ones are kept."""

    version = models.IntegerField(primary_key=True)
    at = models.DateTimeField()
    by = models.UUIDField(null=True, help_text="null: shipped")

    class Meta:
        db_table = "notices_matrix"


class Rule(models.Model):
    """One cell that is ticked: who is told of which event by which way. ``mandatory``: nobody can opt out of it."""

    pk = models.CompositePrimaryKey("version", "event", "who", "channel")
    version = models.IntegerField()
    event = models.CharField(max_length=20)
    who = models.CharField(max_length=16)
    channel = models.CharField(max_length=8)
    mandatory = models.BooleanField(default=False)

    class Meta:
        db_table = "notices_rule"
        constraints = [
            models.CheckConstraint(condition=Q(event__in=list(Event)), name="notices_rule_event_known"),
            models.CheckConstraint(condition=Q(who__in=list(Who)), name="notices_rule_who_known"),
            models.CheckConstraint(
                condition=Q(who=Who.SUBSCRIBER, channel=Channel.WEBHOOK)
                | (~Q(who=Who.SUBSCRIBER) & Q(channel__in=[Channel.IN_APP, Channel.EMAIL, Channel.SMS])),
                name="notices_rule_channel_fits",
            ),
            models.CheckConstraint(
                condition=(Q(event__in=sorted(OF_GRIDS)) & _ABOUT_GRIDS)
                | (~Q(event__in=sorted(OF_GRIDS)) & ~_ABOUT_GRIDS),
                name="notices_rule_who_stands_so",
            ),
        ]


class Notice(models.Model):
    """Something a person is told, of a case or of a planned ``change`` of grids. ``pos``: of the outbox event, so that nobody is told twice
    of it. ``facts``: of a case its status, due time and urgency then; the channels it was to take, and those nobody can opt out of."""

    id = models.UUIDField(primary_key=True, editable=False)
    person = models.UUIDField()
    pos = models.BigIntegerField()
    event = models.CharField(max_length=20)
    why = ArrayField(models.CharField(max_length=16), help_text="how they stand to the case")
    district = models.CharField(max_length=6)
    case = models.UUIDField(null=True)
    change = models.UUIDField(null=True)
    facts = models.JSONField()
    in_app = models.BooleanField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notices_notice"
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="notices_notice_person", condition=Q(in_app=True)),
            models.Index(
                fields=["person", "at"], name="notices_notice_unread", condition=Q(in_app=True, read_at__isnull=True)
            ),
            models.Index(fields=["at"], name="notices_notice_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["person", "pos"], name="notices_notice_once"),
            models.CheckConstraint(
                condition=Q(case__isnull=False, change__isnull=True) | Q(case__isnull=True, change__isnull=False),
                name="notices_notice_of_one",
            ),
        ]


class Preference(models.Model):
    """How a person wants to be told. The addresses are what they gave for this themselves, encrypted; nobody else sees them."""

    person = models.UUIDField(primary_key=True)
    email_sealed = models.BinaryField(null=True)
    email_confirmed_at = models.DateTimeField(null=True, help_text="null: not written to")
    mobile_sealed = models.BinaryField(null=True)
    mobile_confirmed_at = models.DateTimeField(null=True, help_text="null: not written to")
    quiet_from = models.TimeField(null=True, help_text="in the installation's zone")
    quiet_to = models.TimeField(null=True)
    off = ArrayField(models.CharField(max_length=8), db_default=[], help_text="channels they opted out of")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "notices_preference"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notices_preference_quiet_whole",
            ),
            models.CheckConstraint(
                condition=(Q(email_confirmed_at__isnull=True) | Q(email_sealed__isnull=False))
                & (Q(mobile_confirmed_at__isnull=True) | Q(mobile_sealed__isnull=False)),
                name="notices_preference_confirmed_is_there",
            ),
        ]


class Confirmation(models.Model):
    """A code that was sent to an address, to come back. ``code_sealed`` null: it was used, or another one took its place."""

    id = models.UUIDField(primary_key=True, editable=False)
    person = models.UUIDField()
    channel = models.CharField(max_length=8)
    code_sealed = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0, help_text="so often a code was given, right or wrong")

    class Meta:
        db_table = "notices_confirmation"
        indexes = [models.Index(fields=["person", "channel", "-made_at"], name="notices_confirmation_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel"],
                condition=Q(code_sealed__isnull=False),
                name="notices_confirmation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=[Channel.EMAIL, Channel.SMS]), name="notices_confirmation_channel"
            ),
        ]


class Message(models.Model):
    """A short message to somebody who is no member of staff, for as long as it is worth anything; both texts are encrypted."""

    id = models.UUIDField(primary_key=True, editable=False)
    to_sealed = models.BinaryField()
    text_sealed = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "notices_message"


class Webhook(models.Model):
    """Another system that is told. It sees what its token may read, and at most ``areas`` of that; both secrets are encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = models.ForeignKey("people.Token", models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=20), db_default=[], help_text="empty: all that the matrix lets out")
    areas = ArrayField(models.CharField(max_length=12), db_default=[], help_text="empty: the whole scope of the token")
    active = models.BooleanField(default=True)
    secret_sealed = models.BinaryField()
    old_sealed = models.BinaryField(null=True, help_text="the secret before, which signs too for a while")
    old_until = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notices_webhook"
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(active=False), name="notices_webhook_removed"
            ),
        ]


class Delivery(models.Model):
    """One thing to be sent outside: a notice or a code to a person's address, a message to a resident's phone, or an event to another
    system (with the body that is sent).

    ``waiting`` (not before ``next_at``; claimed by a worker until ``claimed_until``), ``sent``, ``given_up`` (``error`` says why),
    ``dropped`` (it was not to be sent any more)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=8)
    notice = models.ForeignKey(Notice, models.CASCADE, null=True)
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True)
    confirmation = models.OneToOneField(Confirmation, models.CASCADE, null=True)
    message = models.OneToOneField(Message, models.CASCADE, null=True)
    event = models.CharField(max_length=20)
    pos = models.BigIntegerField(null=True, help_text="of the outbox event; null: a ping")
    case = models.UUIDField(null=True)
    body = models.TextField(db_default="", help_text="of a webhook: the same at every try")
    status = models.CharField(max_length=8, default="waiting")
    tries = models.SmallIntegerField(db_default=0)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    http_status = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=300, db_default="")

    class Meta:
        db_table = "notices_delivery"
        indexes = [
            models.Index(fields=["channel", "next_at"], name="notices_delivery_waiting", condition=Q(status="waiting")),
            models.Index(
                fields=["webhook", "next_at"],
                name="notices_delivery_webhook_due",
                condition=Q(status="waiting", webhook__isnull=False),
            ),
            models.Index(
                fields=["webhook", "case", "pos"],
                name="notices_delivery_in_order",
                condition=Q(status="waiting", webhook__isnull=False),
            ),
            models.Index(fields=["-made_at", "-id"], name="notices_delivery_made"),
            models.Index(
                fields=["channel", "done_at"], name="notices_delivery_given_up", condition=Q(status="given_up")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="notices_delivery_status_known"),
            models.CheckConstraint(
                condition=Q(
                    channel=Channel.WEBHOOK,
                    webhook__isnull=False,
                    notice__isnull=True,
                    confirmation__isnull=True,
                    message__isnull=True,
                )
                | Q(channel__in=[Channel.EMAIL, Channel.SMS], webhook__isnull=True)
                & (
                    Q(notice__isnull=False, confirmation__isnull=True, message__isnull=True)
                    | Q(notice__isnull=True, confirmation__isnull=False, message__isnull=True)
                )
                | Q(
                    channel=Channel.SMS,
                    webhook__isnull=True,
                    notice__isnull=True,
                    confirmation__isnull=True,
                    message__isnull=False,
                ),
                name="notices_delivery_has_target",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", done_at__isnull=True) | (~Q(status="waiting") & Q(done_at__isnull=False)),
                name="notices_delivery_done_when",
            ),
            models.UniqueConstraint(fields=["notice", "channel"], name="notices_delivery_notice_once"),
            models.UniqueConstraint(fields=["webhook", "pos"], name="notices_delivery_event_once"),
        ]
