"""What waits for a receiver, by case: to look whether something of the same case came before."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_sql")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["webhook", "case", "pos"],
                name="notices_delivery_in_order",
                condition=Q(status="waiting", webhook__isnull=False),
            ),
        ),
    ]
