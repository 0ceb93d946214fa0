"""What the columns of a 12345 order are called, and what its words mean to us."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, partial
from uuid import UUID

from wangge.domain.cases.rules import Channel, Urgency
from wangge.domain.catalog import queries as catalog
from wangge.kernel.words import Words

LEVELS = tuple(f"category{n}" for n in range(1, 6))
COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("工单编号", "工单号", "受理编号", "留言编号", "编号", "number"),
    "received": ("受理时间", "来电时间", "登记时间", "留言时间", "received"),
    "channel": ("受理渠道", "诉求渠道", "来源渠道", "工单来源", "渠道", "来源", "channel"),
    "title": ("标题", "主题", "留言主题", "工单标题", "title"),
    "text": ("诉求内容", "工单内容", "内容", "留言详情", "问题描述", "text"),
    "address": ("事发地址", "诉求地址", "事发地点", "地址", "address"),
    "name": ("来电人", "诉求人", "姓名", "联系人", "留言用户", "name"),
    "phone": ("联系电话", "来电号码", "电话", "手机", "phone"),
    "urgency": ("紧急程度", "紧急级别", "缓急程度", "urgency"),
    "confidential": ("是否保密", "保密", "信息保密", "confidential"),
    "answer": ("是否回复", "是否需要回复", "要求答复", "是否答复", "answer"),
    **{
        f"category{n}": (
            *tuple(f"{zh}{word}" for word in ("分类", "类别", "诉求分类", "级分类", "级类别")),
            f"category{n}",
        )
        for n, zh in enumerate(("一级", "二级", "三级", "四级", "五级"), start=1)
    },
    "due": ("办理时限", "处置时限", "截止时间", "办结时限", "due"),
    "unit": ("承办单位", "主办单位", "责任单位", "unit"),
    "opinion": ("拟办意见", "派单意见", "批办意见", "转办意见", "opinion"),
    "reply": ("答复意见", "处理结果", "回复内容", "办理结果", "reply"),
    "reply_unit": ("答复单位", "回复单位", "办理单位", "reply_unit"),
    "replied": ("答复时间", "回复时间", "办结时间", "replied"),
    "extension": ("延期至", "延期时限", "延期后时限", "extension"),
    "return": ("退单原因", "退回原因", "退单理由", "return"),
}
"""Field → the titles it usually has."""
NAMES: dict[str, Words] = {
    "number": Words("工单编号", "Order number"),
    "received": Words("受理时间", "Time of receipt"),
    "channel": Words("渠道", "Channel"),
    "title": Words("标题", "Title"),
    "text": Words("诉求内容", "Text"),
    "address": Words("地址", "Address"),
    "name": Words("来电人", "Caller's name"),
    "phone": Words("联系电话", "Caller's phone"),
    "urgency": Words("紧急程度", "Urgency"),
    "confidential": Words("是否保密", "Confidential"),
    "answer": Words("是否回复", "Answer wanted"),
    **{
        f"category{n}": Words(f"{zh}分类", f"Category, level {n}")
        for n, zh in enumerate(("一级", "二级", "三级", "四级", "五级"), start=1)
    },
    "due": Words("办理时限", "Due"),
    "unit": Words("承办单位", "Unit in charge"),
    "opinion": Words("拟办意见", "What the unit was told"),
    "reply": Words("答复意见", "Reply"),
    "reply_unit": Words("答复单位", "Unit that replied"),
    "replied": Words("答复时间", "Time of the reply"),
    "extension": Words("延期至", "Extended until"),
    "return": Words("退单原因", "Why it was given back"),
}
"""What each field is called on a screen and in errors."""
REQUIRED = ("number", "received", "text")
CHOICES = ("channel", "urgency", "confidential", "answer", "category", "unit")
"""Fields whose words a mapping may translate."""

_CHANNELS = {
    "电话": Channel.HOTLINE, "热线": Channel.HOTLINE, "来电": Channel.HOTLINE, "12345": Channel.HOTLINE, "12345热线": Channel.HOTLINE,
    "网站": Channel.RESIDENT, "微信": Channel.RESIDENT, "小程序": Channel.RESIDENT, "app": Channel.RESIDENT, "邮件": Channel.RESIDENT,
    "网络": Channel.RESIDENT, "来访": Channel.WINDOW, "信访": Channel.WINDOW, "上级交办": Channel.UNIT, "部门转办": Channel.UNIT,
    "网格员": Channel.WORKER, "视频": Channel.CAMERA,
}  # fmt: skip
_URGENCIES = {
    "普通": Urgency.NORMAL, "一般": Urgency.NORMAL, "常规": Urgency.NORMAL, "平件": Urgency.NORMAL,
    "紧急": Urgency.URGENT, "加急": Urgency.URGENT, "急": Urgency.URGENT, "急件": Urgency.URGENT,
    "特急": Urgency.EMERGENCY, "突发": Urgency.EMERGENCY, "特别紧急": Urgency.EMERGENCY, "特提": Urgency.EMERGENCY,
}  # fmt: skip
_YES = {"是", "y", "yes", "1", "true", "保密", "需要", "要", "√", "需回复", "回复"}
_NO = {"否", "n", "no", "0", "false", "公开", "不保密", "不需要", "不要", "×", "无需回复", "不回复", "无"}

Translation = Mapping[str, Mapping[str, str]]
"""Field → their word → ours: a value of the field, a category's code or a unit's name."""


def plain(word: str) -> str:
    """A word as it is compared: full-width forms, case and spaces make no difference."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())


