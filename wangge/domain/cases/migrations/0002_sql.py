"""What Django's models cannot say: foreign keys over (district, id), the queue's indexes, the map's index, row-level security."""

from django.db import migrations

from wangge.domain.cases.models import SCOPE
from wangge.kernel.access import Columns
from wangge.kernel.access.policies import UNLIMITED, protect, scope_predicate, unprotect

CHILDREN = ("cases_step", "cases_assignment", "cases_clock", "cases_party", "cases_request", "cases_demand", "cases_link", "cases_follower")

# The orders of the queue (docs/queue.md). Full ones first, each costs every report; then ones that hold few rows.
_NEWEST = "reported_at DESC, id DESC"
QUEUE = {
    "district": f"(district, {_NEWEST})",
    "street": f"(street, {_NEWEST})",
    "community": f"(community, {_NEWEST})",
    "grid": f"(grid, {_NEWEST})",
    "category": f"(category, {_NEWEST})",
    "holder": f"(holder, {_NEWEST})",
    "channel": "(channel)",
    "district_changed": "(district, changed_at DESC, id DESC, reported_at)",
    "holder_changed": "(holder, changed_at DESC, id DESC)",
    "street_changed": "(street, changed_at DESC, id DESC, reported_at)",
    "place": "(district, lon, lat) WHERE lon IS NOT NULL",
    "lead": f"(lead, {_NEWEST}) WHERE lead IS NOT NULL",
    "lead_changed": "(lead, changed_at DESC, id DESC) WHERE lead IS NOT NULL",
    "reporter": f"(reporter, {_NEWEST}) WHERE reporter IS NOT NULL",
    "open_district": "(district, due_at, id) WHERE closed_at IS NULL",
    "open_street": "(street, due_at, id) WHERE closed_at IS NULL",
    "open_community": "(community, due_at, id) WHERE closed_at IS NULL",
    "open_grid": "(grid, due_at, id) WHERE closed_at IS NULL",
    "open_reporter": "(reporter, due_at, id) WHERE closed_at IS NULL AND reporter IS NOT NULL",
    "open_lead": "(lead, due_at, id) WHERE closed_at IS NULL AND lead IS NOT NULL",
    # Found by neither of the two others: among all that is open in a district, or all that was ever returned there.
    "open_rare": "(district, due_at, id) WHERE closed_at IS NULL AND (returns > 0 OR reopened > 0 OR rework > 0 OR confidential)",
    "kept_district": f"(district, status, {_NEWEST}) WHERE status <> 'archived'",
    "kept_district_changed": "(district, status, changed_at DESC, id DESC) WHERE status <> 'archived'",
    "kept_street": f"(street, status, {_NEWEST}) WHERE status <> 'archived'",
    "kept_street_changed": "(street, status, changed_at DESC, id DESC) WHERE status <> 'archived'",
    "kept_lead": f"(lead, status, {_NEWEST}) WHERE status <> 'archived' AND lead IS NOT NULL",
    "kept_lead_changed": "(lead, status, changed_at DESC, id DESC) WHERE status <> 'archived' AND lead IS NOT NULL",
    "urgent": "(urgency) WHERE urgency <> 'normal'",
    "unplaced": f"(district, {_NEWEST}) WHERE lon IS NULL",
    "returned": f"(district, {_NEWEST}) WHERE returns > 0",
    "reopened": f"(district, {_NEWEST}) WHERE reopened > 0",
    "confidential": f"(district, {_NEWEST}) WHERE confidential",
    "demanded": "(district, changed_at DESC, id DESC) WHERE demands_open > 0",
    "supervised": f"(district, {_NEWEST}) WHERE supervision IS NOT NULL",
    "merged": "(district, merged_into) WHERE merged_into IS NOT NULL",
    "review": "(review_at) WHERE review_at IS NOT NULL",
}
INDEXES = "".join(f"CREATE INDEX cases_case_{name} ON cases_case {what};\n" for name, what in QUEUE.items()) + """
ALTER TABLE cases_counter ADD CONSTRAINT cases_counter_fits CHECK (last BETWEEN 1 AND 99999);
"""
KEYS = "".join(
    f"""ALTER TABLE {table} ADD CONSTRAINT {table}_of_case FOREIGN KEY (district, "case") REFERENCES cases_case (district, id);\n"""
    for table in CHILDREN
)
# Arrays of the case cannot be asked by an index, because row-level security comes before every operator that is not leakproof. So what is
# in them is repeated as rows, which tell ids of cases alone: the case itself stays behind its policy.
MARKS = """
CREATE FUNCTION cases_marked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wanted text[] := ARRAY(SELECT 'u:' || unit FROM unnest(NEW.assisting || NEW.asked) unit UNION SELECT 't:' || tag FROM unnest(NEW.tags) tag);
BEGIN
    DELETE FROM public.cases_mark WHERE district = NEW.district AND "case" = NEW.id AND mark <> ALL (wanted);
    INSERT INTO public.cases_mark (mark, district, "case", reported_at, changed_at, due_at)
    SELECT mark, NEW.district, NEW.id, NEW.reported_at, NEW.changed_at, NEW.due_at FROM unnest(wanted) mark
    ON CONFLICT (district, "case", mark) DO UPDATE SET changed_at = excluded.changed_at, due_at = excluded.due_at;
    RETURN NULL;
END $$;
CREATE TRIGGER cases_case_marked AFTER INSERT ON cases_case FOR EACH ROW
    WHEN (NEW.assisting <> '{}' OR NEW.asked <> '{}' OR NEW.tags <> '{}') EXECUTE FUNCTION cases_marked();
CREATE TRIGGER cases_case_marked_anew AFTER UPDATE ON cases_case FOR EACH ROW
    WHEN (OLD.assisting <> '{}' OR OLD.asked <> '{}' OR OLD.tags <> '{}' OR NEW.assisting <> '{}' OR NEW.asked <> '{}' OR NEW.tags <> '{}')
    EXECUTE FUNCTION cases_marked();
"""
NO_MARKS = "DROP TRIGGER cases_case_marked ON cases_case; DROP TRIGGER cases_case_marked_anew ON cases_case; DROP FUNCTION cases_marked();\n"
# A row below a case is seen by whoever sees the case: a function, which looks with the asker's eyes. The same said in the policy itself brings
# the case's whole policy into every statement once for each table that it names, and starting such a plan takes longer than running it.
# A row is written in the same statement as the case, where a policy could not yet see the case's row: the check of the written row is left
# to the case's own policy.
SEEN = """
CREATE FUNCTION cases_seen(of_district text, of_case uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM public.cases_case c WHERE c.district = of_district AND c.id = of_case);
END $$;
"""
OF_A_SEEN_CASE = f'{UNLIMITED} OR cases_seen(district, "case")'
# What a phone sent is its owner's alone.
OWN = scope_predicate(Columns(district=None, street=None, community=None, grid=None, persons=("actor",)))
# Imports of orders are seen by those of the street.
OF_THE_STREET = scope_predicate(Columns(community=None, grid=None))
PROTECTED = {"cases_operation": OWN, "cases_case": scope_predicate(SCOPE), "cases_order_import": OF_THE_STREET}
POLICIES = "".join(protect(table, using) for table, using in PROTECTED.items()) + "".join(
    protect(table, OF_A_SEEN_CASE, check="true") for table in CHILDREN
)
UNDO = (
    NO_MARKS
    + "".join(unprotect(table) for table in (*PROTECTED, *CHILDREN))
    + "DROP FUNCTION cases_seen(text, uuid);\n"
    + "".join(f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_case;\n" for table in CHILDREN)
    + "ALTER TABLE cases_counter DROP CONSTRAINT cases_counter_fits;\n"
    + "".join(f"DROP INDEX cases_case_{name};\n" for name in QUEUE)
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(INDEXES + KEYS + MARKS + SEEN + POLICIES, UNDO)]
