"""``/portal/track``: how a report goes, as a page that works without script. What a QR code leads to.

Number and code come in the query, so that the page can be opened from a picture; no log holds a query, the page is kept in no cache, and
leaves no trace in the Referer of whatever it links to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from wangge.domain.people.rules import network_of
from wangge.domain.portal import actions, door, queries
from wangge.domain.portal.door import Resident
from wangge.kernel.problems import Invalid, NotFound, Problem
from wangge.kernel.web.address import client_address
from wangge.kernel.words import Words, choose_language

MOST = 1000
SIZES = ("1", "1.25", "1.5")
"""Of the letters: ordinary, large, largest, as in the app."""
NEEDED = Words("请写明原因。", "Please say why.")
WHICH = Words("请选择问题是否解决。", "Please choose whether it is solved.")


def _answer(who: Resident, given: Any) -> None:
    actions.answer(who=who, note=_note(given))


def _follow_up(who: Resident, given: Any) -> None:
    if given.get("solved") not in ("yes", "no"):
        raise Invalid(WHICH)
    rating = given.get("rating", "")
    stars = int(rating) if rating in ("1", "2", "3", "4", "5") else None
    actions.follow_up(who=who, solved=given["solved"] == "yes", rating=stars, note=_note(given, needed=False))


def _withdraw(who: Resident, given: Any) -> None:
    actions.withdraw(who=who, note=_note(given))


def _reopen(who: Resident, given: Any) -> None:
    actions.reopen(who=who, note=_note(given))


ACTS: dict[str, Callable[[Resident, Any], None]] = {
    "answer_question": _answer,
    "follow_up": _follow_up,
    "withdraw": _withdraw,
    "reopen": _reopen,
}


def _note(given: Any, *, needed: bool = True) -> str:
    text = given.get("note", "").replace("\0", "").strip()[:MOST]
    if needed and not text:
        raise Invalid(NEEDED)
    return text


@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """The form for number and code, the progress, or what one says of it and then the progress."""
    given = request.POST if request.method == "POST" else request.GET
    asked = given.get("lang") or choose_language(request.headers.get("Accept-Language"))
    english = asked == "en"
    size = given.get("size") if given.get("size") in SIZES else SIZES[0]
    number, code = given.get("number", "").strip()[:22], given.get("code", "").strip()[:200]
    page: dict[str, Any] = {"english": english, "number": number, "code": code, "given": given, "size": size}
    here = ({"number": number, "code": code} if number else {}) | {"lang": "en" if english else "zh", "size": size}
    page["in_other_language"] = urlencode(here | {"lang": "zh" if english else "en"})
    page["larger"] = urlencode(here | {"size": SIZES[(SIZES.index(size) + 1) % len(SIZES)]})
    status = 200
    if number or code:
        try:
            who = door.enter(number=number, secret=code, network=network_of(client_address(request)))
            if request.method == "POST":
                try:
                    if (act := ACTS.get(given.get("act", ""))) is None:
                        raise Invalid(Words("没有这个操作。", "There is no such act."))
                    act(who, given)
                    return _kept_to_oneself(HttpResponseRedirect(f"/portal/track?{urlencode(here)}", status=303))
                except Problem as problem:
                    page["problem"], status = problem.detail.say("en" if english else "zh"), problem.status
            page["report"] = _shown(queries.follow(who=who), english)
        except Problem as problem:
            page["problem"], status = problem.detail.say("en" if english else "zh"), problem.status
            if not isinstance(problem, NotFound):
                page["code"] = ""
    return _kept_to_oneself(render(request, "pages/track.html", page, status=status))


def _shown(report: dict[str, Any], english: bool) -> dict[str, Any]:
    """The report in one language, with times of the installation's zone."""

    def local(moment: Any) -> dict[str, str]:
        found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
        there = found.astimezone(ZoneInfo(settings.CONFIG.zone))
        return {"iso": there.isoformat(), "short": f"{there:%m-%d %H:%M}", "full": f"{there:%Y-%m-%d %H:%M}"}

    say = lambda words: words and words["en" if english else "zh"]
    return report | {
        "kind": say(report["kind"]),
        "place": say(report["place"]),
        "now": say(report["now"]),
        "reported_at": local(report["reported_at"]),
        "steps": [s | {"at": local(s["at"]), "text": say(s["text"])} for s in reversed(report["steps"])],
        "questions": [q | {"asked_at": local(q["asked_at"])} for q in report["questions"]],
        "stars": range(1, 6),
    }


def _kept_to_oneself(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer
