"""检索: Chinese full text."""

from __future__ import annotations

from itertools import cycle, repeat
from urllib.parse import quote

from bench.server import Call, Server

ASKED = {
    "rare": "q=白蚁蛀蚀",
    "rare, two words": "q=鳄龟 益田路",
    "middling": "q=益田路123号",
    "common": "q=垃圾",
    "common, two words": "q=井盖 金田路",
    "absent": "q=恐龙化石",
    "absent, of common pairs": "q=灯不亮路灯",
    "one character, common": "q=路",
    "one character, rare": "q=蚁",
    "a digit": "q=7",
    "common, with a status": "q=垃圾&status=handling",
    "common, by the hotline": "q=垃圾&channel=hotline",
}
WORDS = ("垃圾", "井盖 金田路", "益田路123号", "路", "白蚁蛀蚀")
PEOPLE = {"a district": "yantianqu", "a street": "fubao", "a unit": "unitleader", "a community": "station"}
"""Who asks, besides a leader of everything: their cases are the newest ones of a few streets, or lie far apart."""


def run(server: Server) -> None:
    for what, query in ASKED.items():
        path = f"/api/v1/search?{quote(query, safe='=&')}"
        server.ask("search", f"search, {what}", repeat(Call("leader", "GET", path)), seconds=server.seconds / 2)
    calls = [f"/api/v1/search?{quote(f'q={word}', safe='=&')}" for word in WORDS]
    for whose, login in PEOPLE.items():
        server.token(login)
        asked = cycle([Call(login, "GET", path) for path in calls])
        server.ask("search", f"search, five words, by the people of {whose}", asked, seconds=server.seconds / 2)
