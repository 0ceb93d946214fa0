"""The log-ins of the demo. One well-known password serves all of them, which is why the demo loads into demo installations only."""

from __future__ import annotations

from typing import NamedTuple

from wangge.demo.plan import FUBAO, FUTIAN, YANTIAN
from wangge.kernel.words import Words

PASSWORD = "wangge-demo"


class DemoLogin(NamedTuple):
    """A person to be: `role`, what to type, and `what` this person sees and does."""

    role: Words
    login: str
    password: str
    what: Words


class _Entry(NamedTuple):
    login: str
    place: str  # which of the made staff it is: the first one called so
    role: Words
    what: Words


_YANTIAN_STREET = "440308002"

LOGINS = (
    _Entry("fubao", f"{FUBAO}-operator", Words("福保街道坐席", "Operator, Fubao street"), Words("受理、派遣、回访、结案", "Accepts, dispatches, follows up, closes")),
    _Entry("yantian", f"{_YANTIAN_STREET}-operator", Words("盐田街道坐席", "Operator, Yantian street"), Words("只见盐田街道", "Sees Yantian street only")),
    _Entry("yantianqu", f"{YANTIAN}-operator", Words("盐田区中心坐席", "Operator, Yantian district"), Words("全区案件", "All cases of the district")),
    _Entry("worker", f"{FUBAO}-worker", Words("福保网格员", "Grid worker, Fubao"), Words("上报、核查本网格", "Reports and verifies in own grids")),
    _Entry("station", f"{FUBAO}001-station", Words("福保社区工作站", "Community workstation, Fubao"), Words("本社区案件", "Cases of the community")),
    _Entry("handler", f"{FUBAO}-urbanmanagement", Words("福保综合执法队承办人", "Handler, urban management, Fubao"), Words("签收、办结", "Takes and resolves")),
    _Entry("cleaner", f"{FUBAO}-sanitation", Words("福保环卫作业队承办人", "Handler, sanitation crew, Fubao"), Words("协办", "Assists")),
    _Entry("unitleader", f"{FUBAO}-unitleader", Words("福保综合执法队负责人", "Unit leader, urban management, Fubao"), Words("本队全部案件", "All cases of the team")),
    _Entry("supervisor", f"{FUTIAN}-supervisor", Words("福田区督查员", "Supervisor, Futian"), Words("督查、抽查核查", "Supervises, samples verifications")),
    _Entry("leader", f"{FUTIAN}-leader", Words("福田区领导", "Leader, Futian"), Words("全区只读", "Reads all of the district")),
    _Entry("analyst", f"{FUTIAN}-analyst", Words("福田区统计分析员", "Analyst, Futian"), Words("只见统计，不见个案", "Figures only, no single case")),
    _Entry("auditor", "auditor", Words("审计管理员", "Auditor"), Words("核验留痕", "Verifies the ledger")),
    _Entry("sysadmin", "sysadmin", Words("系统管理员", "System administrator"), Words("区划、网格、类别、规则", "Areas, grids, categories, routes")),
    _Entry("secadmin", "secadmin", Words("安全管理员", "Security administrator"), Words("账号、岗位、令牌", "Accounts, posts, tokens")),
)  # fmt: skip


def logins() -> list[DemoLogin]:
    """The short list that `wangge demo` prints."""
    return [DemoLogin(entry.role, entry.login, PASSWORD, entry.what) for entry in LOGINS]
