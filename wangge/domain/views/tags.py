"""Who may keep views and publish them, and how publishing is recorded."""

from __future__ import annotations

from wangge.domain.cases.tags import GRANTS as CASES
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import NO_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class ViewPermission(Permission):
    KEEP = "views.keep"
    PUBLISH = "views.publish"
    """For all of a unit or an area of the asker's own."""


_PUBLISHERS = frozenset({Role.UNIT_LEADER, Role.SUPERVISOR, Role.LEADER, Role.SYSTEM_ADMIN})

PERMISSION_WORDS = {
    ViewPermission.KEEP: Words("保存自己的视图", "Keep views of one's own"),
    ViewPermission.PUBLISH: Words("发布视图", "Publish views"),
}

GRANTS = declare(
    {
        ViewPermission.KEEP: (CASES[CasePermission.READ] - NO_STAFF) | _PUBLISHERS,
        ViewPermission.PUBLISH: _PUBLISHERS,
    },
    PERMISSION_WORDS,
)


class ViewTag(LedgerTag):
    PUBLISHED = "views.view.published"
    CHANGED = "views.view.changed"
    WITHDRAWN = "views.view.withdrawn"


say(
    {
        ViewTag.PUBLISHED: Words("发布共享视图“{name}”", "published the view “{name}”"),
        ViewTag.CHANGED: Words("修改共享视图“{name}”", "changed the published view “{name}”"),
        ViewTag.WITHDRAWN: Words("撤下共享视图“{name}”", "withdrew the view “{name}”"),
    }
)
