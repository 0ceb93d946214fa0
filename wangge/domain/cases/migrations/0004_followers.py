"""Who follows a case from outside; what the centre asks them, and what the public may see."""

import wangge.kernel.ids
from django.db import migrations, models

from wangge.kernel.access.policies import UNLIMITED, protect, unprotect

# As every row below a case: seen by whoever sees the case. Residents come by the portal's own door, with their code.
PROTECT = (
    'ALTER TABLE cases_follower ADD CONSTRAINT cases_follower_of_case FOREIGN KEY (district, "case") REFERENCES cases_case (district, id);\n'
    + protect("cases_follower", f'{UNLIMITED} OR cases_seen(district, "case")', check="true")
)
UNDO = unprotect("cases_follower") + "ALTER TABLE cases_follower DROP CONSTRAINT cases_follower_of_case;\n"


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_order_imports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Follower',
            fields=[
                ('pk', models.CompositePrimaryKey('district', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('district', models.CharField(max_length=6)),
                ('id', models.UUIDField(default=wangge.kernel.ids.uuid7, editable=False)),
                ('case', models.UUIDField()),
                ('kind', models.CharField(help_text='reporter or me_too', max_length=8)),
                ('code_hash', models.BinaryField()),
                ('phone_hash', models.BinaryField(null=True)),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'cases_follower',
            },
        ),
        migrations.RemoveConstraint(
            model_name='request',
            name='cases_request_kind_known',
        ),
        migrations.AddField(
            model_name='case',
            name='public_text',
            field=models.CharField(db_default='', help_text='what an operator cleared for the public', max_length=2000),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['help', 'extension', 'suspension', 'question'])), name='cases_request_kind_known'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(fields=['district', 'case'], name='cases_follower_case'),
        ),
        migrations.AddIndex(
            model_name='follower',
            index=models.Index(condition=models.Q(('phone_hash__isnull', False)), fields=['phone_hash'], name='cases_follower_phone'),
        ),
        migrations.AddConstraint(
            model_name='follower',
            constraint=models.UniqueConstraint(fields=('code_hash',), name='cases_follower_code'),
        ),
        migrations.AddConstraint(
            model_name='follower',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'reporter')), fields=('district', 'case'), name='cases_follower_one_reporter'),
        ),
        migrations.AddConstraint(
            model_name='follower',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reporter', 'me_too'])), name='cases_follower_kind_known'),
        ),
        migrations.RunSQL(PROTECT, UNDO),
    ]
