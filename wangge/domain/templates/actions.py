"""Writing templates: each change is recorded with its text."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from wangge.domain.cases.rules import Act
from wangge.domain.catalog import queries as catalog
from wangge.domain.templates import queries, rules
from wangge.domain.templates.tags import TemplatePermission, TemplateTag
from wangge.kernel import clock, ledger
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.db.rows import Row
from wangge.kernel.problems import Conflict, FieldError, Invalid, NotFound
from wangge.kernel.words import Words

_SHIPPED = UUID("0b3f7a44-6d0e-5a55-9f2c-7a6f3a1d0c11")
NO_TEMPLATE = Words("没有这个模板。", "There is no such template.")


@dataclass(frozen=True)
class NewTemplate:
    act: Act
    title: str
    text: str
    outcome: str | None = None
    category: UUID | None = None
    position: int = 0


def add(*, by: Principal, id: UUID, template: NewTemplate) -> tuple[Row, bool]:
    """A new template, and whether this call made it: sent again with the same content it is the one that is there. Raises Invalid."""
    by.require(TemplatePermission.EDIT)
    _check(template)
    values = _values(template)
    with transaction.atomic():
        made = rows.run(
            """INSERT INTO templates_template (id, act, outcome, category, title, text, position, changed_at)
               VALUES (%(id)s, %(act)s, %(outcome)s, %(category)s, %(title)s, %(text)s, %(position)s, %(at)s)
               ON CONFLICT (id) DO NOTHING""",
            values | {"id": id, "at": clock.now()},
        )
        if made:
            _record(by=by, tag=TemplateTag.ADDED, template=id, values=values)
    row = queries.one(id)
    if row is None or any(row[name] != value for name, value in values.items()):
        raise Invalid.field(
            "body.id",
            "id_reused",
            "这个编号（id）已用于另一内容，请换用新编号。",
            "This id was used for something else; send it with a new one.",
        )
    return row, bool(made)


def change(*, by: Principal, template: UUID, version: int, new: NewTemplate) -> Row:
    """Replace a template. Raises NotFound, Invalid, and Conflict with the present one when it was changed meanwhile."""
    by.require(TemplatePermission.EDIT)
    _check(new)
    values = _values(new)
    with transaction.atomic():
        done = rows.run(
            """UPDATE templates_template SET act = %(act)s, outcome = %(outcome)s, category = %(category)s, title = %(title)s,
                      text = %(text)s, position = %(position)s, changed_at = %(at)s, version = version + 1
               WHERE id = %(id)s AND version = %(version)s""",
            values | {"id": template, "version": version, "at": clock.now()},
        )
        if done:
            _record(by=by, tag=TemplateTag.CHANGED, template=template, values=values)
    row = queries.one(template)
    if row is None:
        raise NotFound(NO_TEMPLATE)
    if not done:
        raise Conflict(
            Words(
                "该模板已被修改，请按现在的内容重试。", "The template was changed meanwhile; go on from what it is now."
            ),
            extra={"current": {"id": template, "version": row["version"]}},
        )
    return row


def remove(*, by: Principal, template: UUID) -> None:
    """Raises NotFound."""
    by.require(TemplatePermission.EDIT)
    with transaction.atomic():
        row = rows.one("DELETE FROM templates_template WHERE id = %(id)s RETURNING *", {"id": template})
        if row is None:
            raise NotFound(NO_TEMPLATE)
        _record(by=by, tag=TemplateTag.REMOVED, template=template, values=row)


def load_defaults(*, by: Principal) -> int:
    """The shipped templates that are not here yet, as the system. Returns how many were added."""
    raw = (files("wangge.domain.templates") / "data" / "templates.csv").read_text("utf-8")
    made = 0
    for line in csv.DictReader(raw.splitlines()):
        found = catalog.category_by_code(line["category"]) if line["category"] else None
        if line["category"] and found is None:  # this installation has a catalogue of its own
            continue
        new = NewTemplate(
            Act(line["act"]),
            line["title"],
            line["text"],
            line["outcome"] or None,
            found and found.id,
            int(line["position"]),
        )
        key = uuid5(_SHIPPED, f"{line['act']} {line['outcome']} {line['category']} {line['title']}")
        if queries.one(key) is None:
            made += add(by=by, id=key, template=new)[1]
    return made


def _check(template: NewTemplate) -> None:
    found: list[FieldError] = []

    def wrong(name: str, code: str, zh: str, en: str) -> None:
        found.append(FieldError(f"body.{name}", code, Words(zh, en)))

    if template.act not in rules.WITH_TEXT:
        wrong("act", "no_text", "这个动作不填写文字，不需要模板。", "This act has no text to be written.")
    elif not rules.outcome_fits(template.act, template.outcome):
        wrong("outcome", "unknown", "这个动作没有这种结果。", "The act has no such outcome.")
    if template.category is not None and catalog.category(template.category) is None:
        wrong("category", "unknown", "没有这个类别，或已停用。", "There is no such category, or it is retired.")
    try:
        if unknown := rules.unknown_places(template.text):
            known = "、".join(f"{{{p}}} {w.zh}" for p, w in rules.PLACES.items())
            said = ", ".join(f"{{{p}}}" for p in rules.PLACES)
            wrong(
                "text",
                "place",
                f"不认识 {'、'.join(unknown)}；可用：{known}。",
                f"Unknown: {', '.join(unknown)}; there are {said}.",
            )
    except ValueError:
        wrong(
            "text",
            "braces",
            "花括号不成对；正文中的花括号请写作 {{ 或 }}。",
            "Braces do not match; write {{ or }} for one of the text's own.",
        )
    if found:
        raise Invalid.fields(*found)


def _values(template: NewTemplate) -> dict[str, Any]:
    return asdict(template) | {"act": str(template.act)}


def _record(*, by: Principal, tag: TemplateTag, template: UUID, values: dict[str, Any]) -> None:
    body = {name: values[name] for name in ("act", "outcome", "category", "title", "text") if values[name] is not None}
    ledger.append(by=by, tag=tag, kind="template", subject=template, body=body)
