"""Imports of orders over the API, seen by those of the street."""

from django.db import migrations, models

from wangge.kernel.access import Columns
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

OF_THE_STREET = scope_predicate(Columns(community=None, grid=None))


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_sql'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderImport',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('district', models.CharField(max_length=6)),
                ('street', models.CharField(max_length=9)),
                ('source', models.CharField(max_length=40)),
                ('filename', models.CharField(max_length=120)),
                ('bytes', models.IntegerField()),
                ('digest', models.CharField(help_text='SHA-256 of the workbook', max_length=64)),
                ('file_sealed', models.BinaryField(null=True)),
                ('state', models.CharField(max_length=10)),
                ('made_by', models.UUIDField(null=True)),
                ('made_by_name', models.CharField(max_length=60)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('done', models.IntegerField(db_default=0, help_text='of total: rows read, then orders written')),
                ('total', models.IntegerField(db_default=0)),
                ('problem', models.JSONField(help_text='why it stopped, in both languages', null=True)),
                ('columns', models.JSONField(db_default=models.Value({}, models.JSONField()), help_text='field → title')),
                ('translation', models.JSONField(db_default=models.Value({}, models.JSONField()), help_text='field → their word → ours')),
                ('accept_good', models.BooleanField(db_default=False)),
                ('header', models.JSONField(null=True)),
                ('rows', models.IntegerField(null=True)),
                ('blank', models.IntegerField(null=True)),
                ('good', models.IntegerField(null=True)),
                ('bad', models.IntegerField(null=True)),
                ('here', models.IntegerField(null=True)),
                ('errors', models.JSONField(db_default=models.Value([], models.JSONField()), help_text='row, column, zh, en')),
                ('unknown', models.JSONField(help_text='words without a meaning: field, word, rows', null=True)),
                ('unmapped', models.JSONField(null=True)),
                ('made', models.IntegerField(null=True)),
                ('known', models.IntegerField(null=True)),
                ('closed', models.IntegerField(null=True)),
                ('by_category', models.JSONField(null=True)),
                ('by_unit', models.JSONField(null=True)),
            ],
            options={
                'db_table': 'cases_order_import',
                'indexes': [models.Index(fields=['street', '-made_at'], name='cases_order_import_street')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['checking', 'checked', 'importing', 'done', 'stopped'])), name='cases_order_import_state_known')],
            },
        ),
        migrations.RunSQL(protect("cases_order_import", OF_THE_STREET), unprotect("cases_order_import")),
    ]
