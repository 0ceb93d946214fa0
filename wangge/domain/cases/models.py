"""Tables of the loop. ``district`` leads every primary key, so that the tables can be distributed by it (DESIGN §8); a case never
leaves the district it was reported in, what belongs elsewhere is handed over as a case of its own.

Categories, units, users and grid versions are retired, never deleted; the loop keeps their ids without a foreign key, because a
hot category row locked by every report at once would be a shared counter in disguise.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wangge.domain.cases.rules import OPEN, Channel, FollowUp, Stage, Status
from wangge.kernel.access import Columns
from wangge.kernel.ids import uuid7

SCOPE = Columns(units=("lead", "holder"), unit_lists=("assisting",), persons=("reporter",))
"""Who sees a case: by its levels, the units that have it, and the member of staff who reported it."""

URGENCIES = ("normal", "urgent", "emergency")


class Case(models.Model):
    """One matter. ``reported_at`` is when it was seen or said, ``received_at`` when this system got it."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    street = models.CharField(max_length=9)
    community = models.CharField(max_length=12, null=True)
    grid = models.CharField(max_length=15, null=True)
    grid_version = models.UUIDField(null=True)
    number = models.CharField(max_length=22)

    status = models.CharField(max_length=16, default=Status.REPORTED)
    version = models.IntegerField(default=1)
    urgency = models.CharField(max_length=10)
    channel = models.CharField(max_length=12)
    category = models.UUIDField(help_text="as reported; corrected when accepted")
    final_category = models.UUIDField(null=True, help_text="as closed, when it turned out to be another")
    title = models.CharField(max_length=80)
    text = models.TextField()
    address = models.CharField(max_length=200, default="")
    lon = models.FloatField(null=True, help_text="WGS 84, degrees; null: 待定位")
    lat = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    confidential = models.BooleanField(default=False)
    wants_answer = models.BooleanField(default=True)

    reporter = models.UUIDField(null=True, help_text="the member of staff who reported it")
    first_receiver = models.UUIDField(null=True)
    holder = models.UUIDField(null=True)
    lead = models.UUIDField(null=True)
    assisting = ArrayField(models.UUIDField(), default=list)
    handled_by = ArrayField(
        models.UUIDField(), default=list, help_text="who took or resolved it: they may not verify it"
    )
    route = models.JSONField(null=True, help_text="the rule that chose the lead unit, and why")

    stage = models.CharField(max_length=10, null=True, help_text="of the running clock")
    due_at = models.DateTimeField(null=True, help_text="of the running clock")
    reported_at = models.DateTimeField()
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    result = models.TextField(default="")
    follow_up = models.CharField(max_length=12, null=True)
    rework = models.IntegerField(default=0)

    source = models.CharField(max_length=24, default="", help_text="the system an imported case comes from")
    source_number = models.CharField(max_length=64, null=True)
    body_hash = models.BinaryField()

    class Meta:
        db_table = "cases_case"
        constraints = [
            models.UniqueConstraint(fields=["id"], name="cases_case_id"),
            models.UniqueConstraint(fields=["number"], name="cases_case_number"),
            models.UniqueConstraint(
                fields=["district", "source", "source_number"],
                condition=Q(source_number__isnull=False),
                name="cases_case_source_once",
            ),
            models.CheckConstraint(condition=Q(status__in=list(Status)), name="cases_case_status_known"),
            models.CheckConstraint(condition=Q(channel__in=list(Channel)), name="cases_case_channel_known"),
            models.CheckConstraint(condition=Q(urgency__in=URGENCIES), name="cases_case_urgency_known"),
            models.CheckConstraint(
                condition=Q(follow_up__isnull=True) | Q(follow_up__in=list(FollowUp)), name="cases_case_follow_up_known"
            ),
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True) | Q(lon__range=(-180, 180), lat__range=(-90, 90)),
                name="cases_case_point_whole",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.CLOSED, closed_at__isnull=False, due_at__isnull=True)
                | (Q(status__in=sorted(OPEN)) & Q(closed_at__isnull=True, due_at__isnull=False, stage__isnull=False)),
                name="cases_case_open_has_clock",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.HANDLING, Status.VERIFYING]) | Q(lead__isnull=False),
                name="cases_case_handled_by_someone",
            ),
        ]


class Step(models.Model):
    """留痕: one act as people read it. The ledger holds the same act with a salted digest of the note, so that the note can be
    erased by the retention policy and the chain stays valid."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    at = models.DateTimeField()
    act = models.CharField(max_length=16)
    outcome = models.CharField(max_length=8, null=True)
    before = models.CharField(max_length=16, null=True)
    after = models.CharField(max_length=16)
    actor = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=8)
    actor_name = models.CharField(max_length=80)
    unit = models.UUIDField(null=True)
    note = models.TextField(default="")
    salt = models.BinaryField()
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "cases_step"
        indexes = [models.Index(fields=["district", "case", "at", "id"], name="cases_step_case")]


class Assignment(models.Model):
    """派单: one unit's share of a case. Ended when the unit has resolved it, or when it was taken from it."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    unit = models.UUIDField()
    kind = models.CharField(max_length=8, help_text="lead or assist")
    assigned_at = models.DateTimeField()
    assigned_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.UUIDField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.UUIDField(null=True)
    result = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_assignment"
        indexes = [models.Index(fields=["district", "case"], name="cases_assignment_case")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["lead", "assist"]), name="cases_assignment_kind_known"),
            models.UniqueConstraint(
                fields=["district", "case"],
                condition=Q(kind="lead", ended_at__isnull=True),
                name="cases_assignment_one_lead",
            ),
        ]


class Clock(models.Model):
    """时限: counted on the work calendar from the category's limit. Only an act starts or stops it."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    stage = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, default="running")

    class Meta:
        db_table = "cases_clock"
        indexes = [models.Index(fields=["district", "case"], name="cases_clock_case")]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=list(Stage)), name="cases_clock_stage_known"),
            models.CheckConstraint(
                condition=Q(outcome="running", stopped_at__isnull=True)
                | Q(outcome__in=["met", "missed"], stopped_at__isnull=False),
                name="cases_clock_stopped_has_outcome",
            ),
            models.UniqueConstraint(
                fields=["district", "case"], condition=Q(outcome="running"), name="cases_clock_one_running"
            ),
        ]


class Party(models.Model):
    """Who asked. Name and phone are encrypted and bound to this row; ``phone_hash`` is the keyed hash for exact look-up."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    name_sealed = models.BinaryField(null=True)
    phone_sealed = models.BinaryField(null=True)
    phone_hash = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_party"
        indexes = [
            models.Index(fields=["district", "case"], name="cases_party_case"),
            models.Index(fields=["phone_hash"], name="cases_party_phone", condition=Q(phone_hash__isnull=False)),
        ]


class Counter(models.Model):
    """The last sequence of each street's day: numbers without gaps, and no row that two streets share."""

    pk = models.CompositePrimaryKey("street", "day")
    street = models.CharField(max_length=9)
    day = models.DateField()
    last = models.IntegerField()

    class Meta:
        db_table = "cases_counter"
