"""The matrix as the code declares it."""

from __future__ import annotations

from pathlib import Path

from wangge.kernel.access import Role, permissions

FILE = Path(__file__).parent / "routes.csv"
FIELDS = ("method", "path", "permission", "roles")


def declared() -> list[dict[str, str]]:
    """One row a route of the OpenAPI description, in its order of path and method. Residents are not among the roles: no session and no
    token makes one, they come by number and code through public routes."""
    from wangge.api import api

    grants = {str(p): " ".join(sorted(roles - {Role.RESIDENT})) for p, roles in permissions().items()}
    found = []
    for path, operations in api.get_openapi_schema(path_prefix="").get("paths", {}).items():
        for method, operation in operations.items():
            need = operation["x-permission"]
            found.append({"method": method.upper(), "path": path, "permission": need, "roles": grants.get(need, "")})
    return sorted(found, key=lambda row: (row["path"], row["method"]))
