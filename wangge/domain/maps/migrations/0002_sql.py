"""Row-level security by district and street, columns that are read in part without being unpacked, and what has to be packed."""

from django.db import migrations

from wangge.domain.maps.models import BY_STREET, START
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

# An id is read out of the middle of its pack: that is quick where the value lies uncompressed.
STORED = "".join(
    f"ALTER TABLE maps_pack ALTER COLUMN {name} SET STORAGE EXTERNAL;\n" for name in ("places", "facts", "categories", "ids")
)
KNOWN = f"INSERT INTO maps_pack (district, street, start) SELECT DISTINCT c.district, c.street, {START} FROM cases_case c;\n"


class Migration(migrations.Migration):
    dependencies = [("maps", "0001_initial"), ("cases", "0002_sql")]
    operations = [
        migrations.RunSQL(STORED + KNOWN + protect("maps_pack", scope_predicate(BY_STREET)), unprotect("maps_pack"))
    ]
