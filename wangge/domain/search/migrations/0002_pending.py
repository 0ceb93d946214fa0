"""What comes in is put aside and taken into the index together; each search reads all that lies aside, so it must not be much."""

import django.contrib.postgres.indexes
from django.db import migrations

NAME = "search_document_grams"


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 512)",
                    f"ALTER INDEX {NAME} RESET (gin_pending_list_limit)",
                )
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="document", name=NAME),
                migrations.AddIndex(
                    model_name="document",
                    index=django.contrib.postgres.indexes.GinIndex(fields=["grams"], gin_pending_list_limit=512, name=NAME),
                ),
            ],
        )
    ]
