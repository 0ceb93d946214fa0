"""What Django's models cannot say: foreign keys over (district, id), the queue's indexes, the map's index, row-level security."""

from django.db import migrations

from wangge.domain.cases.models import SCOPE
from wangge.kernel.access import Columns
from wangge.kernel.access.policies import protect, scope_predicate, unprotect

CHILDREN = ("cases_step", "cases_assignment", "cases_clock", "cases_party", "cases_request", "cases_demand", "cases_link")

INDEXES = """
CREATE INDEX cases_case_district ON cases_case (district, reported_at DESC, id DESC);
CREATE INDEX cases_case_street ON cases_case (street, reported_at DESC, id DESC);
CREATE INDEX cases_case_community ON cases_case (community, reported_at DESC, id DESC);
CREATE INDEX cases_case_grid ON cases_case (grid, reported_at DESC, id DESC);
CREATE INDEX cases_case_lead ON cases_case (lead, reported_at DESC, id DESC) WHERE lead IS NOT NULL;
CREATE INDEX cases_case_reporter ON cases_case (reporter, reported_at DESC, id DESC) WHERE reporter IS NOT NULL;
CREATE INDEX cases_case_due ON cases_case (street, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX cases_case_merged ON cases_case (district, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX cases_case_demanded ON cases_case (district, changed_at DESC, id DESC) WHERE demands_open > 0;
CREATE INDEX cases_case_review ON cases_case (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX cases_case_tags ON cases_case USING gin (tags) WHERE tags <> '{}';
CREATE INDEX cases_case_place ON cases_case USING spgist (point(lon, lat)) WHERE lon IS NOT NULL;
ALTER TABLE cases_counter ADD CONSTRAINT cases_counter_fits CHECK (last BETWEEN 1 AND 99999);
"""
KEYS = "".join(
    f"""ALTER TABLE {table} ADD CONSTRAINT {table}_of_case FOREIGN KEY (district, "case") REFERENCES cases_case (district, id);\n"""
    for table in CHILDREN
)
# A row below a case is seen by whoever sees the case. It is written in the same statement as the case, where a policy could not
# yet see the case's row: the check of the written row is left to the case's own policy.
OF_A_SEEN_CASE = 'EXISTS (SELECT 1 FROM cases_case c WHERE c.district = {table}.district AND c.id = {table}."case")'
# What a phone sent is its owner's alone.
OWN = scope_predicate(Columns(district=None, street=None, community=None, grid=None, persons=("actor",)))
POLICIES = protect("cases_operation", OWN) + protect("cases_case", scope_predicate(SCOPE)) + "".join(
    protect(table, OF_A_SEEN_CASE.format(table=table), check="true") for table in CHILDREN
)
UNDO = (
    "".join(unprotect(table) for table in ("cases_operation", "cases_case", *CHILDREN))
    + "".join(f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_case;\n" for table in CHILDREN)
    + "ALTER TABLE cases_counter DROP CONSTRAINT cases_counter_fits;\n"
    + "".join(
        f"DROP INDEX cases_case_{name};\n"
        for name in ("district", "street", "community", "grid", "lead", "reporter", "due", "merged", "demanded", "review", "tags", "place")
    )
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(INDEXES + KEYS + POLICIES, UNDO)]
