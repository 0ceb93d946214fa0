"""Row-level security: what keeps misuse of the portal away is read and written by the system alone."""

from django.db import migrations

from wangge.kernel.access.policies import UNLIMITED, protect, unprotect

TABLES = ("portal_ban", "portal_phone_code")


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunSQL(protect(table, UNLIMITED), unprotect(table)) for table in TABLES]
