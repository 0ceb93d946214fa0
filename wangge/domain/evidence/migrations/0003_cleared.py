"""Photos that the public may see."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0002_sql'),
    ]

    operations = [
        migrations.AddField(
            model_name='item',
            name='cleared_at',
            field=models.DateTimeField(help_text='when an operator let the public see it', null=True),
        ),
    ]
