"""Permissions of the people domain with the roles that hold them, its ledger tags and event names."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.access.roles import ALL_STAFF
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.outbox import EventName
from wangge.kernel.words import Words


class PeoplePermission(Permission):
    UNITS_READ = "people.units.read"
    UNITS_MANAGE = "people.units.manage"
    POSTS_READ = "people.posts.read"
    POSTS_MANAGE = "people.posts.manage"
    ABSENCES_MANAGE = "people.absences.manage"
    USERS_READ = "people.users.read"
    USERS_MANAGE = "people.users.manage"
    TOKENS_MANAGE = "people.tokens.manage"
    SSO_MANAGE = "people.sso.manage"


PERMISSION_WORDS = {
    PeoplePermission.UNITS_READ: Words("查看单位", "See units"),
    PeoplePermission.UNITS_MANAGE: Words("维护单位", "Manage units"),
    PeoplePermission.POSTS_READ: Words("查看岗位", "See posts"),
    PeoplePermission.POSTS_MANAGE: Words("任免岗位", "Give and end posts"),
    PeoplePermission.ABSENCES_MANAGE: Words("登记离岗与代理", "Record absences and deputies"),
    PeoplePermission.USERS_READ: Words("查看账号", "See accounts"),
    PeoplePermission.USERS_MANAGE: Words("维护账号", "Manage accounts"),
    PeoplePermission.TOKENS_MANAGE: Words("维护访问令牌", "Manage access tokens"),
    PeoplePermission.SSO_MANAGE: Words("设置统一身份认证的映射", "Set the mapping of single sign-on"),
}

GRANTS = declare(
    {
        # The directory of offices is no secret among staff, and who dispatches needs all of it.
        PeoplePermission.UNITS_READ: ALL_STAFF | {Role.INTEGRATION},
        PeoplePermission.UNITS_MANAGE: {Role.SYSTEM_ADMIN},
        # Who holds which post, with the post's own phone: for those who work with them.
        PeoplePermission.POSTS_READ: ALL_STAFF - {Role.SYSTEM_ADMIN, Role.ANALYST},
        PeoplePermission.POSTS_MANAGE: {Role.SECURITY_ADMIN},
        PeoplePermission.ABSENCES_MANAGE: {
            Role.SECURITY_ADMIN,
            Role.UNIT_LEADER,
            Role.OPERATOR,
            Role.WORKSTATION,
            Role.GRID_HEAD,
        },
        # Log-in names and states of accounts.
        PeoplePermission.USERS_READ: {Role.SECURITY_ADMIN, Role.AUDITOR},
        PeoplePermission.USERS_MANAGE: {Role.SECURITY_ADMIN},
        PeoplePermission.TOKENS_MANAGE: {Role.SECURITY_ADMIN},
        PeoplePermission.SSO_MANAGE: {Role.SECURITY_ADMIN},
    },
    PERMISSION_WORDS,
)


class PeopleTag(LedgerTag):
    UNIT_ADDED = "people.unit.added"
    UNIT_CHANGED = "people.unit.changed"
    UNIT_RETIRED = "people.unit.retired"
    UNITS_LOADED = "people.units.loaded"
    USER_ADDED = "people.user.added"
    USER_CHANGED = "people.user.changed"
    USER_DEACTIVATED = "people.user.deactivated"
    USER_REACTIVATED = "people.user.reactivated"
    USER_UNLOCKED = "people.user.unlocked"
    POST_GIVEN = "people.post.given"
    POST_CHANGED = "people.post.changed"
    POST_ENDED = "people.post.ended"
    POST_HANDED_OVER = "people.post.handed_over"
    ABSENCE_RECORDED = "people.absence.recorded"
    ABSENCE_ENDED = "people.absence.ended"
    LOGGED_IN = "people.login.done"
    LOGIN_FAILED = "people.login.failed"
    LOGIN_LOCKED = "people.login.locked"
    LOGGED_OUT = "people.login.ended"
    FACTOR_FAILED = "people.factor.failed"
    FACTOR_SET = "people.factor.set"
    FACTOR_REMOVED = "people.factor.removed"
    RECOVERY_USED = "people.factor.recovery_used"
    RECOVERY_RENEWED = "people.factor.recovery_renewed"
    PASSWORD_CHANGED = "people.password.changed"
    PASSWORD_RESET = "people.password.reset"
    TOKEN_MADE = "people.token.made"
    TOKEN_REVOKED = "people.token.revoked"
    STAFF_LOADED = "people.staff.loaded"
    STAFF_IMPORTED = "people.staff.imported"
    ADMINISTRATOR_MADE = "people.administrator.made"
    SSO_MAPPED = "people.sso.mapped"
    SSO_LINKED = "people.sso.linked"
    SSO_UNLINKED = "people.sso.unlinked"
    LET_IN = "people.login.let_in"


say(
    {
        PeopleTag.UNIT_ADDED: Words("新增单位 {name}（{area}）", "added the unit {name} ({area})"),
        PeopleTag.UNIT_CHANGED: Words("修改了单位 {name}：{fields}", "changed the unit {name}: {fields}"),
        PeopleTag.UNIT_RETIRED: Words("停用了单位 {name}", "retired the unit {name}"),
        PeopleTag.UNITS_LOADED: Words("批量载入单位 {count} 个", "loaded {count} {count:unit|units}"),
        PeopleTag.USER_ADDED: Words("新建账号 {login}", "made the account {login}"),
        PeopleTag.USER_CHANGED: Words("修改了账号 {login}：{fields}", "changed the account {login}: {fields}"),
        PeopleTag.USER_DEACTIVATED: Words(
            "停用账号 {login}，结束岗位 {posts} 个",
            "deactivated the account {login} and ended {posts} {posts:post|posts}",
        ),
        PeopleTag.USER_REACTIVATED: Words("重新启用账号 {login}", "activated the account {login} again"),
        PeopleTag.USER_UNLOCKED: Words("解除账号 {login} 的登录锁定", "unlocked the account {login}"),
        PeopleTag.POST_GIVEN: Words(
            "任命 {login} 为{title}（{role} · {scope}）", "gave {login} the post {title} ({role} · {scope})"
        ),
        PeopleTag.POST_CHANGED: Words(
            "修改了 {login} 的岗位 {title}：{fields}", "changed the post {title} of {login}: {fields}"
        ),
        PeopleTag.POST_ENDED: Words(
            "结束 {login} 的岗位 {title}（{role} · {scope}）", "ended the post {title} of {login} ({role} · {scope})"
        ),
        PeopleTag.POST_HANDED_OVER: Words(
            "岗位 {title}（{scope}）由 {login} 移交给 {successor}",
            "handed the post {title} ({scope}) over from {login} to {successor}",
        ),
        PeopleTag.ABSENCE_RECORDED: Words(
            "登记 {login} 离岗 {starts} 至 {ends}，由 {deputy} 代理",
            "recorded {login} absent from {starts} to {ends}, {deputy} deputising",
        ),
        PeopleTag.ABSENCE_ENDED: Words(
            "{login} 的离岗提前结束，{deputy} 不再代理", "ended the absence of {login}; {deputy} deputises no more"
        ),
        PeopleTag.LOGGED_IN: Words("登录", "logged in"),
        PeopleTag.LOGIN_FAILED: Words("登录失败", "failed to log in"),
        PeopleTag.LOGIN_LOCKED: Words(
            "连续失败 {failures} 次，登录锁定至 {until}", "was locked out until {until} after {failures} failures"
        ),
        PeopleTag.LOGGED_OUT: Words("结束登录 {count} 个（{how}）", "ended {count} log-ins ({how})"),
        PeopleTag.FACTOR_FAILED: Words("动态验证码错误", "gave a wrong second factor"),
        PeopleTag.FACTOR_SET: Words("绑定了动态验证码", "set up a second factor"),
        PeopleTag.FACTOR_REMOVED: Words("解除了 {login} 的动态验证码", "removed the second factor of {login}"),
        PeopleTag.RECOVERY_USED: Words("使用了恢复码，剩余 {left} 个", "used a recovery code; {left} left"),
        PeopleTag.RECOVERY_RENEWED: Words("重新生成了恢复码", "made new recovery codes"),
        PeopleTag.PASSWORD_CHANGED: Words("修改了密码", "changed the password"),
        PeopleTag.PASSWORD_RESET: Words("重置了 {login} 的密码", "reset the password of {login}"),
        PeopleTag.TOKEN_MADE: Words(
            "创建访问令牌 {name}：{permissions}（{scope}）", "made the token {name}: {permissions} ({scope})"
        ),
        PeopleTag.TOKEN_REVOKED: Words("吊销访问令牌 {name}", "revoked the token {name}"),
        PeopleTag.STAFF_LOADED: Words(
            "批量载入人员 {users} 名、岗位 {posts} 个",
            "loaded {users} {users:member|members} of staff with {posts} {posts:post|posts}",
        ),
        PeopleTag.STAFF_IMPORTED: Words(
            "由表格导入人员 {users} 名、岗位 {posts} 个，跳过 {bad} 行",
            "imported {users} {users:member|members} of staff with {posts} {posts:post|posts} from a workbook; {bad} {bad:row|rows} left out",
        ),
        PeopleTag.SSO_MAPPED: Words(
            "设置了统一身份认证的映射（第 {version} 版），结束岗位 {posts} 个",
            "set the mapping of single sign-on (version {version}); {posts} {posts:post|posts} ended",
        ),
        PeopleTag.SSO_LINKED: Words(
            "将账号 {login} 关联到统一身份（{how}）",
            "tied the account {login} to an identity of single sign-on ({how})",
        ),
        PeopleTag.SSO_UNLINKED: Words(
            "解除了账号 {login} 与统一身份的关联（{how}）",
            "untied the account {login} from its identity of single sign-on ({how})",
        ),
        PeopleTag.LET_IN: Words(
            "由命令行允许 {login} 用口令登录至 {until}",
            "let {login} log in by password until {until}, on the command line",
        ),
        PeopleTag.ADMINISTRATOR_MADE: Words("由命令行任命 {login} 为{role}", "made {login} {role} on the command line"),
    }
)


class PeopleEvent(EventName):
    UNIT_CHANGED = "people.unit.changed"
    POST_CHANGED = "people.post.changed"
    USER_CHANGED = "people.user.changed"
    SESSION_ENDED = "people.session.ended"
