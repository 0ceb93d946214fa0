"""Row-level security: a view is its owner's; what is published holds no personal data and is narrowed by the query alone."""

from django.db import migrations

from wangge.kernel.access import Columns
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

OWN = scope_predicate(Columns(district=None, street=None, community=None, grid=None, persons=("owner",)))


class Migration(migrations.Migration):
    dependencies = [("views", "0001_initial")]
    operations = [
        migrations.RunSQL(
            protect("views_view", f"{OWN} OR unit IS NOT NULL OR area IS NOT NULL"),
            unprotect("views_view"),
        )
    ]
