"""Phrases for what the centre asks reporters and tells the public."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('templates', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='template',
            name='templates_template_act_known',
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.CheckConstraint(condition=models.Q(('act__in', ['locate', 'self_resolve', 'accept', 'reject', 'merge', 'unmerge', 'withdraw', 'void', 'escalate', 'delegate', 'dispatch', 'designate', 'reassign', 'involve', 'take', 'return', 'decline', 'progress', 'ask_help', 'answer_help', 'ask_extension', 'extend', 'ask_suspension', 'suspend', 'refuse', 'resume', 'resolve_share', 'resolve', 'verify', 'follow_up', 'decide', 'close', 'reopen', 'archive', 'urge', 'supervise', 'instruct', 'answer', 'lift', 'reclassify', 'set_urgency', 'set_confidential', 'comment', 'tag', 'link', 'unlink', 'ask_reporter', 'answer_question', 'publish'])), name='templates_template_act_known'),
        ),
    ]
