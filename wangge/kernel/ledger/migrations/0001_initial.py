from django.db import migrations

from wangge.kernel.ledger import guards

TABLES = """
CREATE TABLE ledger_entry (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tag text NOT NULL,
    actor_kind text NOT NULL,
    actor uuid,
    on_behalf uuid,
    kind text NOT NULL,
    subject uuid,
    district text,
    body jsonb NOT NULL,
    commitment bytea,
    mark bytea NOT NULL
);
COMMENT ON TABLE ledger_entry IS 'One row an act, written in its transaction; insert-only. Order of sealing: (xid, pos).';
CREATE INDEX ledger_entry_order ON ledger_entry (xid, pos);
CREATE INDEX ledger_entry_subject ON ledger_entry (subject, pos);
CREATE INDEX ledger_entry_actor ON ledger_entry (actor, pos) WHERE actor IS NOT NULL;
-- Log-ins, exports and look-ups are found among millions of acts on cases, whose writing costs nothing more for it.
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, pos) WHERE kind <> 'case';
CREATE INDEX ledger_entry_reveal ON ledger_entry (pos) WHERE tag = 'ledger.field.revealed';
CREATE INDEX ledger_entry_time ON ledger_entry USING brin (recorded_at);

CREATE TABLE ledger_erasure (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    subject uuid,
    policy text NOT NULL,
    fields text[] NOT NULL DEFAULT '{}',
    count integer NOT NULL,
    actor_kind text NOT NULL,
    actor uuid
);
COMMENT ON TABLE ledger_erasure IS 'The register of deletions: what kind, when, under which policy. Holds no personal data.';
CREATE INDEX ledger_erasure_at ON ledger_erasure (at, id);

CREATE TABLE ledger_personal (
    entry uuid PRIMARY KEY,
    salt bytea,
    data bytea,
    erased_at timestamptz,
    erasure uuid REFERENCES ledger_erasure,
    CHECK ((data IS NULL) = (salt IS NULL)),
    CHECK ((data IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((data IS NULL) = (erasure IS NOT NULL))
);
COMMENT ON TABLE ledger_personal IS 'Personal data of an entry, encrypted; the entry holds only a salted commitment to it.';
CREATE INDEX ledger_personal_erasure ON ledger_personal (erasure) WHERE erasure IS NOT NULL;

CREATE TABLE ledger_link (
    seq bigint PRIMARY KEY,
    pos bigint NOT NULL UNIQUE,
    id uuid NOT NULL,
    leaf bytea NOT NULL,
    chain bytea NOT NULL
);
COMMENT ON TABLE ledger_link IS 'The sealed order: entry, its leaf hash, and the chain up to it.';

CREATE TABLE ledger_batch (
    number bigint PRIMARY KEY,
    first bigint NOT NULL,
    last bigint NOT NULL,
    root bytea NOT NULL,
    chain bytea NOT NULL,
    previous bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    hash text NOT NULL,
    xid xid8 NOT NULL,
    pos bigint NOT NULL,
    key text NOT NULL,
    signature bytea NOT NULL
);
COMMENT ON TABLE ledger_batch IS 'A signed Merkle root over links first..last; (xid, pos) is how far the sealer has looked.';
CREATE INDEX ledger_batch_time ON ledger_batch (sealed_at);
CREATE INDEX ledger_batch_last ON ledger_batch (last);

CREATE TABLE ledger_check (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    ok boolean NOT NULL,
    report jsonb NOT NULL
);
COMMENT ON TABLE ledger_check IS 'Results of verification, newest last.';
CREATE INDEX ledger_check_at ON ledger_check (at);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            TABLES,
            "DROP TABLE ledger_check, ledger_batch, ledger_link, ledger_personal, ledger_erasure, ledger_entry",
        ),
        migrations.RunSQL(guards.TRIGGERS, guards.NO_TRIGGERS),
        migrations.RunSQL(guards.GRANTS, migrations.RunSQL.noop),
    ]
