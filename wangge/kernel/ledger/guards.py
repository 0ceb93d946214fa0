"""The database's own locks on the ledger, beside what the application does not do by itself.

*Rights*: every role but the owner may only insert and read; of an entry it may not even choose the transaction id, the position or
the time of recording. *Triggers*: refuse UPDATE, DELETE and TRUNCATE to everybody, the owner and replicas' appliers included, unless a
session says on purpose ``SET wangge.ledger_guard = 'off'``. Both are found again by ``problems()``, which ``verify`` asks.

No lock holds against the owner of a database; that is what the seal is for (docs/ledger.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from wangge.kernel.db import rows
from wangge.kernel.words import Words

INSERT_ONLY = ("ledger_entry", "ledger_link", "ledger_batch", "ledger_erasure", "ledger_check")
TABLES = (*INSERT_ONLY, "ledger_personal")
ENTRY_COLUMNS = "id, at, tag, actor_kind, actor, on_behalf, kind, subject, district, body, commitment, mark"
PERSONAL_COLUMNS = "salt, data, erased_at, erasure"


def _trigger(table: str, name: str, events: str, each: str, function: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}();\n"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n"
    )


TRIGGERS = (
    """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('wangge.ledger_guard', true) = 'off' THEN
        RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
    END IF;
    RAISE EXCEPTION 'the ledger is insert-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION ledger_personal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('wangge.ledger_guard', true) = 'off' THEN
        RETURN NEW;
    END IF;
    -- Either the row is erased, once and for all, or its data is encrypted anew under the same salt.
    IF NEW.entry = OLD.entry AND OLD.data IS NOT NULL AND (NEW.data IS NULL OR NEW.salt = OLD.salt) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'personal data of the ledger can only be erased' USING ERRCODE = 'insufficient_privilege';
END $$;
"""
    + "".join(_trigger(t, "guard", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "ledger_refuse") for t in INSERT_ONLY)
    + _trigger("ledger_personal", "guard", "DELETE OR TRUNCATE", "STATEMENT", "ledger_refuse")
    + _trigger("ledger_personal", "guard_change", "UPDATE", "ROW", "ledger_personal_change")
)
NO_TRIGGERS = "DROP FUNCTION ledger_refuse() CASCADE; DROP FUNCTION ledger_personal_change() CASCADE;"

# Takes back from everybody but the owner what default privileges have given; names no role, so it fits every installation.
GRANTS = f"""
DO $$
DECLARE
    given record;
    who text;
BEGIN
    FOR given IN
        SELECT c.relname AS name, a.grantee, bool_or(a.privilege_type = 'INSERT') AS inserts
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY('{{{",".join(TABLES)}}}')
          AND a.grantee <> c.relowner
        GROUP BY 1, 2
    LOOP
        who := CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(given.grantee)) END;
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON %I FROM %s', given.name, who);
        IF given.name = 'ledger_entry' AND given.inserts THEN
            EXECUTE format('REVOKE INSERT ON ledger_entry FROM %s', who);
            EXECUTE format('GRANT INSERT ({ENTRY_COLUMNS}) ON ledger_entry TO %s', who);
        END IF;
        IF given.name = 'ledger_personal' AND given.inserts THEN
            EXECUTE format('GRANT UPDATE ({PERSONAL_COLUMNS}) ON ledger_personal TO %s', who);
        END IF;
    END LOOP;
END $$;
"""


def apply(*, using: str = "owner") -> None:
    """Set the rights again, after roles were given new ones. Idempotent; needs the owner's log-in."""
    with connections[using].cursor() as cursor:
        cursor.execute(GRANTS)


@contextmanager
def lifted(*, using: str = "owner") -> Iterator[None]:
    """A transaction of the owner in which the triggers stand aside: for the tests of ``verify`` and for repairs on record."""
    with transaction.atomic(using=using):
        rows.run("SET LOCAL wangge.ledger_guard = 'off'", using=using)
        yield


_RIGHTS = """
SELECT c.relname AS name, string_agg(DISTINCT a.privilege_type, ', ') AS rights,
       string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END, ', ') AS roles
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%(tables)s) AND a.grantee <> c.relowner
  AND (a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
       OR (a.privilege_type = 'INSERT' AND c.relname = 'ledger_entry'))
GROUP BY 1 ORDER BY 1
"""
_TRIGGERS = """
SELECT t.name, count(g.oid) FILTER (WHERE g.tgenabled = 'A') AS enabled
FROM unnest(%(tables)s::text[]) AS t(name)
LEFT JOIN pg_class c ON c.relnamespace = current_schema()::regnamespace AND c.relname = t.name
LEFT JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgname IN ('guard', 'guard_change')
GROUP BY 1 ORDER BY 1
"""


def problems(*, using: str = "default") -> list[Words]:
    """Which locks are open: rights that somebody has too much, triggers that are gone or switched off."""
    found = [
        Words(
            f"表 {r['name']}：角色 {r['roles']} 拥有不应有的权限 {r['rights']}；请由属主运行 wangge ledger guard",
            f"table {r['name']}: {r['roles']} has {r['rights']}, which nobody should have; run `wangge ledger guard` as the owner",
        )
        for r in rows.all(_RIGHTS, {"tables": list(TABLES)}, using=using)
    ]
    for r in rows.all(_TRIGGERS, {"tables": list(TABLES)}, using=using):
        if r["enabled"] < (2 if r["name"] == "ledger_personal" else 1):
            found.append(
                Words(
                    f"表 {r['name']} 的保护触发器缺失或已停用",
                    f"the guard trigger of {r['name']} is missing or switched off",
                )
            )
    return found
