"""What Django's models cannot say: two things of one person that may not overlap in time.

``EXCLUDE`` needs an operator for "same person" in a GiST index. The usual extension for that (btree_gist) is not among the binaries of
the embedded server; a range type over uuid needs no extension, and a range of one value overlaps another exactly when they are equal.
"""

from django.db import migrations

MAKE = """
CREATE TYPE people_uuidrange AS RANGE (subtype = uuid);

-- Three administrators are three people: nobody holds two of these posts at once.
ALTER TABLE people_post ADD CONSTRAINT people_one_administrator_post EXCLUDE USING gist (
    people_uuidrange(user_id, user_id, '[]') WITH &&,
    tstzrange(starts, ends) WITH &&
) WHERE (role IN ('system_admin', 'security_admin', 'auditor'));

-- One deputy at a time, or two people would hold the rights of one.
ALTER TABLE people_absence ADD CONSTRAINT people_one_absence_at_a_time EXCLUDE USING gist (
    people_uuidrange(user_id, user_id, '[]') WITH &&,
    tstzrange(starts, ends) WITH &&
) WHERE (cancelled_at IS NULL);

-- A workstation is one community's.
ALTER TABLE people_post ADD CONSTRAINT people_post_workstation_of_a_community CHECK (role <> 'workstation' OR length(area) = 12);
"""

UNDO = """
ALTER TABLE people_post DROP CONSTRAINT people_post_workstation_of_a_community;
ALTER TABLE people_absence DROP CONSTRAINT people_one_absence_at_a_time;
ALTER TABLE people_post DROP CONSTRAINT people_one_administrator_post;
DROP TYPE people_uuidrange;
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [migrations.RunSQL(MAKE, UNDO)]
