"""What an order says has happened, as a history.

An order that carries a reply was handled elsewhere: its acts bear the two times that the file knows (received, replied), so that its
trace and its clocks look like any other case's. One that names a unit, or was given back, has come as far as that; one without
either waits on the desk of its street.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from wangge.domain.cases.actions.report import Placed, Report, Reporter
from wangge.domain.cases.bulk import Happened, History
from wangge.domain.cases.orders.reading import Order
from wangge.domain.cases.rules import Act, FollowUp, Stage
from wangge.domain.catalog import queries as catalog
from wangge.kernel.access import Principal

_IDS = UUID("6f1d7c0e-1c64-5d1a-8f5e-4a5b7a0c1234")
CHECKED = "按原系统答复核查"
CLOSED_BEFORE = "导入的历史工单，按原系统答复结案；原系统无回访记录。"
IMPORTER = Principal(kind="system", id=None, name="工单导入")


def case_of(number: str, source: str) -> UUID:
    """The id of the case of an order: sent twice it is the same."""
    return uuid5(_IDS, f"{source}\x1f{number}")


def history(order: Order, *, case: UUID, street: str, source: str) -> History:
    """The order as the history of a case of this street; ``case``: its ``case_of``."""
    place = Placed(district=street[:6], street=street)
    category = catalog.category(order.category)
    assert category is not None
    urgency = order.urgency or category.urgency
    holder = catalog.entry_desk(category, order.channel, place)
    report = Report(
        id=case,
        text=order.text,
        title=order.title,
        category=order.category,
        urgency=urgency,
        channel=order.channel,
        street=street,
        address=order.address,
        reporter=Reporter(name=order.name, phone=order.phone) if order.name or order.phone else None,
        confidential=order.confidential,
        wants_answer=order.wants_answer,
        reported_at=order.received,
        source=source,
        source_number=order.number,
    )
    return History(
        by=IMPORTER,
        report=report,
        place=place,
        category=order.category,
        urgency=urgency,
        confidential=order.confidential or category.confidential,
        reported_at=order.received,
        holder=holder,
        acts=_acts(order, place, urgency, holder, asked=report.reporter is not None and order.wants_answer),
    )


def _acts(order: Order, place: Placed, urgency: str, holder: UUID | None, *, asked: bool) -> list[Happened]:
    if not (order.reply or order.unit or order.returned or order.extended_to):
        return []
    at, done = order.received, order.replied or order.received

    def act(what: Act, when: datetime, **given: Any) -> Happened:
        return Happened(what, when, IMPORTER, **given)

    # Where no unit is named the route chooses, and where none applies the centre itself has answered.
    choice = catalog.choose_route(order.category, catalog.Place(place.district, place.street, None, None, {}), at)
    first = order.unit or order.reply_unit or (choice.unit_id if choice else holder)
    dispatch = {"choice": choice, "due_at": order.due}
    acts = [act(Act.ACCEPT, at), act(Act.DISPATCH, at, unit=first, note=order.opinion, **dispatch)]
    if order.returned:
        acts += [act(Act.TAKE, at), act(Act.RETURN, at, note=order.returned)]
        if not order.reply:
            return acts
        acts.append(act(Act.DISPATCH, at, unit=order.reply_unit or first, **dispatch))
    if order.reply:
        acts.append(act(Act.TAKE, at))
    if order.extended_to and order.extended_to > (
        order.due or catalog.due(order.category, urgency, str(Stage.HANDLE), at)
    ):
        acts.append(act(Act.EXTEND, at, due_at=order.extended_to))
    if order.reply:
        acts += [act(Act.RESOLVE, done, note=order.reply), act(Act.VERIFY, done, outcome="pass", note=CHECKED)]
        if asked:
            acts.append(act(Act.FOLLOW_UP, done, outcome=str(FollowUp.NOT_WANTED), note=CLOSED_BEFORE))
        acts.append(act(Act.CLOSE, done, note=CLOSED_BEFORE))
    return acts
