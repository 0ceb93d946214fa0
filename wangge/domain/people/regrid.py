"""What becomes of posts when grids are split, merged or redrawn: whoever held a grid that is retired holds what came of it.

Nobody is left without work or with a grid that is no more; a hand-over to somebody else is an act of its own, later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wangge.domain.people.tags import PeopleEvent, PeopleTag
from wangge.domain.places.rules import Affected, GridChange
from wangge.kernel import clock, ledger, outbox
from wangge.kernel.access import Principal
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7
from wangge.kernel.words import Words

SAMPLE = 10
_OPEN = "p.grid = ANY(%(retired)s) AND (p.ends IS NULL OR p.ends > %(now)s)"


class GridPosts:
    """The consequence that ``places`` asks: a preview without writing, then the change itself, in its transaction."""

    def preview(self, change: GridChange) -> list[Affected]:
        """The open posts on grids that would be retired."""
        found = rows.all(
            f"""SELECT u.name, p.title, p.title_en, p.grid, count(*) OVER () AS total FROM people_post p JOIN people_user u ON u.id = p.user_id
                WHERE {_OPEN} ORDER BY p.grid, u.name LIMIT {SAMPLE}""",
            {"retired": _retired(change), "now": clock.now()},
        )
        if not found:
            return []
        to = "、".join(_made(change))
        return [
            Affected(
                key="people.posts",
                words=Words(f"岗位转到 {to}", f"Posts that go to {to}"),
                count=found[0]["total"],
                sample=[
                    {"name": r["name"], "title": r["title"], "title_en": r["title_en"], "from": r["grid"]}
                    for r in found
                ],
            )
        ]

    def apply(self, by: Principal, change: GridChange, answers: Mapping[str, str]) -> None:
        """End each open post on a retired grid now, and give the same post on every grid that came of it, once a person."""
        now, made = clock.now(), _made(change)
        if not made:
            return
        ended = rows.all(
            f"""UPDATE people_post p SET ends = greatest(%(now)s, p.starts + interval '1 microsecond'), version = p.version + 1
                FROM people_user u WHERE u.id = p.user_id AND {_OPEN}
                RETURNING p.id, p.user_id, u.login, p.role, p.title, p.title_en, p.starts, p.phone, p.public, p.grid""",
            {"retired": _retired(change), "now": now},
        )
        kept: dict[tuple[Any, ...], rows.Row] = {(p["user_id"], p["role"], p["title"]): p for p in ended}
        for post in ended:
            _say(by, PeopleTag.POST_ENDED, post, post["grid"])
        for post in kept.values():
            for grid in made:
                given = post | {"id": uuid7(), "grid": grid, "starts": max(now, post["starts"])}
                rows.run(
                    """INSERT INTO people_post (id, user_id, role, title, title_en, grid, everywhere, starts, phone, public, version,
                                                created_at)
                       VALUES (%(id)s, %(user_id)s, %(role)s, %(title)s, %(title_en)s, %(grid)s, false, %(starts)s, %(phone)s,
                               %(public)s, 1, %(now)s)""",
                    given | {"now": now},
                )
                _say(by, PeopleTag.POST_GIVEN, given, grid)
        if ended:
            outbox.emit(PeopleEvent.POST_CHANGED, kind="post", subject=None, body={"grids": made, "count": len(ended)})


def _say(by: Principal, tag: PeopleTag, post: rows.Row, grid: str) -> None:
    body = {"login": post["login"], "title": post["title"], "role": post["role"], "scope": grid}
    ledger.append(by=by, tag=tag, kind="post", subject=post["id"], district=grid[:6], body=body)


def _retired(change: GridChange) -> list[str]:
    return sorted(set(change.old) - set(change.new))


def _made(change: GridChange) -> list[str]:
    return sorted(set(change.new) - set(change.old))
