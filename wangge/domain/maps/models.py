"""What maps of the past are read from. No truth of its own: every row is made from the cases' present rows, and can be made anew."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from wangge.kernel.access import Columns

BY_STREET = Columns(community=None, grid=None)
DAYS = 10
"""A pack is as long: three years are a hundred packs of a street."""

START = f"date_bin('{DAYS} days', c.reported_at, '2000-01-01T00:00:00Z')"
"""Where the pack of a case begins, in SQL."""
IN_PACK = f"c.street = p.street AND c.reported_at >= p.start AND c.reported_at < p.start + interval '{DAYS} days'"
"""Whether a case lies in the street and the days of a pack, in SQL."""


class Pack(models.Model):
    """The ended cases with a place that were reported in a street within ``DAYS`` from ``start``, each column one value for each of them, in
    one order (``queries/spots.py`` says how); all null until it is made. ``changed``: cases of the street and these days that have ended, or had,
    and changed since; they are read from the cases until it is made anew, and not from the positions in it that are ``gone``. ``x_min`` to ``y_max``:
    the box that holds them, in steps (``rules``)."""

    pk = models.CompositePrimaryKey("street", "start")
    district = models.CharField(max_length=6)
    street = models.CharField(max_length=9)
    start = models.DateTimeField()
    number = models.IntegerField(null=True)
    x_min = models.IntegerField(null=True)
    y_min = models.IntegerField(null=True)
    x_max = models.IntegerField(null=True)
    y_max = models.IntegerField(null=True)
    places = models.BinaryField(null=True)
    facts = models.BinaryField(null=True)
    categories = models.BinaryField(null=True)
    ids = models.BinaryField(null=True)
    changed = ArrayField(models.UUIDField(), db_default=[])
    gone = ArrayField(models.IntegerField(), db_default=[])

    class Meta:
        db_table = "maps_pack"
