"""What the portal keeps of its own. Only its own door reads it: no scope of anybody shows these tables."""

import wangge.kernel.ids
from django.db import migrations, models

from wangge.kernel.access.policies import UNLIMITED, protect, unprotect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Ban',
            fields=[
                ('id', models.UUIDField(default=wangge.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8)),
                ('network', models.CharField(max_length=43, null=True)),
                ('phone_hash', models.BinaryField(null=True)),
                ('shown', models.CharField(help_text='the network, or the phone masked', max_length=43)),
                ('reason', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('made_by', models.UUIDField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'portal_ban',
                'indexes': [models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['expires_at'], name='portal_ban_live')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'network'), ('network__isnull', False), ('phone_hash__isnull', True)), models.Q(('kind', 'phone'), ('network__isnull', True), ('phone_hash__isnull', False)), _connector='OR'), name='portal_ban_of_one_kind'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at')), models.Q(('reason', ''), _negated=True)), name='portal_ban_ends')],
            },
        ),
        migrations.CreateModel(
            name='PhoneCode',
            fields=[
                ('id', models.UUIDField(default=wangge.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('phone_hash', models.BinaryField()),
                ('code_hash', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('tries', models.SmallIntegerField(db_default=0)),
            ],
            options={
                'db_table': 'portal_phone_code',
                'indexes': [models.Index(fields=['phone_hash', '-made_at'], name='portal_phone_code_latest')],
            },
        ),
        migrations.CreateModel(
            name='Use',
            fields=[
                ('key', models.BinaryField(primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('used', models.IntegerField()),
                ('until', models.DateTimeField(help_text='when it starts anew, and may be forgotten')),
            ],
            options={
                'db_table': 'portal_use',
                'indexes': [models.Index(fields=['until'], name='portal_use_until')],
            },
        ),
        *(migrations.RunSQL(protect(table, UNLIMITED), unprotect(table)) for table in ("portal_ban", "portal_phone_code")),
    ]
