"""What Django's models cannot say: native points with SP-GiST, current borders by box, search by name."""

from django.db import migrations

SQL = """
ALTER TABLE places_gridversion ADD COLUMN centre point GENERATED ALWAYS AS (point(centre_lon, centre_lat)) STORED;
CREATE INDEX places_gridversion_centre ON places_gridversion USING spgist (centre) WHERE valid_to IS NULL;
ALTER TABLE places_areaborder ADD COLUMN centre point GENERATED ALWAYS AS (point(centre_lon, centre_lat)) STORED;
CREATE INDEX places_areaborder_centre ON places_areaborder USING spgist (centre) WHERE valid_to IS NULL;
CREATE INDEX places_area_name ON places_area (name text_pattern_ops, code);
ALTER TABLE places_gridversion ALTER COLUMN geometry SET STORAGE EXTERNAL;
ALTER TABLE places_areaborder ALTER COLUMN geometry SET STORAGE EXTERNAL;
"""
BACK = """
ALTER TABLE places_areaborder DROP COLUMN centre;
ALTER TABLE places_gridversion DROP COLUMN centre;
DROP INDEX places_area_name;
"""


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [migrations.RunSQL(SQL, BACK)]
