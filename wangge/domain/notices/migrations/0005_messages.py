"""Messages to residents, and the desk is told when a reporter has answered a question."""

import django.db.models.deletion
from django.db import migrations, models

from wangge.kernel.access.policies import UNLIMITED, protect, unprotect

CELLS = (("holder", "in_app"), ("subscriber", "webhook"))


def ship(apps, schema_editor):
    """Into the matrix in force, whoever made it: nobody could have ticked an event that did not exist."""
    alias = schema_editor.connection.alias
    newest = apps.get_model("notices", "Matrix").objects.using(alias).order_by("-version").first()
    rule = apps.get_model("notices", "Rule")
    rule.objects.using(alias).bulk_create(
        [rule(version=newest.version, event="question_answered", who=who, channel=channel) for who, channel in CELLS]
    )


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0004_grid_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('to_sealed', models.BinaryField()),
                ('text_sealed', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'notices_message',
            },
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='notices_delivery_has_target',
        ),
        migrations.RemoveConstraint(
            model_name='rule',
            name='notices_rule_event_known',
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(('event__in', ['reported', 'rejected', 'merged', 'withdrawn', 'void', 'escalated', 'delegated', 'dispatched', 'involved', 'returned', 'declined', 'help_asked', 'help_answered', 'extension_asked', 'extended', 'suspension_asked', 'suspended', 'refused', 'resumed', 'share_resolved', 'resolved', 'verified', 'verify_failed', 'dissatisfied', 'decided_again', 'closed', 'reopened', 'urged', 'supervised', 'instructed', 'answered', 'lifted', 'reminder', 'overdue', 'raised', 'review_due', 'question_answered', 'grids_failed'])), name='notices_rule_event_known'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='message',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, to='notices.message'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'webhook'), ('confirmation__isnull', True), ('message__isnull', True), ('notice__isnull', True), ('webhook__isnull', False)), models.Q(('channel__in', ['email', 'sms']), ('webhook__isnull', True), models.Q(models.Q(('confirmation__isnull', True), ('message__isnull', True), ('notice__isnull', False)), models.Q(('confirmation__isnull', False), ('message__isnull', True), ('notice__isnull', True)), _connector='OR')), models.Q(('channel', 'sms'), ('confirmation__isnull', True), ('message__isnull', False), ('notice__isnull', True), ('webhook__isnull', True)), _connector='OR'), name='notices_delivery_has_target'),
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
        migrations.RunSQL(protect("notices_message", UNLIMITED), unprotect("notices_message")),
    ]
