"""The matrix is set whole: each change is a version of its own, and the versions before stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import IntegrityError, transaction

from wangge.domain.notices import queries
from wangge.domain.notices.models import Matrix, Rule
from wangge.domain.notices.rules import EVENT_NAMES, PERSONAL, Channel, Event, Who, fits, stands
from wangge.domain.notices.tags import NoticePermission, NoticeTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.problems import Conflict, FieldError, Invalid
from wangge.kernel.words import Words


class Cell(NamedTuple):
    event: Event
    who: Who
    channel: Channel
    mandatory: bool = False

    def __str__(self) -> str:
        return f"{self.event}/{self.who}/{self.channel}" + ("!" if self.mandatory else "")


def set_matrix(*, by: Principal, version: int, cells: Sequence[Cell]) -> int:
    """Make these cells the matrix from now on; ``version`` is the one they were made from. Returns the new version.

    Setting what holds already changes nothing. Raises Invalid for a cell that cannot be, Conflict when somebody else was faster.
    """
    by.require(NoticePermission.MATRIX)
    _check(cells)
    chosen = {str(cell) for cell in cells}
    try:
        with transaction.atomic():
            last = queries.matrix_version()
            if last != version:
                raise _changed(last)
            before = {
                str(cell)
                for cell in Rule.objects.filter(version=last).values_list("event", "who", "channel", "mandatory")
                for cell in [Cell(*cell)]
            }
            if before == chosen:
                return last
            Matrix.objects.create(version=last + 1, at=clock.now(), by=by.id)
            Rule.objects.bulk_create([Rule(version=last + 1, **cell._asdict()) for cell in cells])
            ledger.append(
                by=by,
                tag=NoticeTag.MATRIX_CHANGED,
                kind="notices_matrix",
                body={"version": last + 1, "added": sorted(chosen - before), "removed": sorted(before - chosen)},
            )
    except IntegrityError as error:
        raise _changed(queries.matrix_version()) from error
    return last + 1


def _changed(version: int) -> Conflict:
    return Conflict(
        Words("通知规则刚被他人修改，请重新载入后再改。", "The matrix was changed meanwhile; load it anew."),
        extra={"current": {"version": version}},
    )


def _check(cells: Sequence[Cell]) -> None:
    errors: list[FieldError] = []
    seen: set[tuple[str, str, str]] = set()
    for i, cell in enumerate(cells):
        if not fits(cell.who, cell.channel):
            errors.append(
                FieldError(
                    f"body.cells[{i}].channel",
                    "channel",
                    Words(
                        f"“{cell.who.words.zh}”不能用“{cell.channel.words.zh}”：系统订阅方只用推送，人员不用推送。",
                        f"{cell.who.words.en} cannot be told by {cell.channel.words.en.lower()}: systems are told by webhook, persons by the others.",
                    ),
                )
            )
        elif not stands(cell.event, cell.who):
            errors.append(
                FieldError(
                    f"body.cells[{i}].who",
                    "who",
                    Words(
                        f"“{EVENT_NAMES[cell.event].zh}”不能通知“{cell.who.words.zh}”；请从该事项允许的对象中选择。",
                        f"“{EVENT_NAMES[cell.event].en}” cannot be told to “{cell.who.words.en}”; choose one of those that the event names.",
                    ),
                )
            )
        if cell.mandatory and cell.channel not in PERSONAL:
            errors.append(
                FieldError(
                    f"body.cells[{i}].mandatory",
                    "mandatory",
                    Words(
                        "只有邮件和短信可以退订，因而可以设为必达。",
                        "Only e-mail and SMS can be opted out of, and so be mandatory.",
                    ),
                )
            )
        if cell[:3] in seen:
            errors.append(
                FieldError(f"body.cells[{i}]", "twice", Words("这一格出现了两次。", "This cell is there twice."))
            )
        seen.add(cell[:3])
    if errors:
        raise Invalid.fields(*errors)
