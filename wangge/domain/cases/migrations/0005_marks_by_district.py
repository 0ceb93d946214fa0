"""The key of what a case's arrays hold begins with the district, as that of everything below a case: one shard has both."""

from django.db import migrations, models

KEY = 'ALTER TABLE cases_mark DROP CONSTRAINT cases_mark_pkey, ADD PRIMARY KEY (district, "case", mark);\n'
OLD_KEY = 'ALTER TABLE cases_mark DROP CONSTRAINT cases_mark_pkey, ADD PRIMARY KEY ("case", mark);\n'


def marked(where: str, key: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION cases_marked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wanted text[] := ARRAY(SELECT 'u:' || unit FROM unnest(NEW.assisting || NEW.asked) unit UNION SELECT 't:' || tag FROM unnest(NEW.tags) tag);
BEGIN
    DELETE FROM public.cases_mark WHERE {where} AND mark <> ALL (wanted);
    INSERT INTO public.cases_mark (mark, district, "case", reported_at, changed_at, due_at)
    SELECT mark, NEW.district, NEW.id, NEW.reported_at, NEW.changed_at, NEW.due_at FROM unnest(wanted) mark
    ON CONFLICT ({key}) DO UPDATE SET changed_at = excluded.changed_at, due_at = excluded.due_at;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_followers")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    KEY + marked('district = NEW.district AND "case" = NEW.id', 'district, "case", mark'),
                    OLD_KEY + marked('"case" = NEW.id', '"case", mark'),
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="mark",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "district", "case", "mark", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                )
            ],
        )
    ]
