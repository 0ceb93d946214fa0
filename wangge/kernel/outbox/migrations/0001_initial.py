from django.db import migrations

SQL = """
CREATE TABLE outbox_event (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pos bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event text NOT NULL,
    kind text NOT NULL,
    subject uuid,
    district text, street text, community text, grid text,
    units uuid[] NOT NULL DEFAULT '{}',
    body jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (xid, pos)
);
COMMENT ON TABLE outbox_event IS
    'One row for each thing that happened, written in its transaction. Read in the order (xid, pos) and only below '
    'pg_snapshot_xmin: a transaction that commits late can then never be skipped.';
CREATE TABLE outbox_cursor (
    consumer text PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT '0',
    pos bigint NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    failures int NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT ''
);
CREATE TABLE outbox_stuck (
    consumer text NOT NULL,
    pos bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event jsonb NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (consumer, pos)
);
COMMENT ON TABLE outbox_stuck IS 'Events that a consumer could not take after several tries: set aside so that the rest goes on.';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(SQL, "DROP TABLE outbox_stuck, outbox_cursor, outbox_event")]
