"""The portal in pure functions: secret codes, limits, and what is said of a case in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wangge.domain.cases.rules import LIVE, Act, FollowUp, Status
from wangge.kernel.words import Words

# — secret codes ———————————————————————————————————————————————————————————————————————————————————————————————————————————

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is read as a digit."""
CODE_LENGTH = 10
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code_of(digest: bytes) -> str:
    """A code of 50 bits from at least 7 random bytes: ``K7QM3-XF29P``."""
    number = int.from_bytes(digest[:7], "big") >> 6
    text = "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (CODE_LENGTH - 1), -1, -5))
    return f"{text[:5]}-{text[5:]}"


def plain_code(text: str) -> str | None:
    """A code as it is compared, however it was typed; None for what can be none."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper().translate(_READ_AS))
    return plain if len(plain) == CODE_LENGTH and set(plain) <= set(ALPHABET) else None


# — limits —————————————————————————————————————————————————————————————————————————————————————————————————————————————————


class Limit(NamedTuple):
    """So often within ``window`` from the first time; then it is told when to come again."""

    name: str
    most: int
    window: timedelta


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPORTS_OF_PHONE = Limit("report.phone", 6, HOUR)
LOOKS_OF_NETWORK = Limit("look.network", 600, HOUR)
WRONG_CODES_OF_NETWORK = Limit("wrong.network", 60, HOUR)
WRONG_CODES_OF_CASE = Limit("wrong.case", 20, HOUR)
SMS_OF_NETWORK = Limit("sms.network", 20, DAY)
SMS_OF_PHONE = Limit("sms.phone", 5, DAY)
SMS_IN_A_ROW = Limit("sms.row", 1, timedelta(minutes=1))


def reports_of_network(most: int) -> Limit:
    """A whole estate may sit behind one address, so it is a setting."""
    return Limit("report.network", most, HOUR)


TEN_MINUTES = timedelta(minutes=10)
CALLS_OF_NETWORK = Limit("calls.network", 20, TEN_MINUTES)
"""From then on a network has to prove work for each report, “me too” and SMS: more than an estate has to say in ten minutes."""
PROOF_HOLDS = timedelta(minutes=5)
ONE_PROOF = Limit("proof", 1, TEN_MINUTES)
PROOF_BITS = 16
"""65 000 tries on the average: a second or two of a phone, and an hour of a processor for each few thousand reports of a flood."""


def calls_of_all(most: int) -> Limit:
    """How many are ordinary depends on how many live there, so it is a setting; 0: a proof is never asked for."""
    return Limit("calls.all", most, TEN_MINUTES)


CODE_HOLDS = timedelta(minutes=10)
CODE_TRIES = 5
TICKET_HOLDS = timedelta(hours=12)
LONGEST_BAN = timedelta(days=90)
ERASURE = "1401"
"""The kind of the catalogue that a wish to be erased is a case of. To close one is to grant it."""

# — plain words ————————————————————————————————————————————————————————————————————————————————————————————————————————————

FEW = 5
"""Fewer cases than this are not told apart in public: they are told with their neighbours', or not at all."""
FEW_CLOSED = 10
"""A rate over fewer cases than this says more of single ones than of the street."""

SAID: Mapping[tuple[str, str | None], Words] = {
    (Act.REPORT, None): Words("收到反映", "The report was received"),
    (Act.ACCEPT, None): Words("{unit}已受理", "{unit} has taken it on"),
    (Act.DISPATCH, None): Words("已交给{unit}处理", "{unit} was asked to deal with it"),
    (Act.DESIGNATE, None): Words("已交给{unit}处理", "{unit} was asked to deal with it"),
    (Act.REASSIGN, None): Words("改由{unit}处理", "{unit} deals with it now"),
    (Act.TAKE, None): Words("{unit}已开始处理", "{unit} has started"),
    (Act.RETURN, None): Words("正在另行安排处理单位", "Another unit is being found"),
    (Act.ESCALATE, None): Words("转由{unit}办理", "It was passed to {unit}"),
    (Act.DELEGATE, None): Words("转由{unit}办理", "It was passed to {unit}"),
    (Act.EXTEND, None): Words("需要更多时间，预计{due}前处理完", "It takes longer than planned: until {due}"),
    (Act.SUSPEND, None): Words(
        "暂时无法处理，{due}前再次研究", "It cannot be done for now; it is looked at again by {due}"
    ),
    (Act.RESUME, None): Words("恢复处理", "Work on it goes on"),
    (Act.RESOLVE, None): Words("{unit}已处理完，等待检查", "{unit} has done it; it will be checked"),
    (Act.SELF_RESOLVE, "closed"): Words("已在现场处理", "It was put right on the spot"),
    (Act.SELF_RESOLVE, "sampled"): Words("已在现场处理，等待检查", "It was put right on the spot; it will be checked"),
    (Act.VERIFY, "pass"): Words("检查通过", "The result was checked and found good"),
    (Act.VERIFY, "fail"): Words("检查没有通过，要求重新处理", "The check found it not good; it is done again"),
    (Act.FOLLOW_UP, "satisfied"): Words("反映人表示已解决", "The reporter says it is solved"),
    (Act.FOLLOW_UP, "dissatisfied"): Words("反映人表示没有解决", "The reporter says it is not solved"),
    (Act.DECIDE, "again"): Words("决定重新处理", "It was decided to do it again"),
    (Act.DECIDE, "uphold"): Words("已办结", "Closed"),
    (Act.CLOSE, None): Words("已办结", "Closed"),
    (Act.REOPEN, None): Words("重新办理", "It is dealt with anew"),
    (Act.REJECT, None): Words("不予受理", "It was not taken on"),
    (Act.MERGE, None): Words(
        "与另一件相同的反映一并办理", "It is dealt with together with another report of the same matter"
    ),
    (Act.UNMERGE, None): Words("改为单独办理", "It is dealt with on its own again"),
    (Act.WITHDRAW, None): Words("已撤回", "It was withdrawn"),
    (Act.VOID, None): Words("已作废", "It was declared void"),
    (Act.ASK_REPORTER, None): Words("向反映人了解情况", "The reporter was asked a question"),
    (Act.ANSWER_QUESTION, None): Words("反映人已答复", "The reporter has answered"),
    (Act.PUBLISH, None): Words("公布了处理结果", "The result was published"),
}
"""What a step is to somebody outside; other acts are nobody's business but ours."""

