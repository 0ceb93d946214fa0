"""The shipped matrix, and row-level security: notices and preferences are their person's alone, what leaves the system is the system's alone
(administrators read it through a permission, never by their scope)."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations

from wangge.kernel.access import Columns
from wangge.kernel.access.policies import UNLIMITED, protect, scope_predicate, unprotect

OWN = scope_predicate(Columns(district=None, street=None, community=None, grid=None, persons=("person",)))
TABLES = {
    "notices_notice": OWN,
    "notices_preference": OWN,
    "notices_confirmation": OWN,
    "notices_webhook": UNLIMITED,
    "notices_delivery": UNLIMITED,
    "notices_message": UNLIMITED,
}
SHIPPED = Path(__file__).parent.parent / "data" / "matrix.csv"


def ship(apps, schema_editor):
    """Version 1: everything in the app and, for systems that subscribe, by webhook; no mail and no SMS before somebody sets them up."""
    alias = schema_editor.connection.alias
    cells = [(row["event"], row["who"], row["channel"]) for row in csv.DictReader(SHIPPED.open(encoding="utf-8"))]
    apps.get_model("notices", "Matrix").objects.using(alias).create(version=1, at=datetime(2026, 1, 1, tzinfo=UTC))
    rule = apps.get_model("notices", "Rule")
    rule.objects.using(alias).bulk_create(
        [rule(version=1, event=event, who=who, channel=channel) for event, who, channel in cells]
    )


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [
        migrations.RunPython(ship, migrations.RunPython.noop),
        *(migrations.RunSQL(protect(table, using), unprotect(table)) for table, using in TABLES.items()),
    ]
