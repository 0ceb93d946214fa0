"""Tables of places. Borders are WKB in WGS 84 degrees on the 1e-7 lattice with their box; no spatial extension is needed.

A border is never changed: a new version is added and the old one gets its `valid_to`. The native point `centre` of a
version (longitude, latitude) is made by the database from the stored numbers and carries an SP-GiST index.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from wangge.domain.places import rules
from wangge.kernel.ids import uuid7


def _first(digits: int) -> models.GeneratedField:
    """The first digits of the code; NULL when the code is shorter."""
    return models.GeneratedField(
        expression=Func(F("code"), Value(f"^[0-9]{{{digits}}}"), function="substring"),
        output_field=models.CharField(max_length=12, null=True),
        db_persist=True,
    )


class Area(models.Model):
    """A node of the administrative tree: province, city, district, street or community (GB/T 2260 and its extension).

    `named` is false while only the code is known (the national list of streets does not name all that lies above).
    """

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True, default="")
    named = models.BooleanField(default=True)
    level = models.CharField(max_length=12, choices=[(k, w.en) for k, w in rules.LEVELS.items()])
    parent = models.ForeignKey("self", models.PROTECT, null=True, db_column="parent", related_name="children")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=1)
    district, street = _first(6), _first(9)

    class Meta:
        indexes = [
            models.Index(fields=["parent", "code"], name="places_area_parent"),
            models.Index(fields=["level", "code"], name="places_area_level"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"), name="places_area_code"),
            models.CheckConstraint(condition=Q(level__in=list(rules.LEVELS)), name="places_area_level_known"),
            models.CheckConstraint(condition=Q(parent__isnull=True) | ~Q(parent=F("code")), name="places_area_not_own_parent"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="places_area_dates"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Border(models.Model):
    """What a border is made of, for areas and grids alike. `geometry`: WKB (little endian) of a Polygon or MultiPolygon."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.IntegerField(default=1, help_text="counts the versions of one area or grid")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    geometry = models.BinaryField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    centre_lon = models.FloatField(help_text="a point inside, degrees")
    centre_lat = models.FloatField()
    area_m2 = models.FloatField()
    reason = models.CharField(max_length=16, choices=[(k, w.en) for k, w in rules.REASONS.items()])

    class Meta:
        abstract = True


class AreaBorder(Border):
    """A version of an area's border."""

    area = models.ForeignKey(Area, models.CASCADE, db_column="area", related_name="borders")

    class Meta:
        indexes = [models.Index(fields=["area", "-valid_from"], name="places_areaborder_history")]
        constraints = [
            models.UniqueConstraint(fields=["area"], condition=Q(valid_to__isnull=True), name="places_areaborder_one_current"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="places_areaborder_dates"),
        ]  # fmt: skip


class GridLayer(models.Model):
    """A family of grids. `version` and `stamp` change with every change of its grids; processes compare the stamp."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=12, choices=[(k, w.en) for k, w in rules.LAYER_KINDS.items()])
    over = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        db_column="over",
        related_name="stacked",
        help_text="the layer it is stacked on",
    )
    stacking = models.CharField(
        max_length=4, blank=True, default="", choices=[(k, w.en) for k, w in rules.STACKINGS.items()]
    )
    version = models.BigIntegerField(default=1)
    stamp = models.UUIDField(default=uuid7)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(rules.LAYER_KINDS)), name="places_layer_kind_known"),
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_]*$"), name="places_layer_key"),
            models.CheckConstraint(condition=Q(stacking__in=["", *rules.STACKINGS]), name="places_layer_stacking_known"),
            models.CheckConstraint(condition=Q(over__isnull=True, stacking="") | Q(over__isnull=False) & ~Q(stacking=""), name="places_layer_stacked_on"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.key


class Grid(models.Model):
    """The smallest unit of responsibility. Its code is given once and for ever; `retired_at` ends its life, not its code."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    layer = models.ForeignKey(GridLayer, models.PROTECT, related_name="grids")
    code = models.CharField(max_length=15, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True, default="")
    district = models.CharField(max_length=6)
    street = models.CharField(max_length=9)
    community = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=1)
    successors = ArrayField(
        models.CharField(max_length=15), default=list, help_text="codes that took over when it was retired"
    )

    class Meta:
        indexes = [
            models.Index(fields=["layer", "code"], name="places_grid_layer", condition=Q(retired_at__isnull=True)),
            models.Index(fields=["district", "layer", "code"], name="places_grid_district"),
            models.Index(fields=["street", "layer", "code"], name="places_grid_street"),
            models.Index(fields=["community", "layer", "code"], name="places_grid_community"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{15}$"), name="places_grid_code"),
            models.CheckConstraint(
                condition=Q(code__startswith=F("community")) & Q(community__startswith=F("street")) & Q(street__startswith=F("district")),
                name="places_grid_levels_follow_the_code",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="places_grid_version_counts"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class GridVersion(Border):
    """A version of a grid's border. A case keeps the version it happened in."""

    grid = models.ForeignKey(Grid, models.CASCADE, related_name="versions")

    class Meta:
        indexes = [models.Index(fields=["grid", "-valid_from"], name="places_gridversion_history")]
        constraints = [
            models.UniqueConstraint(fields=["grid"], condition=Q(valid_to__isnull=True), name="places_gridversion_one_current"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="places_gridversion_dates"),
        ]  # fmt: skip


class PlannedChange(models.Model):
    """A change of grids that takes effect later. ``asked`` and ``answers`` are what was confirmed, shapes as GeoJSON; ``old`` the grids it
    changes, whose land at ``planned_at`` it needs to find again. ``fault``: the words of what kept it from being done."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    layer = models.ForeignKey(GridLayer, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    old = ArrayField(models.CharField(max_length=15))
    district = models.CharField(max_length=6)
    street = models.CharField(max_length=9)
    community = models.CharField(max_length=12)
    asked = models.JSONField()
    answers = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=[(k, w.en) for k, w in rules.PLANNED.items()])
    fault = models.JSONField(null=True)
    planned_at = models.DateTimeField()
    planned_by = models.UUIDField(null=True)
    planner = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=1)

    class Meta:
        db_table = "places_plannedchange"
        indexes = [
            models.Index(fields=["due_at"], name="places_planned_waiting", condition=Q(state="waiting")),
            models.Index(fields=["-planned_at", "-id"], name="places_planned_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(rules.PLANNED)), name="places_planned_state_known"),
            models.CheckConstraint(condition=Q(state="waiting", ended_at__isnull=True) | ~Q(state="waiting") & Q(ended_at__isnull=False), name="places_planned_ends"),
        ]  # fmt: skip


class Membership(models.Model):
    """A base grid that a stacked grid is made of; kept by `places.membership`. Codes, not ids: scopes are made of codes."""

    pk = models.CompositePrimaryKey("stacked", "base")
    layer = models.ForeignKey(GridLayer, models.CASCADE, related_name="+")
    stacked = models.CharField(max_length=15)
    base = models.CharField(max_length=15)

    class Meta:
        db_table = "places_membership"
        indexes = [models.Index(fields=["base"], name="places_membership_base")]
