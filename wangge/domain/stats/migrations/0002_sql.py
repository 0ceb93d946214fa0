"""Row-level security: entries as cases are seen by place and lead unit, sums by district and street."""

from django.db import migrations

from wangge.domain.stats.models import BY_STREET, SCOPE
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

TABLES = {"stats_entry": SCOPE, "stats_cell": BY_STREET, "stats_times": BY_STREET}


class Migration(migrations.Migration):
    dependencies = [("stats", "0001_initial")]
    operations = [
        migrations.RunSQL(protect(table, scope_predicate(columns)), unprotect(table)) for table, columns in TABLES.items()
    ]
