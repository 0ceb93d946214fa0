"""Who may use templates and who writes them, and how a change is recorded."""

from __future__ import annotations

from wangge.domain.cases.tags import GRANTS as CASES
from wangge.domain.cases.tags import CasePermission
from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class TemplatePermission(Permission):
    READ = "templates.read"
    EDIT = "templates.edit"


PERMISSION_WORDS = {
    TemplatePermission.READ: Words("使用常用语", "Use phrases"),
    TemplatePermission.EDIT: Words("维护常用语", "Manage phrases"),
}

GRANTS = declare(
    {
        TemplatePermission.READ: (CASES[CasePermission.READ] - {Role.RESIDENT}) | {Role.SYSTEM_ADMIN},
        # What is said in the office's name is a rule like any other (DESIGN §1): the administrator's, on record for the auditor.
        TemplatePermission.EDIT: {Role.SYSTEM_ADMIN},
    },
    PERMISSION_WORDS,
    whole=[TemplatePermission.EDIT],
)


class TemplateTag(LedgerTag):
    ADDED = "templates.template.added"
    CHANGED = "templates.template.changed"
    REMOVED = "templates.template.removed"


say(
    {
        TemplateTag.ADDED: Words("新增答复模板“{title}”", "added the template “{title}”"),
        TemplateTag.CHANGED: Words("修改答复模板“{title}”", "changed the template “{title}”"),
        TemplateTag.REMOVED: Words("删除答复模板“{title}”", "removed the template “{title}”"),
    }
)
