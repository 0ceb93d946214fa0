"""SQL for migrations: row-level security by the settings that ``bind`` makes."""

from __future__ import annotations

from wangge.kernel.access.scope import PLAIN, Columns


def setting(name: str, kind: str) -> str:
    """An array setting as a sub-select, so that PostgreSQL evaluates it once a statement, not once a row
    (the outer cast makes ANY take it as an array and not as rows)."""
    return f"(SELECT COALESCE(NULLIF(current_setting('wangge.{name}', true), ''), '{{}}')::{kind}[])::{kind}[]"


UNLIMITED = "(SELECT COALESCE(current_setting('wangge.everything', true), 'off') = 'on')"


def scope_predicate(columns: Columns = PLAIN) -> str:
    """What ``Scope.sql`` says, written over the connection's settings."""
    terms = [UNLIMITED]
    for column, name in (
        (columns.district, "districts"),
        (columns.street, "streets"),
        (columns.community, "communities"),
        (columns.grid, "grids"),
    ):
        if column:
            terms.append(f"{column} = ANY({setting(name, 'text')})")
    terms += [f"{c} = ANY({setting('units', 'uuid')})" for c in columns.units]
    terms += [f"{c} && {setting('units', 'uuid')}" for c in columns.unit_lists]
    terms += [f"{c} = ANY({setting('persons', 'uuid')})" for c in columns.persons]
    return " OR ".join(terms)


def protect(table: str, using: str, *, check: str | None = None) -> str:
    """Turn row-level security on with one policy; ``check`` is for rows that are written (default: the same)."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY scope ON {table} USING ({using}) WITH CHECK ({check or using});\n"
    )


def unprotect(table: str) -> str:
    return f"DROP POLICY scope ON {table};\nALTER TABLE {table} DISABLE ROW LEVEL SECURITY;\n"
