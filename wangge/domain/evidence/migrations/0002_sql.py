"""Row-level security: evidence of a case is seen by whoever sees the case, an upload by its owner besides."""

from django.db import migrations

from wangge.kernel.access.policies import UNLIMITED, protect, setting, unprotect

ITEM = f'{UNLIMITED} OR cases_seen(district, "case")'
UPLOAD = (
    f"{UNLIMITED} OR owner = ANY({setting('persons', 'uuid')})"
    " OR EXISTS (SELECT 1 FROM evidence_item i WHERE i.id = evidence_upload.id)"
)
SQL = (
    'ALTER TABLE evidence_item ADD CONSTRAINT evidence_item_of_case FOREIGN KEY (district, "case") REFERENCES cases_case (district, id);\n'
    "ALTER TABLE evidence_item ADD CONSTRAINT evidence_item_of_upload FOREIGN KEY (id) REFERENCES evidence_upload (id);\n"
    + protect("evidence_item", ITEM, check="true")
    + protect("evidence_upload", UPLOAD)
)
UNDO = (
    unprotect("evidence_upload")
    + unprotect("evidence_item")
    + "ALTER TABLE evidence_item DROP CONSTRAINT evidence_item_of_upload;\nALTER TABLE evidence_item DROP CONSTRAINT evidence_item_of_case;\n"
)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), ("cases", "0002_sql")]
    operations = [migrations.RunSQL(SQL, UNDO)]
