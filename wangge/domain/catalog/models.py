"""Tables of rules: categories, limits, the work calendar, routes. All are small and read through the copy in each process (``store``).

A category keeps its row and code for ever; limits and routes are dated versions: a change closes the row and opens the next, so that
an old case can still be explained.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from wangge.domain.catalog import rules
from wangge.domain.people.rules import DUTIES
from wangge.kernel.ids import uuid7


class Category(models.Model):
    """A node of the tree; a node without children is a kind of matter that is reported. ``code`` is never used again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=20, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True, default="")
    initials = models.CharField(max_length=60, blank=True, default="", help_text="pinyin initials, for search")
    group = models.CharField(
        max_length=10, default="other", help_text="dispute, hazard or other: the three figures of bulletins"
    )
    urgency = models.CharField(max_length=10, default="normal")
    lead_duty = models.CharField(max_length=24)
    assist_duties = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    accept_condition = models.TextField(blank=True, default="", help_text="立案条件")
    accept_condition_en = models.TextField(blank=True, default="")
    close_condition = models.TextField(blank=True, default="", help_text="结案条件")
    close_condition_en = models.TextField(blank=True, default="")
    evidence = models.JSONField(
        default=list, blank=True, help_text='[{"at": "report", "kind": "photo", "least": 1, "required": false}]'
    )
    self_resolve = models.BooleanField(default=False, help_text="may be put right on the spot by who reports it")
    entry_level = models.CharField(
        max_length=10, default="street", help_text="level of the centre that receives it first"
    )
    entry_levels = models.JSONField(
        default=dict, blank=True, help_text='the channels that enter elsewhere: {"hotline": "district"}'
    )
    confidential = models.BooleanField(default=False, help_text="reporters are confidential unless they say otherwise")
    keywords = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=1)
    created_hash = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["parent", "code"], name="catalog_category_parent")]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,19}$"), name="catalog_category_code"),
            models.CheckConstraint(condition=~Q(name=""), name="catalog_category_named"),
            models.CheckConstraint(condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="catalog_category_not_own_parent"),
            models.CheckConstraint(condition=Q(group__in=list(rules.GROUPS)), name="catalog_category_group_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(rules.URGENCIES)), name="catalog_category_urgency_known"),
            models.CheckConstraint(condition=Q(lead_duty__in=list(DUTIES)), name="catalog_category_duty_known"),
            models.CheckConstraint(condition=Q(assist_duties__contained_by=list(DUTIES)), name="catalog_category_assist_known"),
            models.CheckConstraint(condition=Q(entry_level__in=list(rules.ENTRY_LEVELS)), name="catalog_category_level_known"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="catalog_category_dates"),
            models.CheckConstraint(condition=Q(version__gte=1), name="catalog_category_version_counts"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Limit(models.Model):
    """How long a stage may take. It holds for the category and all below it that have none of their own; no category: for all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="limits")
    urgency = models.CharField(max_length=10)
    stage = models.CharField(max_length=10)
    amount = models.IntegerField()
    unit = models.CharField(max_length=20)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["category", "urgency", "stage"],
                condition=Q(valid_to__isnull=True),
                nulls_distinct=False,
                name="catalog_limit_one_live",
            ),
            models.CheckConstraint(condition=Q(urgency__in=list(rules.URGENCIES)), name="catalog_limit_urgency_known"),
            models.CheckConstraint(condition=Q(stage__in=list(rules.STAGES)), name="catalog_limit_stage_known"),
            models.CheckConstraint(condition=Q(unit__in=list(rules.UNITS)), name="catalog_limit_unit_known"),
            models.CheckConstraint(condition=Q(amount__gte=1, amount__lte=rules.MOST), name="catalog_limit_amount"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="catalog_limit_dates"),
        ]  # fmt: skip


class CalendarDay(models.Model):
    """An exception to the week: a legal holiday, or a make-up working day."""

    day = models.DateField(primary_key=True)
    working = models.BooleanField()
    name = models.CharField(max_length=60, blank=True, default="")
    name_en = models.CharField(max_length=100, blank=True, default="")
    source = models.CharField(max_length=40, default="by hand")


class OfficeHours(models.Model):
    """One season of office hours, from its first day to the next season's. ``week`` holds seven texts such as 09:00-12:00 14:00-18:00."""

    since = models.DateField(primary_key=True)
    week = ArrayField(models.CharField(max_length=120, blank=True), size=7)
    make_up = models.CharField(max_length=120, help_text="hours of a make-up working day that has none of its own")
    urgent = models.CharField(max_length=120, default="00:00-24:00", help_text="when urgent hours run, every day")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(week__len=7), name="catalog_hours_seven_days")]


class Route(models.Model):
    """One version of a rule that gives a case to a unit. ``rule`` stays the same through its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.UUIDField()
    number = models.IntegerField(default=1)
    name = models.CharField(max_length=80)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="routes")
    area = models.ForeignKey("places.Area", models.PROTECT, null=True, blank=True, db_column="area", related_name="+")
    layer = models.CharField(max_length=40, null=True, blank=True)
    grid = models.CharField(max_length=15, null=True, blank=True)
    weekdays = ArrayField(models.SmallIntegerField(), default=list, blank=True)
    day_kind = models.CharField(max_length=8, default="any")
    start_minute = models.SmallIntegerField(default=0)
    end_minute = models.SmallIntegerField(default=rules.MINUTES_A_DAY)
    unit = models.ForeignKey("people.Unit", models.PROTECT, related_name="+")
    automatic = models.BooleanField(default=False, help_text="accepted and dispatched in the act of reporting")
    note = models.CharField(max_length=500, blank=True, default="")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    created_hash = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["rule", "-number"], name="catalog_route_history")]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="catalog_route_number_once"),
            models.UniqueConstraint(fields=["rule"], condition=Q(valid_to__isnull=True), name="catalog_route_one_live"),
            models.UniqueConstraint(
                fields=["category", "area", "layer", "grid", "weekdays", "day_kind", "start_minute", "end_minute"],
                condition=Q(valid_to__isnull=True),
                nulls_distinct=False,
                name="catalog_route_no_twin",
            ),
            models.CheckConstraint(condition=Q(grid__isnull=True) | Q(layer__isnull=False), name="catalog_route_grid_has_layer"),
            models.CheckConstraint(condition=Q(grid__isnull=True) | Q(area__isnull=True), name="catalog_route_grid_without_area"),
            models.CheckConstraint(condition=Q(day_kind__in=list(rules.DAY_KINDS)), name="catalog_route_day_kind_known"),
            models.CheckConstraint(condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="catalog_route_weekdays_known"),
            models.CheckConstraint(
                condition=Q(start_minute__gte=0, start_minute__lt=1440, end_minute__gte=0, end_minute__lte=1440)
                & ~Q(start_minute=F("end_minute")),
                name="catalog_route_window",
            ),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="catalog_route_dates"),
        ]  # fmt: skip


class State(models.Model):
    """One row. ``stamp`` is new after every change of the catalogue; processes compare it. Not a counter: a rolled-back change that was
    read in its own transaction must never look like a later one."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField(default=uuid7)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalog_state_one_row")]
