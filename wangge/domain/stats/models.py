"""What the figures are read from. Nothing here is a truth of its own: every row is made from the cases' present rows, and can be made anew.

``Entry`` is what one case counts on one day; ``Cell`` is the sum of a street's entries over a day, five days (a half 旬), a month or a year, whole
or by the values of one dimension; ``Own`` is the sum of a community's or a lead unit's entries; ``Times`` packs durations of a month for exact
medians (docs/decisions/0010).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from wangge.domain.stats.rules import DIMENSIONS, GRAINS, MEASURES
from wangge.kernel.access import Columns

SCOPE = Columns(units=("lead",))
"""Figures of a unit are those of the cases it leads."""
BY_STREET = Columns(community=None, grid=None)


def _counted(kind: type[models.Field]) -> dict[str, Any]:
    """A column for each measure."""
    return {name: kind(db_default=0, help_text=measure.words.en) for name, measure in MEASURES.items()}


class Entry(models.Model):
    """What one case counts on one day of the installation's zone: the day it was reported, answered, closed, or one of its limits ended.

    ``version``: of the case when this was made. Durations are in whole minutes of natural time.
    """

    pk = models.CompositePrimaryKey("district", "case", "day")
    district = models.CharField(max_length=6)
    case = models.UUIDField()
    day = models.DateField()
    version = models.IntegerField()
    street = models.CharField(max_length=9)
    community = models.CharField(max_length=12, null=True)
    grid = models.CharField(max_length=15, null=True)
    status = models.CharField(max_length=16)
    category = models.UUIDField()
    channel = models.CharField(max_length=12)
    level = models.CharField(max_length=10, help_text="grid, community, street, district or city: who has or had it")
    lead = models.UUIDField(null=True)
    person = models.UUIDField(null=True, help_text="who resolved or took it last")
    response = models.IntegerField(null=True)
    handling = models.IntegerField(null=True)
    total = models.IntegerField(null=True)
    locals().update(_counted(models.SmallIntegerField))

    class Meta:
        db_table = "stats_entry"
        indexes = [
            models.Index(fields=["street", "day"], name="stats_entry_street"),
            models.Index(
                fields=["community", "day"], name="stats_entry_community", condition=Q(community__isnull=False)
            ),
            models.Index(fields=["grid", "day"], name="stats_entry_grid", condition=Q(grid__isnull=False)),
            models.Index(fields=["lead", "day"], name="stats_entry_lead", condition=Q(lead__isnull=False)),
            models.Index(fields=["case"], name="stats_entry_case"),
        ]


class Cell(models.Model):
    """The sum of a street's entries over ``grain`` from ``start`` that have ``key`` in ``dimension`` ('' for none; ``all`` is everything);
    where ``street`` is '', of the whole district's, which is kept of days and the dimensions of few values."""

    pk = models.CompositePrimaryKey("district", "dimension", "grain", "start", "street", "key")
    district = models.CharField(max_length=6)
    dimension = models.CharField(max_length=10)
    grain = models.CharField(max_length=5)
    start = models.DateField()
    street = models.CharField(max_length=9)
    key = models.CharField(max_length=36)
    locals().update(_counted(models.IntegerField))

    class Meta:
        db_table = "stats_cell"
        indexes = [models.Index(fields=["street", "dimension", "grain", "start"], name="stats_cell_street")]
        constraints = [
            models.CheckConstraint(condition=Q(grain__in=list(GRAINS)), name="stats_cell_grain_known"),
            models.CheckConstraint(condition=Q(dimension__in=["all", *DIMENSIONS]), name="stats_cell_dimension_known"),
        ]


class Own(models.Model):
    """The sum of the entries of one district that are of the community or led by the unit ``owner`` (an area's code, a unit's id): of each day
    (``all``), or of the month from ``start`` by the values of one dimension."""

    pk = models.CompositePrimaryKey("district", "owner", "dimension", "start", "key")
    district = models.CharField(max_length=6)
    owner = models.CharField(max_length=36)
    dimension = models.CharField(max_length=10)
    start = models.DateField()
    key = models.CharField(max_length=36)
    locals().update(_counted(models.IntegerField))

    class Meta:
        db_table = "stats_own"
        indexes = [models.Index(fields=["owner", "dimension", "start"], name="stats_own_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(dimension__in=["all", "street", *DIMENSIONS]), name="stats_own_dimension_known"
            )
        ]


class Times(models.Model):
    """The durations of the entries of a ``place`` (a street, or an owner of sums of its own) of one month before the day ``upto``, packed (little-endian unsigned 32-bit words in any order: the day
    of the month in the highest 5 bits, minutes in the others). Gone as soon as one of these durations changes; then they are read from the
    entries until the month is packed again."""

    pk = models.CompositePrimaryKey("district", "place", "month")
    district = models.CharField(max_length=6)
    place = models.CharField(max_length=36)
    month = models.DateField()
    upto = models.DateField()
    response = models.BinaryField()
    handling = models.BinaryField()
    total = models.BinaryField()

    class Meta:
        db_table = "stats_times"


class Check(models.Model):
    """What the nightly recount found."""

    at = models.DateTimeField(primary_key=True)
    cases = models.IntegerField()
    entries_wrong = models.IntegerField(help_text="cases whose entries were not what their rows say")
    cells_wrong = models.IntegerField()

    class Meta:
        db_table = "stats_check"
