from django.db import migrations


class Migration(migrations.Migration):
    """Log-ins, exports and look-ups are found among millions of acts on cases, whose writing costs nothing more for it."""

    atomic = False
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ledger_entry_kind ON ledger_entry (kind, pos) WHERE kind <> 'case'",
            "DROP INDEX ledger_entry_kind",
        ),
    ]