class Lexicon:
    """Their words into our values; each word is looked up once. Raises LookupError for one that means nothing here."""

    def __init__(self, street: str, translation: Translation) -> None:
        self._street = street
        self._ours = {field: {plain(k): v for k, v in words.items()} for field, words in translation.items()}
        self._units: dict[str, list[catalog.UnitOf]] = {}
        for unit in catalog.units():
            for name in {unit.name, unit.name_en} - {""}:
                self._units.setdefault(plain(name), []).append(unit)
        self._leaves = {plain(c.name): c.id for c in catalog.leaves()} | {plain(c.code): c.id for c in catalog.leaves()}
        self._channels = {plain(c.words.zh): c for c in Channel} | {str(c): c for c in Channel} | _CHANNELS
        self._urgencies = {plain(u.words.zh): u for u in Urgency} | {str(u): u for u in Urgency} | _URGENCIES
        self.channel = cache(self._channel)
        self.urgency = cache(self._urgency)
        self.confidential = cache(partial(self._flag, "confidential"))
        self.answer = cache(partial(self._flag, "answer"))
        self.unit = cache(self._unit)
        self.category = cache(self._category)

    def _translated(self, field: str, word: str) -> str:
        return plain(self._ours.get(field, {}).get(plain(word), word))

    def _channel(self, word: str) -> Channel:
        return self._channels[self._translated("channel", word)]

    def _urgency(self, word: str) -> Urgency:
        return self._urgencies[self._translated("urgency", word)]

    def _flag(self, field: str, word: str) -> bool:
        found = self._translated(field, word)
        if found in _YES:
            return True
        if found in _NO:
            return False
        raise LookupError(word)

    def _unit(self, name: str) -> UUID:
        """The unit of this name, of several the one nearest to the street: its own, then its district's, its city's."""
        near = [u for u in self._units.get(self._translated("unit", name), ()) if self._street.startswith(u.area[:9])]
        if not near:
            raise LookupError(name)
        return max(near, key=lambda u: len(u.area)).id

    def _category(self, levels: tuple[str, ...]) -> UUID | None:
        """The leaf that the whole path or its deepest word names; None when neither is of this catalogue."""
        for word in ("/".join(levels), *reversed(levels)):
            if found := self._leaves.get(self._translated("category", word)):
                return found
        return None
