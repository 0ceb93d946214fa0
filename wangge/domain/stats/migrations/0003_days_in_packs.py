"""Packed durations know their day, so that a part of a month is read from them too. What was packed before is packed anew."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stats", "0002_sql")]
    operations = [
        migrations.RunSQL("DELETE FROM stats_times", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="times",
            name="upto",
            field=models.DateField(default=datetime.date(2000, 1, 1)),
            preserve_default=False,
        ),
    ]
