"""Sums of a district's day by a dimension: a table of a wide scope read up to three days at each end of its period entry by entry."""

from django.db import migrations

from wangge.domain.stats.facts import CELL, district_cells
from wangge.domain.stats.rules import MEASURES

COLUMNS = ", ".join((*CELL, *MEASURES))


class Migration(migrations.Migration):
    dependencies = [("stats", "0004_five_days")]
    operations = [
        migrations.RunSQL(
            f"INSERT INTO stats_cell ({COLUMNS}) SELECT {COLUMNS} FROM ({district_cells('stats_entry')}) c",
            "DELETE FROM stats_cell WHERE street = ''",
        ),
    ]
