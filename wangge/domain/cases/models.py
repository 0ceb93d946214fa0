"""Tables of the loop. ``district`` leads every primary key, so that the tables can be distributed by it (DESIGN §8); a case never
leaves the district it was reported in, what belongs elsewhere is handed over as a case of its own.

Categories, units, users and grid versions are retired, never deleted; the loop keeps their ids without a foreign key, because a
hot category row locked by every report at once would be a shared counter in disguise.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wangge.domain.cases.followers import Follower  # noqa: F401  (a table like those here)
from wangge.domain.cases.rules import LIVE, Ask, Call, Channel, FollowUp, Level, Stage, Status, Urgency
from wangge.kernel.access import Columns
from wangge.kernel.ids import uuid7

SCOPE = Columns(units=("lead", "holder"), unit_lists=("assisting", "asked"), persons=("reporter",), case="id")
"""Who sees a case: by its levels, the units that have it or were asked for help, and the member of staff who reported it."""


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
    moved_version = models.IntegerField(
        db_default=1, help_text="the version that the last act made which others must not miss"
    )
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
    assisting = ArrayField(models.UUIDField(), db_default=[])
    asked = ArrayField(models.UUIDField(), db_default=[], help_text="units asked for help: they may read it")
    handled_by = ArrayField(
        models.UUIDField(), db_default=[], help_text="who took or resolved it: they may not verify it"
    )
    route = models.JSONField(null=True, help_text="the rule that chose the lead unit, and why")

    stage = models.CharField(max_length=10, null=True, help_text="of the running clock")
    due_at = models.DateTimeField(null=True, help_text="of the running clock")
    overdue_at = models.DateTimeField(null=True, help_text="when a clock of it first ran out; never taken back")
    review_at = models.DateTimeField(null=True, help_text="of a suspension: when it is looked at again")
    review_told_at = models.DateTimeField(null=True, help_text="the review date that the centre was told of")
    back_to = models.CharField(max_length=16, null=True, help_text="the status a suspended or merged case returns to")
    merged_into = models.UUIDField(null=True)
    reported_at = models.DateTimeField()
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, help_text="when the matter ended, in whatever way")
    result = models.TextField(default="")
    public_text = models.CharField(max_length=2000, db_default="", help_text="what an operator cleared for the public")
    follow_up = models.CharField(max_length=12, null=True)
    rating = models.SmallIntegerField(null=True, help_text="1–5, as the reporter said")
    tries = models.SmallIntegerField(db_default=0, help_text="attempts to reach the reporter that reached nobody")
    self_resolved = models.BooleanField(db_default=False)
    designated = models.BooleanField(db_default=False)
    returns = models.SmallIntegerField(db_default=0)
    rework = models.SmallIntegerField(db_default=0, help_text="failed verifications")
    reopened = models.SmallIntegerField(db_default=0)
    extensions = models.SmallIntegerField(db_default=0)
    urges = models.SmallIntegerField(db_default=0)
    demands_open = models.SmallIntegerField(db_default=0, help_text="urged, supervised or instructed, not lifted yet")
    supervision = models.CharField(max_length=10, null=True, help_text="the highest open level")
    tags = ArrayField(models.CharField(max_length=30), db_default=[])

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
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="cases_case_urgency_known"),
            models.CheckConstraint(
                condition=Q(follow_up__isnull=True) | Q(follow_up__in=list(FollowUp)), name="cases_case_follow_up_known"
            ),
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True) | Q(lon__range=(-180, 180), lat__range=(-90, 90)),
                name="cases_case_point_whole",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=sorted(LIVE)) & Q(closed_at__isnull=True, due_at__isnull=False, stage__isnull=False)
                )
                | Q(status=Status.SUSPENDED, closed_at__isnull=True, due_at__isnull=True, review_at__isnull=False)
                | (~Q(status__in=[*sorted(LIVE), Status.SUSPENDED]) & Q(closed_at__isnull=False, due_at__isnull=True)),
                name="cases_case_live_has_clock",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.HANDLING, Status.VERIFYING])
                | Q(lead__isnull=False)
                | Q(status=Status.VERIFYING, self_resolved=True),
                name="cases_case_handled_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.SUSPENDED, Status.MERGED], back_to__isnull=False)
                | (~Q(status__in=[Status.SUSPENDED, Status.MERGED]) & Q(back_to__isnull=True)),
                name="cases_case_knows_its_way_back",
            ),
            models.CheckConstraint(
                condition=(Q(status=Status.MERGED) & Q(merged_into__isnull=False))
                | (~Q(status=Status.MERGED) & Q(merged_into__isnull=True)),
                name="cases_case_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="cases_case_rating_known"
            ),
            models.CheckConstraint(
                condition=Q(supervision__isnull=True) | Q(supervision__in=list(Level)),
                name="cases_case_supervision_known",
            ),
        ]


class Mark(models.Model):
    """What a case's arrays hold, a row each: ``u:`` with a unit that assists or was asked for help, ``t:`` with a tag. Kept by a trigger of
    ``cases_case``, and read only to know where to look: no policy, and nothing but ids and times."""

    pk = models.CompositePrimaryKey("district", "case", "mark")
    mark = models.CharField(max_length=48)
    district = models.CharField(max_length=6)
    case = models.UUIDField()
    reported_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_mark"
        indexes = [
            models.Index(fields=["mark", "-reported_at", "-case"], name="cases_mark_newest"),
            models.Index(fields=["mark", "-changed_at", "-case"], name="cases_mark_changed"),
            models.Index(fields=["mark", "due_at", "case"], name="cases_mark_due", condition=Q(due_at__isnull=False)),
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
    outcome = models.CharField(max_length=12, null=True)
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


ENDINGS = ["done", "returned", "declined", "reassigned", "withdrawn"]


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
    due_at = models.DateTimeField(null=True, help_text="of this unit's share; the lead's is the handling clock's")
    taken_at = models.DateTimeField(null=True)
    taken_by = models.UUIDField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.UUIDField(null=True)
    result = models.TextField(db_default="")
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=10, null=True, help_text="done, returned, declined, reassigned, withdrawn")

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
            models.UniqueConstraint(
                fields=["district", "case", "unit"],
                condition=Q(ended_at__isnull=True),
                name="cases_assignment_unit_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_how__isnull=True)
                | Q(ended_at__isnull=False, ended_how__in=ENDINGS),
                name="cases_assignment_ended_how",
            ),
        ]


class Clock(models.Model):
    """时限: counted on the work calendar from the category's limit. Only an act starts, moves, pauses or stops it.

    ``rung``: how far up the ladder it has come (0 not yet, 1 reminded at 80 %, 2 overdue, 3 raised at twice the limit) and ``next_at``
    when the next step is due, NULL after the last. ``outcome``: met, missed, or ended in time by an act that did not fulfil it.
    """

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    stage = models.CharField(max_length=10)
    unit = models.CharField(max_length=16, help_text="what it is counted in: catalog.rules.UNITS")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(help_text="before any extension or pause")
    paused_at = models.DateTimeField(null=True)
    paused = models.DurationField(db_default="0", help_text="how long it stood still, in natural time")
    rung = models.SmallIntegerField(db_default=0)
    next_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, db_default="running")

    class Meta:
        db_table = "cases_clock"
        indexes = [
            models.Index(fields=["district", "case"], name="cases_clock_case"),
            models.Index(
                fields=["next_at"],
                name="cases_clock_next",
                condition=Q(outcome="running", paused_at__isnull=True, next_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=list(Stage)), name="cases_clock_stage_known"),
            models.CheckConstraint(
                condition=Q(outcome="running", stopped_at__isnull=True)
                | Q(outcome__in=["met", "missed", "ended"], stopped_at__isnull=False),
                name="cases_clock_stopped_has_outcome",
            ),
            models.CheckConstraint(condition=Q(rung__range=(0, 3)), name="cases_clock_rung_known"),
            models.UniqueConstraint(
                fields=["district", "case"], condition=Q(outcome="running"), name="cases_clock_one_running"
            ),
        ]


class Request(models.Model):
    """申请: what a unit asks for while it handles a case: help of another unit, more time, a suspension."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    kind = models.CharField(max_length=10)
    unit = models.UUIDField(help_text="who asks")
    of = models.UUIDField(null=True, help_text="the unit that is asked; null: the centre")
    text = models.TextField()
    wanted_at = models.DateTimeField(null=True, help_text="the limit or the review date asked for")
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=9, db_default="pending")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    answer = models.TextField(db_default="")

    class Meta:
        db_table = "cases_request"
        indexes = [
            models.Index(fields=["district", "case"], name="cases_request_case"),
            models.Index(
                fields=["of", "district", "case"], name="cases_request_pending", condition=Q(outcome="pending")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(Ask)), name="cases_request_kind_known"),
            models.CheckConstraint(
                condition=Q(outcome="pending", answered_at__isnull=True)
                | Q(outcome__in=["granted", "refused", "answered", "dropped"], answered_at__isnull=False),
                name="cases_request_answered_when",
            ),
        ]


