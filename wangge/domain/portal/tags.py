"""Who may keep somebody from the portal, and how that is recorded."""

from __future__ import annotations

from wangge.kernel.access import Permission, Role, declare
from wangge.kernel.ledger import LedgerTag, say
from wangge.kernel.words import Words


class PortalPermission(Permission):
    BANS = "portal.bans"


PERMISSION_WORDS = {PortalPermission.BANS: Words("维护居民端限制名单", "Keep somebody from the portal")}

# A right of residents is taken away for a while: by who answers for security, not by the desk that would have to answer them.
GRANTS = declare({PortalPermission.BANS: {Role.SECURITY_ADMIN}}, PERMISSION_WORDS, whole=PortalPermission)


class PortalTag(LedgerTag):
    ME_TOO = "portal.me_too"
    BANNED = "portal.ban.made"
    BAN_LIFTED = "portal.ban.lifted"
    OWN_DATA = "portal.own_data.shown"
    OWN_CORRECTED = "portal.own_data.corrected"


say(
    {
        PortalTag.ME_TOO: Words("案件 {number}：又有居民反映同一问题", "case {number}: another resident says “me too”"),
        PortalTag.BANNED: Words(
            "限制居民端使用（{shown}）至 {until}：{reason}", "kept {shown} from the portal until {until}: {reason}"
        ),
        PortalTag.OWN_DATA: Words(
            "本人凭已验证的手机查阅了名下 {found} 件反映的个人信息",
            "the person looked at what is held on their proved phone: {found} {found:report|reports}",
        ),
        PortalTag.OWN_CORRECTED: Words(
            "案件 {number}：本人更正了联系方式", "case {number}: the reporter corrected how they are reached"
        ),
        PortalTag.BAN_LIFTED: Words("解除居民端限制（{shown}）", "let {shown} use the portal again"),
    }
)
