"""The two log-ins of the database: the owner makes tables, the application only uses them.

The application's role cannot alter the schema, is subject to row-level security, and can only insert into and read the ledger.
"""

from __future__ import annotations

import hashlib
import hmac

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from wangge.kernel.problems import Invalid


def app_url(owner_url: str, role: str) -> str:
    """The application's log-in beside the owner's, its password derived from the owner's (one URL then configures an installation).

    Raises Invalid when the owner logs in without a password: then the application's URL has to be given.
    """
    parts = conninfo_to_dict(owner_url)
    key = parts.get("password")
    if not key:
        raise Invalid.field(
            "WANGGE_DATABASE_APP_URL",
            "missing",
            "属主账号地址中没有口令，无法推导应用账号口令；请另行设置 WANGGE_DATABASE_APP_URL。",
            "The owner's URL has no password to derive the application's from; set WANGGE_DATABASE_APP_URL as well.",
        )
    return make_conninfo("", **{**parts, "user": role, "password": app_password(str(key), role)})


def app_password(owner_password: str, role: str) -> str:
    """The application's password, derived so that it opens nothing of the owner's."""
    return hmac.new(owner_password.encode(), b"wangge application role " + role.encode(), hashlib.sha256).hexdigest()


def prepare(owner_url: str, application_url: str) -> None:
    """Create the application's role when it is missing, set its password, and give it its rights on what the owner makes."""
    parts = conninfo_to_dict(application_url)
    role = sql.Identifier(str(parts["user"]))
    with psycopg.connect(owner_url, autocommit=True) as connection:
        name = connection.info.dbname
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [parts["user"]]).fetchone()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        password = (
            sql.SQL(" PASSWORD {}").format(sql.Literal(parts["password"])) if parts.get("password") else sql.SQL("")
        )
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS{}").format(verb, role, password)
        )
        connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(name), role))
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
        for rights, things in (
            ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
            ("USAGE, SELECT", "SEQUENCES"),
            ("EXECUTE", "FUNCTIONS"),
        ):
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} ON {} TO {}").format(
                    sql.SQL(rights), sql.SQL(things), role
                )
            )
