"""Sign-out: where the browser goes so that the provider's session ends too, and the provider's own word that one has ended."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from django.conf import settings

from wangge.domain.people.actions.sessions import end_one_of
from wangge.domain.people.models import Session
from wangge.domain.people.sso.flow import here
from wangge.domain.people.sso.provider import Faulty, provider
from wangge.kernel.access import SYSTEM, Principal
from wangge.kernel.problems import Invalid

log = logging.getLogger("wangge.sso")

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def address(*, by: Principal, back: str) -> str | None:
    """Where to go after log-out (OpenID Connect RP-Initiated Logout 1.0); None for a session that did not come from the provider, and for a
    provider that knows no such thing."""
    found = provider()
    if found is None or not Session.objects.filter(id=by.session, provider_session__isnull=False).exists():
        return None
    try:
        end = found.described.get("end_session_endpoint")
    except Faulty as error:
        log.warning("single sign-on: %s", error)
        return None
    if not isinstance(end, str):
        return None
    query = {"client_id": settings.CONFIG.sso_client_id, "post_logout_redirect_uri": back}
    return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}"


def told(*, by: Principal = SYSTEM, token: str) -> int:
    """The provider says that a session, or all of a person's, have ended (OpenID Connect Back-Channel Logout 1.0). Invalid for a token that
    is not such a one. Returns how many sessions ended; the same token again ends nothing more."""
    found = here()
    try:
        claims = found.proven(token)
    except Faulty as error:
        log.warning("single sign-on: back-channel log-out: %s", error)
        raise _wrong() from None
    events = claims.get("events")
    sid, subject = claims.get("sid"), claims.get("sub")
    if not isinstance(events, dict) or EVENT not in events or "nonce" in claims or not (sid or subject):
        raise _wrong()
    meant = Session.objects.filter(provider_session__isnull=False, ended_at=None)
    if sid:
        meant = meant.filter(provider_session=str(sid)[:255])
    if subject:
        meant = meant.filter(user__identities__issuer=found.issuer, user__identities__subject=str(subject))
    ended = list(meant.values_list("user_id", "id"))
    for user, session in ended:
        end_one_of(by, user, session, "sso")
    return len(ended)


def _wrong() -> Invalid:
    return Invalid.field(
        "form.logout_token", "logout_token", "不是有效的登出令牌", "This is no valid logout token of the provider."
    )
