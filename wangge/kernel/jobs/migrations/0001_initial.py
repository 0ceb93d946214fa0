from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("procrastinate", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="RunState",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField(choices=[("loop", "loop"), ("job", "job")])),
                ("name", models.TextField()),
                ("host", models.TextField()),
                ("beat_at", models.DateTimeField()),
                ("ok_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("error", models.TextField(default="")),
            ],
            options={"db_table": "jobs_state"},
        ),
    ]
