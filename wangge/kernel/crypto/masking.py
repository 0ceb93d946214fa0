"""What of a sensitive value everybody may see: enough to recognise it in a list, not enough to use it."""

from __future__ import annotations

import re
from enum import StrEnum

from wangge.kernel.crypto.lookup import plain, plain_phone

# The compound surnames in use (《中国姓氏大辞典》 lists more, but not with a name of two characters after them).
COMPOUND_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 司空 夏侯 独孤 南宫 闻人 赫连 澹台 公冶 宗政 濮阳 淳于 "
    "单于 太叔 申屠 仲孙 轩辕 钟离 鲜于 闾丘 亓官 司寇 端木 巫马 公西 漆雕 乐正 壤驷 公良 拓跋 夹谷 宰父 谷梁 百里 呼延 东郭 南门 "
    "羊舌 微生 左丘 东门 西门 第五 完颜 纳兰 叶赫 爱新觉罗 歐陽 諸葛 司馬 東方 長孫 夏侯 獨孤 南宮 聞人".split()
)
_DOTS = "·•・‧．∙"
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd〇]")
_AREA_OR_ROAD = re.compile(r"街道|社区|大道|[省市区县旗镇乡村路街巷]")


class Kind(StrEnum):
    """What a value is, and so how it is masked."""

    NAME = "name"
    PHONE = "phone"
    ID_NUMBER = "id_number"
    ADDRESS = "address"
    EMAIL = "email"
    PLATE = "plate"
    TEXT = "text"


def mask(kind: Kind | str, value: str) -> str:
    """``value`` as everybody may see it; an empty value stays empty."""
    value = plain(value)
    return _BY_KIND[Kind(kind)](value) if value else ""


def mask_name(name: str) -> str:
    """张三 → 张*, 张三丰 → 张**, 欧阳锋 → 欧阳*, 买买提·吐尔逊 → 买**·***, John Smith → J*** S***.

    A name of one character is hidden whole. Words in Latin letters show their first letter and always three stars, so that the
    length of a rare name does not give it away.
    """
    for dot in _DOTS:
        if dot in name.strip(dot):
            first, *rest = (part for part in name.split(dot) if part)
            return dot.join([_first_shown(first), *("*" * len(part) if _HAN.search(part) else "***" for part in rest)])
    if not _HAN.search(name):
        return " ".join(word[0] + "***" for word in name.split())
    if len(name) == 1:
        return "*"
    for length in (4, 2):
        if len(name) > length and name[:length] in COMPOUND_SURNAMES:
            return name[:length] + "*" * (len(name) - length)
    return _first_shown(name)


def _first_shown(part: str) -> str:
    if not _HAN.search(part):
        return part[0] + "***"
    return part[0] + "*" * (len(part) - 1) if len(part) > 1 else "*"


def mask_phone(phone: str) -> str:
    """13812341234 → 138****1234, 0755-83912345 → 0755****2345, +852 9123 4567 → +852****4567; short numbers only stars."""
    digits = plain_phone(phone)
    if digits.startswith("+"):
        return digits[:4] + "****" + digits[-4:] if len(digits) >= 11 else "****"
    if re.fullmatch(r"1\d{10}", digits):
        return digits[:3] + "****" + digits[-4:]
    if re.fullmatch(r"0\d{9,11}", digits):
        area = 3 if digits[1] in "12" else 4
        return digits[:area] + "****" + digits[-4:]
    return "****" + digits[-2:] if len(digits) >= 7 else "****"


def mask_id_number(number: str) -> str:
    """440304199001011234 → 440*************34: neither the county nor the date of birth is left."""
    number = number.replace(" ", "").upper()
    if len(number) < 8:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_address(address: str) -> str:
    """Down to the community or the road, without the house: 福保街道石厦北二街8号3栋1202 → 福保街道石厦北二街****.

    An address in which no such part is found shows its first two characters at most.
    """
    digit = re.search(r"\d", address)
    before_house = address[: digit.start()] if digit else address
    parts = list(_AREA_OR_ROAD.finditer(before_house))
    return before_house[: parts[-1].end()] + "****" if parts else before_house[: min(2, len(address) // 3)] + "****"


def mask_email(address: str) -> str:
    """zhang.san@example.cn → z***@example.cn."""
    local, at, host = address.rpartition("@")
    return f"{local[0]}***@{host}" if at and local else "***"


def mask_plate(plate: str) -> str:
    """粤B12345 → 粤B***45."""
    return plate[:2] + "***" + plate[-2:] if len(plate) >= 6 else "***"


def mask_text(_: str) -> str:
    """Free text shows nothing, not even its length."""
    return "***"


_BY_KIND = {
    Kind.NAME: mask_name,
    Kind.PHONE: mask_phone,
    Kind.ID_NUMBER: mask_id_number,
    Kind.ADDRESS: mask_address,
    Kind.EMAIL: mask_email,
    Kind.PLATE: mask_plate,
    Kind.TEXT: mask_text,
}
