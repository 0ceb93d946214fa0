"""Made names and numbers. No person is meant by any of them; the order is fixed, so every installation has the same staff."""

from __future__ import annotations

from collections.abc import Iterator

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
_GIVEN = (
    "示安 示宁 示和 示平 示诚 示明 示远 示清 示华 示文 示武 示林 示江 示海 示山 示川 示峰 示松 示柏 示竹 示梅 示兰 示菊 示桂 示荷 示燕 示云 示雨 示雪 示晴 "
    "示晨 示晓 示春 示夏 示秋 示冬 示东 示南 示西 示北 示中 示元 示亨 示利 示贞 示仁 示义 示礼 示智 示信 示温 示良 示恭 示俭 示让"
).split()


def people() -> Iterator[str]:
    """Full names, each once: 3 300 of them. The middle character 示 marks every one as a sample (示例)."""
    for turn in range(len(_GIVEN)):
        for at, surname in enumerate(_SURNAMES):
            yield surname + _GIVEN[(at + turn) % len(_GIVEN)]


def phones() -> Iterator[str]:
    """Office numbers that cannot be anybody's: behind an area code no local number in China begins with 0."""
    return (f"0755-00{number:06d}" for number in range(1, 1_000_000))


PHONE = r"0755-00[0-9]{6}"
"""What every phone number of the demo looks like."""
