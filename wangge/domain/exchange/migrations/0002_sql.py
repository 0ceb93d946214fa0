"""Row-level security: what is exchanged is the system's alone, read through a permission and never by a scope; figures of
streets below are seen by whose streets they are."""

from django.db import migrations

from wangge.kernel.access import Columns
from wangge.kernel.access.policies import UNLIMITED, protect, scope_predicate, unprotect

SYSTEM_ONLY = ("exchange_partner", "exchange_message", "exchange_received", "exchange_link", "exchange_inbox")
TABLES = {name: UNLIMITED for name in SYSTEM_ONLY} | {
    "exchange_figure": scope_predicate(Columns(community=None, grid=None))
}


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]
    operations = [migrations.RunSQL(protect(table, using), unprotect(table)) for table, using in TABLES.items()]
