"""Row-level security by district and street, and columns that are read in part without being unpacked."""

from django.db import migrations

from wangge.domain.maps.models import BY_STREET
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

# An id is read out of the middle of its pack: that is quick where the value lies uncompressed.
STORED = "".join(
    f"ALTER TABLE maps_pack ALTER COLUMN {name} SET STORAGE EXTERNAL;\n" for name in ("places", "facts", "categories", "ids")
)

# What a view reads from the cases instead, and what is to be made.
UNMADE = "CREATE INDEX maps_pack_unmade ON maps_pack (start) WHERE number IS NULL OR changed <> '{}';\n"


class Migration(migrations.Migration):
    dependencies = [("maps", "0001_initial")]
    operations = [migrations.RunSQL(STORED + UNMADE + protect("maps_pack", scope_predicate(BY_STREET)), "DROP INDEX maps_pack_unmade;\n" + unprotect("maps_pack"))]
