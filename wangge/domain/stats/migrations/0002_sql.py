"""Row-level security: entries as cases are seen by place and lead unit, sums by district and street, those of a community or a unit by itself too."""

from django.db import migrations

from wangge.domain.stats.models import BY_STREET, SCOPE
from wangge.kernel.access.policies import UNLIMITED, protect, scope_predicate, setting, unprotect


def owned(column: str) -> str:
    """Of a street, a community or a unit, whose code or id is in ``column``."""
    mine = " OR ".join(f"{column} = ANY({setting(name, 'text')})" for name in ("communities", "units"))
    return f"{UNLIMITED} OR district = ANY({setting('districts', 'text')}) OR left({column}, 9) = ANY({setting('streets', 'text')}) OR {mine}"


TABLES = {
    "stats_entry": scope_predicate(SCOPE),
    "stats_cell": scope_predicate(BY_STREET),
    "stats_own": owned("owner"),
    "stats_times": owned("place"),
}


class Migration(migrations.Migration):
    dependencies = [("stats", "0001_initial")]
    operations = [migrations.RunSQL(protect(table, using), unprotect(table)) for table, using in TABLES.items()]
