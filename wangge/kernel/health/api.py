"""``GET /api/v1/health``: a summary for everybody, the sentences for signed-in staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Status

from wangge.kernel import health
from wangge.kernel.access import Principal
from wangge.kernel.web.api import PUBLIC, Router, language_of
from wangge.kernel.web.schemas import Output

router = Router(tags=["health"])


class FindingOut(Output):
    level: Literal["ok", "warn", "bad"]
    text: str


class CheckOut(Output):
    name: str
    level: Literal["ok", "warn", "bad"]
    ms: float | None = None
    findings: list[FindingOut] | None = None


class HealthOut(Output):
    level: Literal["ok", "warn", "bad"]
    at: datetime
    checks: list[CheckOut]


def sees_details(principal: Principal) -> bool:
    """Members of staff and integration clients; not the public, not a log-in that is not finished."""
    return principal.kind in ("user", "token", "system") and not principal.pending


@router.get(
    "/health",
    permission=PUBLIC,
    response={200: HealthOut, 503: HealthOut},
    exclude_none=True,
    summary="Health of the system",
)
def get_health(request: HttpRequest, response: HttpResponse) -> Any:
    """200 when the system works (`ok`, `warn`), 503 when something it needs does not (`bad`)."""
    found = health.report()
    body = found.as_json(language_of(request), details=sees_details(request.principal))  # type: ignore[attr-defined]
    return Status(503 if found.level == health.Level.BAD else 200, body)
