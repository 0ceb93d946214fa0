"""Cells of five days instead of ten: of a table by category, up to nine days at each end of its period were read from the entries."""

from django.db import migrations, models

from wangge.domain.stats.facts import CELL, cells
from wangge.domain.stats.rules import GRAINS, MEASURES

COLUMNS = ", ".join((*CELL, *MEASURES))
KNOWN = "stats_cell_grain_known"


class Migration(migrations.Migration):
    dependencies = [("stats", "0003_days_in_packs")]
    operations = [
        migrations.RemoveConstraint("cell", KNOWN),
        migrations.RunSQL("DELETE FROM stats_cell WHERE grain = 'third'", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"INSERT INTO stats_cell ({COLUMNS}) SELECT {COLUMNS} FROM ({cells('stats_entry')}) c WHERE grain = 'five'",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            "cell", models.CheckConstraint(condition=models.Q(grain__in=list(GRAINS)), name=KNOWN)
        ),
    ]