NOW: Mapping[Status, Words] = {
    Status.REPORTED: Words("已收到，{due}前答复是否受理", "Received. By {due} you will know whether it is taken on"),
    Status.ACCEPTED: Words("已受理，{due}前交有关单位处理", "Taken on. By {due} a unit will have it"),
    Status.HANDLING: Words("{unit}正在处理，预计{due}前处理完", "{unit} is dealing with it, until {due}"),
    Status.VERIFYING: Words("已处理完，{due}前检查", "Done. It will be checked by {due}"),
    Status.FOLLOWING_UP: Words("已处理完并通过检查", "Done and checked"),
    Status.SUSPENDED: Words(
        "暂时无法处理，{due}前再次研究", "It cannot be done for now; it is looked at again by {due}"
    ),
    Status.CLOSED: Words("已办结", "Closed"),
    Status.ARCHIVED: Words("已办结", "Closed"),
    Status.REJECTED: Words("不予受理", "Not taken on"),
    Status.MERGED: Words("与另一件相同的反映一并办理", "Dealt with together with another report"),
    Status.WITHDRAWN: Words("已撤回", "Withdrawn"),
    Status.VOID: Words("已作废", "Void"),
}
LATE: Mapping[Status, Words] = {
    Status.REPORTED: Words(
        "已收到，本应在{due}前答复是否受理，已催办", "Received. It should have been taken on by {due}; we are pressing"
    ),
    Status.ACCEPTED: Words(
        "已受理，本应在{due}前交办，已催办", "Taken on. A unit should have had it by {due}; we are pressing"
    ),
    Status.HANDLING: Words(
        "{unit}正在处理，已超过预计的{due}，已催办", "{unit} is dealing with it, later than {due}; we are pressing"
    ),
    Status.VERIFYING: Words("已处理完，检查晚于预计的{due}", "Done. The check is later than {due}"),
}
ASKED = Words("已处理完并通过检查，请告诉我们问题是否解决", "Done and checked. Please tell us whether it is solved")


def when(moment: datetime, zone: str, now: datetime) -> Words:
    """A limit as people say it: 11月25日 · 25 November; on the day itself with the hour."""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if local.date() == today.date():
        return Words(f"今天{local:%H:%M}", f"{local:%H:%M} today")
    year = "" if local.year == today.year else f"{local.year}年"
    english = f"{local.day} {local:%B}" + ("" if local.year == today.year else f" {local.year}")
    return Words(f"{year}{local.month}月{local.day}日", english)


UNIT = Words("有关单位", "the unit in charge")


def stands(case: Mapping[str, Any], *, unit: Words | None, zone: str, now: datetime, asked: bool) -> Words:
    """How a case is, in one sentence. ``asked``: who reads it is asked whether it is solved."""
    status = Status(case["status"])
    if status == Status.FOLLOWING_UP and asked and case["follow_up"] in (None, FollowUp.UNREACHABLE):
        return ASKED
    due = case["review_at"] if status == Status.SUSPENDED else case["due_at"]
    late = status in LIVE and due is not None and due < now and status in LATE
    said = (LATE if late else NOW)[status].fill(
        unit=unit or UNIT, due=when(due, zone, now) if due else Words("近期", "soon")
    )
    return sentence(said)


def step_says(step: Mapping[str, Any], *, unit: Words | None, zone: str, now: datetime) -> Words | None:
    """A step of the timeline in plain words; None for one that is not told."""
    said = SAID.get((step["act"], step["outcome"]))
    if said is None or (step["act"] == Act.PUBLISH and not step["told"]):
        return None
    due = step["due"]
    return sentence(said.fill(unit=unit or UNIT, due=when(due, zone, now) if due else Words("近期", "soon")))


def sentence(words: Words) -> Words:
    """With a capital letter, where the English begins with the name of what it is about."""
    return Words(words.zh, words.en[:1].upper() + words.en[1:])


# — open data ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def coarsened(cases: Iterable[Mapping[str, Any]], few: int = FEW) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Cases (of one month, with ``top``, ``grid``, ``community``, ``street``) by the smallest place where at least ``few`` of one kind are left
    together: a grid, else a community, else a street; what is left alone even there is not told. ``(place, cases)`` in order."""
    left = list(cases)
    found: list[tuple[str, list[Mapping[str, Any]]]] = []
    for level in ("grid", "community", "street"):
        groups: dict[tuple[str, Any], list[Mapping[str, Any]]] = {}
        alone = []
        for case in left:
            if case[level] is None:
                alone.append(case)
            else:
                groups.setdefault((case[level], case["top"]), []).append(case)
        for (place, _), group in groups.items():
            if len(group) >= few:
                found.append((place, group))
            else:
                alone += group
        left = alone
    return sorted(found, key=lambda pair: (pair[0], str(pair[1][0]["top"])))