class Demand(models.Model):
    """督办单: an urge, a supervision or an instruction from outside the line. Stays on the wall until it is lifted."""

    pk = models.CompositePrimaryKey("district", "id")
    district = models.CharField(max_length=6)
    id = models.UUIDField(default=uuid7, editable=False)
    case = models.UUIDField()
    kind = models.CharField(max_length=10)
    level = models.CharField(max_length=10, null=True, help_text="of a supervision")
    text = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    made_by_name = models.CharField(max_length=80)
    answer_by = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    answer = models.TextField(db_default="")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)

    class Meta:
        db_table = "cases_demand"
        indexes = [models.Index(fields=["district", "case"], name="cases_demand_case")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(Call)), name="cases_demand_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=Call.SUPERVISE, level__in=list(Level))
                | (~Q(kind=Call.SUPERVISE) & Q(level__isnull=True)),
                name="cases_demand_level_of_supervision",
            ),
        ]


class Link(models.Model):
    """Two cases of one district that belong together. Stored once, the smaller id first."""

    pk = models.CompositePrimaryKey("district", "case", "other")
    district = models.CharField(max_length=6)
    case = models.UUIDField()
    other = models.UUIDField()
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)

    class Meta:
        db_table = "cases_link"
        indexes = [models.Index(fields=["district", "other"], name="cases_link_other")]
        constraints = [models.CheckConstraint(condition=Q(case__lt=models.F("other")), name="cases_link_ordered")]


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


