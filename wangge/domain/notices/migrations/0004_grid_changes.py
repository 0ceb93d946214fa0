"""Notices of planned changes of grids: who planned one and the system administrators are told in the app when it fails."""

from django.db import migrations, models

TOLD = ("planner", "administrator")


def tick(apps, schema_editor):
    """The cells of the event in the matrix that is in force: nobody can have chosen yet not to be told."""
    alias = schema_editor.connection.alias
    newest = apps.get_model("notices", "Matrix").objects.using(alias).order_by("-version").first()
    rule = apps.get_model("notices", "Rule")
    rule.objects.using(alias).bulk_create(
        [rule(version=newest.version, event="grids_failed", who=who, channel="in_app") for who in TOLD]
    )



class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0003_in_order'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='rule',
            name='notices_rule_event_known',
        ),
        migrations.RemoveConstraint(
            model_name='rule',
            name='notices_rule_who_known',
        ),
        migrations.AddField(
            model_name='notice',
            name='change',
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='case',
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('change__isnull', True)), models.Q(('case__isnull', True), ('change__isnull', False)), _connector='OR'), name='notices_notice_of_one'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(('event__in', ['reported', 'rejected', 'merged', 'withdrawn', 'void', 'escalated', 'delegated', 'dispatched', 'involved', 'returned', 'declined', 'help_asked', 'help_answered', 'extension_asked', 'extended', 'suspension_asked', 'suspended', 'refused', 'resumed', 'share_resolved', 'resolved', 'verified', 'verify_failed', 'dissatisfied', 'decided_again', 'closed', 'reopened', 'urged', 'supervised', 'instructed', 'answered', 'lifted', 'reminder', 'overdue', 'raised', 'review_due', 'grids_failed'])), name='notices_rule_event_known'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(('who__in', ['holder', 'first_receiver', 'lead', 'lead_leader', 'assisting', 'asked', 'grid', 'supervisor', 'leader', 'reporter', 'asker', 'subscriber', 'planner', 'administrator'])), name='notices_rule_who_known'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event__in', ['grids_failed']), ('who__in', ['planner', 'administrator'])), models.Q(models.Q(('event__in', ['grids_failed']), _negated=True), models.Q(('who__in', ['planner', 'administrator']), _negated=True)), _connector='OR'), name='notices_rule_who_stands_so'),
        ),
        migrations.RunPython(tick, migrations.RunPython.noop),
    ]