class Operation(models.Model):
    """What a phone's queue has done: the answer to an operation that was applied, for when it is sent again."""

    pk = models.CompositePrimaryKey("actor", "id")
    actor = models.UUIDField()
    id = models.UUIDField(editable=False)
    body_hash = models.BinaryField()
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "cases_operation"
        indexes = [models.Index(fields=["at"], name="cases_operation_at")]


class OrderMapping(models.Model):
    """How the workbooks of one source are read: their titles by our fields, and their words by ours (orders.words)."""

    name = models.CharField(max_length=60, primary_key=True)
    columns = models.JSONField(help_text="field → title")
    translation = models.JSONField(help_text="field → their word → ours")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "cases_order_mapping"


class OrderImport(models.Model):
    """A workbook of orders on its way in (orders.imports). ``good`` null: it could not be checked as a whole yet.

    It names who called, so the workbook is sealed, taken away when it is done, and with the errors seen by its street alone.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    district = models.CharField(max_length=6)
    street = models.CharField(max_length=9)
    source = models.CharField(max_length=40)
    filename = models.CharField(max_length=120)
    bytes = models.IntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the workbook")
    file_sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=10)
    made_by = models.UUIDField(null=True)
    made_by_name = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    done = models.IntegerField(db_default=0, help_text="of total: rows read, then orders written")
    total = models.IntegerField(db_default=0)
    problem = models.JSONField(null=True, help_text="why it stopped, in both languages")
    columns = models.JSONField(db_default=models.Value({}, models.JSONField()), help_text="field → title")
    translation = models.JSONField(
        db_default=models.Value({}, models.JSONField()), help_text="field → their word → ours"
    )
    accept_good = models.BooleanField(db_default=False)
    header = models.JSONField(null=True)
    rows = models.IntegerField(null=True)
    blank = models.IntegerField(null=True)
    good = models.IntegerField(null=True)
    bad = models.IntegerField(null=True)
    here = models.IntegerField(null=True)
    errors = models.JSONField(db_default=models.Value([], models.JSONField()), help_text="row, column, zh, en")
    unknown = models.JSONField(null=True, help_text="words without a meaning: field, word, rows")
    unmapped = models.JSONField(null=True)
    made = models.IntegerField(null=True)
    known = models.IntegerField(null=True)
    closed = models.IntegerField(null=True)
    by_category = models.JSONField(null=True)
    by_unit = models.JSONField(null=True)

    class Meta:
        db_table = "cases_order_import"
        indexes = [models.Index(fields=["street", "-made_at"], name="cases_order_import_street")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checking", "checked", "importing", "done", "stopped"]),
                name="cases_order_import_state_known",
            )
        ]
