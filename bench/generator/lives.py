"""The cases that all others are made after: each is led through the loop by the application's own acts, at its own time in the past.

A life is a list of acts and the share that it has of all cases; every status, every way out and every kind of request and demand is
among them. What the acts and their followers (search, figures, notices, seal, map) write of these cases is what `bench/shapes.py` reads.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from PIL import Image

from bench.generator.chinese import Texts
from bench.generator.places import Place, by_street
from wangge.demo.history import person
from wangge.domain.cases import actions
from wangge.domain.cases.actions import Report, Reporter, checking
from wangge.domain.cases.rules import Channel
from wangge.domain.catalog import queries as catalog
from wangge.domain.evidence import actions as evidence
from wangge.domain.evidence.actions import Promise
from wangge.domain.evidence.rules import Kind
from wangge.domain.portal.actions import reporting as portal
from wangge.domain.portal.actions.reporting import Given
from wangge.kernel import clock
from wangge.kernel.access import SYSTEM, Principal, Role, acting
from wangge.kernel.db import rows
from wangge.kernel.ids import uuid7

END = "resolve verify answer_reporter close archive"


@dataclass(frozen=True)
class Life:
    """``share`` of a thousand cases. ``when`` it ended: ``old``, in the last weeks (``lately``), or not yet (``now``): one of a hundred, a week's
    reports of two years."""

    acts: str
    share: float
    when: str = "old"
    photos: bool = False


LIVES = (
    Life(f"accept dispatch take {END}", 470),
    Life(f"accept dispatch take progress {END}", 180, photos=True),
    Life("self_resolve archive", 70, photos=True),
    Life(f"accept dispatch take {END}".replace("answer_reporter", "unreachable unreachable unreachable"), 15),
    Life(f"accept dispatch return_ dispatch take {END}", 25),
    Life(f"accept dispatch return_ dispatch return_ designate take {END}", 3),
    Life(f"accept dispatch take resolve fail take {END}", 25),
    Life(f"accept dispatch take ask_extension extend {END}", 15),
    Life(f"accept dispatch take ask_extension refuse {END}", 4),
    Life(f"accept dispatch take ask_suspension suspend resume {END}", 8),
    Life(f"accept dispatch involve take resolve_share {END}", 25),
    Life(f"accept dispatch involve decline take {END}", 3),
    Life(f"accept dispatch take ask_help answer_help {END}", 8),
    Life(f"accept dispatch take urge answer {END}", 15),
    Life(f"accept dispatch take supervise answer lift {END}", 6),
    Life(f"accept dispatch take instruct answer {END}", 3),
    Life(f"accept reclassify dispatch reassign take comment tag {END}", 8),
    Life(f"accept set_urgency dispatch take ask_reporter answer_question publish {END}", 4),
    Life(f"escalate accept dispatch take {END}", 4),
    Life(f"delegate escalate accept dispatch take set_confidential {END}", 4),
    Life("accept dispatch take resolve verify dissatisfied take resolve verify answer_reporter close archive", 5),
    Life("accept dispatch take resolve verify answer_reporter close reopen dispatch take " + END, 2),
    Life("reject", 14),
    Life("withdraw", 3),
    Life("void", 3),
    Life("twin merge", 3),
    Life(f"twin link accept dispatch take {END}", 2),
    Life("accept dispatch take resolve verify answer_reporter close", 30, "lately"),
    Life("self_resolve", 5, "lately", photos=True),
    Life("", 0.5, "now"),
    Life("accept", 0.5, "now"),
    Life("accept dispatch", 1, "now"),
    Life("accept dispatch take", 3, "now"),
    Life("accept dispatch take progress", 1.5, "now", photos=True),
    Life("accept dispatch involve take urge", 0.25, "now"),
    Life("accept dispatch take supervise", 0.25, "now"),
    Life("accept dispatch take ask_extension", 0.125, "now"),
    Life("accept dispatch take ask_suspension", 0.125, "now"),
    Life("accept dispatch take ask_help", 0.125, "now"),
    Life("accept dispatch take resolve", 0.75, "now"),
    Life("accept dispatch take resolve verify", 0.75, "now"),
    Life("accept dispatch take suspend", 1.5, "now"),
)

_AFTER = {"take": 0.7, "resolve": 4.0, "progress": 2.0, "archive": 160.0, "return_": 1.5, "reopen": 20.0}
"""Working hours until the act; half an hour for any other."""
_CHANNELS = {Channel.WORKER: 46, Channel.HOTLINE: 24, Channel.RESIDENT: 14, Channel.PATROL: 11, Channel.WINDOW: 5}


def play(*, total: int, seed: int = 7) -> list[tuple[Life, list[UUID]]]:
    """Lead about ``total`` cases, some of each life, in the streets of the demo. Returns what was made: the lives, each with its cases, one or
    two. As SYSTEM, in a database with the demo's world."""
    dice = random.Random(seed)
    places = by_street()
    streets = sorted(places, key=lambda s: (-len(places[s]), s))
    stations = {r["area"] for r in rows.all("SELECT area FROM people_unit WHERE kind = 'workstation'")}
    below = [place for some in places.values() for place in some if place.community in stations]
    texts, made = Texts(dice), []
    for life in LIVES:
        for _ in range(max(1, round(total * life.share**0.5 / sum(one.share**0.5 for one in LIVES)))):
            # the first streets have the most; a life that is told often is told in all
            street = streets[min(int(dice.expovariate(4 / len(streets))), len(streets) - 1)]
            place = dice.choice(below if "delegate" in life.acts else places[street])
            with transaction.atomic():
                case = Led(life, place, texts, dice)
                case.live()
            made.append((life, case.members))
    return made


class Led:
    """One case, or two that become one, on the way through its life."""

    def __init__(self, life: Life, place: Place, texts: Texts | None = None, dice: random.Random | None = None) -> None:
        dice = dice or random.Random()
        self.life, self.place, self.dice = life, place, dice
        self.texts = texts or Texts(dice)
        self.calendar = catalog.calendar()
        self.pace = dice.uniform(0.6, 1.6)
        steps = life.acts.split()
        hours = 1 + self.pace * sum(_AFTER.get(act, 0.5) for act in steps)
        now = clock.now() - timedelta(minutes=5)
        days = {"old": dice.uniform(30, 80), "lately": dice.uniform(2, 6), "now": 0}[life.when]
        self.at = self._before(now - timedelta(days=days), hours)
        self.worker = person(Role.GRID_WORKER, grid=place.grid)
        self.members: list[UUID] = []
        self.row: dict[str, Any] = {}

    @classmethod
    def taken_up(cls, row: dict[str, Any], place: Place) -> Led:
        """A case that is there already, to be led further from now on."""
        led = cls(Life("", 0, "now"), place)
        led.row, led.members, led.at = row, [row["id"]], clock.now()
        return led

    def live(self) -> None:
        self.row = self._report()
        steps = self.life.acts.split()
        # A limit in hours of the day runs on at night: more time is asked for within the first one.
        hurried = steps.index("ask_extension") + 1 if "ask_extension" in steps else 0
        for n, act in enumerate(steps):
            if n < hurried:
                self.at += timedelta(minutes=5)
            else:
                self.at = self.calendar.advance(self.at, self.pace * _AFTER.get(act, 0.5) * 3600, "work_hour")
            # Nobody's clock stands on the minute.
            self.at += timedelta(seconds=self.dice.randrange(60), microseconds=self.dice.randrange(1_000_000))
            getattr(self, act)()

    def _before(self, moment: datetime, hours: float) -> datetime:
        at = moment
        while self.calendar.seconds(at, moment, "work_hour") < hours * 3600:
            at -= timedelta(minutes=30)
        return at

    # — who ————————————————————————————————————————————————————————————————————————————————————————————————————————————————

    @property
    def operator(self) -> Principal:
        """Of the centre that has the case, or of the one above the workstation that has it."""
        area = rows.value("SELECT area FROM people_unit WHERE id = %(id)s", {"id": self.row["holder"]})
        return person(Role.OPERATOR, area=area[:9])

    def _handler(self, unit: UUID) -> Principal:
        return person(Role.HANDLER, unit=unit)

    def _handled(self, category: UUID) -> bool:
        """Whether the route leads to a unit in which somebody handles."""
        where = catalog.Place(self.place.street[:6], self.place.street, self.place.community, self.place.grid, {})
        choice = catalog.choose_route(category, where, self.at)
        return choice is not None and rows.value(
            "SELECT EXISTS (SELECT 1 FROM people_post WHERE unit_id = %(unit)s AND role = 'handler')",
            {"unit": choice.unit_id},
        )

    @property
    def handler(self) -> Principal:
        return self._handler(self.row["lead"])

    def _other_unit(self) -> UUID:
        """Another unit of the street that has a handler."""
        return rows.value(
            """SELECT u.id FROM people_unit u JOIN people_post p ON p.unit_id = u.id AND p.role = 'handler'
               WHERE u.area = %(street)s AND u.id IS DISTINCT FROM %(lead)s AND u.kind = 'department' ORDER BY u.name LIMIT 1""",
            {"street": self.row["street"], "lead": self.row["lead"]},
        )

    def _do(self, by: Principal, act: Callable[..., Any], **given: Any) -> None:
        with clock.at(self.at), acting(by):
            self.row = act(by=by, case=self.row["id"], **given)

    def _move(self, by: Principal, act: Callable[..., Any], **given: Any) -> None:
        self._do(by, act, version=self.row["version"], **given)

    # — the report ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _report(self) -> dict[str, Any]:
        channel = self.dice.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
        if "self_resolve" in self.life.acts or "withdraw" in self.life.acts:
            channel = Channel.WORKER
        if "dissatisfied" in self.life.acts:
            channel = Channel.HOTLINE
        if "ask_reporter" in self.life.acts:
            channel = Channel.RESIDENT
        outside = channel in (Channel.HOTLINE, Channel.RESIDENT, Channel.WINDOW)
        leaves = [c for c in catalog.leaves() if not c.confidential]
        if "self_resolve" in self.life.acts:
            leaves = [c for c in leaves if c.self_resolve]
        leaves = [c for c in leaves if self._handled(c.id)]
        category = leaves[min(int(self.dice.expovariate(4 / len(leaves))), len(leaves) - 1)]
        told = self.texts.draw()
        while told.title.decode() == self.row.get("title"):  # two of one matter are told apart by their titles
            told = self.texts.draw()
        lon, lat = self.dice.choice(self.place.points)
        by = person(Role.OPERATOR, area=self.place.street) if outside else self.worker
        number = self.dice.randrange(10_000)
        who = (f"来电人{number % 97}", f"0755-0098{number:04d}")
        said: dict[str, Any] = {
            "id": uuid7(),
            "text": f"{told.text.decode()}，第{uuid7().hex[-8:]}号",  # a text that no other case has: it is found again by it
            "address": f"{told.address.decode()}{self.dice.randrange(1, 40)}栋",
            "category": category.id,
            "point": (float(lon), float(lat)),
            "accuracy_m": float(self.dice.randrange(4, 30)),
            "confidential": outside and self.dice.random() < 0.03,
            "wants_answer": "dissatisfied" in self.life.acts or self.dice.random() < 0.9,
        }
        if channel == Channel.RESIDENT and not self.life.photos:
            return self._from_the_portal(said, *who)
        report = Report(
            **said,
            title=told.title.decode(),
            channel=channel,
            reporter=Reporter(*who) if outside else None,
            evidence=self._photos(by) if self.life.photos else (),
        )
        with clock.at(self.at), acting(by):
            row = actions.report(by=by, report=report)[0]
        self.members.append(row["id"])
        return row

    def _from_the_portal(self, said: dict[str, Any], name: str, phone: str) -> dict[str, Any]:
        """As a resident reports, who gets a code to follow the case by."""
        network = f"10.{self.dice.randrange(256)}.{self.dice.randrange(256)}.1"
        with clock.at(self.at):
            portal.report(given=Given(**said, secret=uuid7().hex, name=name, phone=phone), network=network)
        self.members.append(said["id"])
        found = rows.one("SELECT * FROM cases_case WHERE id = %(id)s", {"id": said["id"]})
        assert found is not None
        return found

    def _photos(self, by: Principal) -> tuple[Promise, ...]:
        """A photo, uploaded as a phone does."""
        pixels = np.random.default_rng(self.dice.randrange(1 << 30)).integers(0, 255, (12, 16, 3), dtype=np.uint8)
        made = io.BytesIO()
        Image.fromarray(pixels).resize((640, 480)).save(made, "JPEG", quality=70)
        id, content = uuid7(), made.getvalue()
        made.seek(0)
        with clock.at(self.at), acting(by):
            evidence.create(by=by, id=id, length=len(content), kind=Kind.PHOTO, name="photo.jpg")
            evidence.receive(by=by, upload=id, offset=0, read=made.read, length=len(content))
        with clock.at(self.at), acting(SYSTEM):
            evidence.process(id)
        return (Promise(id),)

    # — the acts ————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def accept(self) -> None:
        self._move(self.operator, actions.accept)

    def reject(self) -> None:
        self._move(self.operator, actions.reject, note="不属于网格事项受理范围，已告知反映人咨询渠道。")

    def withdraw(self) -> None:
        self._move(self.worker, actions.withdraw, note="已自行清理，无需处置。")

    def void(self) -> None:
        self._move(self.operator, actions.void, note="重复录入。")

    def escalate(self) -> None:
        self._move(self.operator, actions.escalate, note="涉及多个街道，请区中心协调。")

    def delegate(self) -> None:
        if len(rows.value("SELECT area FROM people_unit WHERE id = %(id)s", {"id": self.row["holder"]})) == 12:
            self.escalate()  # it came to the workstation by itself
            return
        self._move(self.operator, actions.delegate, note="请社区核实处理。")

    def dispatch(self) -> None:
        self._move(self.operator, actions.dispatch)

    def designate(self) -> None:
        self._move(self.operator, actions.designate, unit=self._other_unit(), note="两次退单，由中心指定。")

    def reassign(self) -> None:
        self._move(self.operator, actions.reassign, unit=self._other_unit(), note="改由该单位办理。")

    def involve(self) -> None:
        self.other = self._other_unit()
        self._move(self.operator, actions.involve, unit=self.other)

    def take(self) -> None:
        self._move(self.handler, actions.take)

    def return_(self) -> None:
        self._move(self.handler, actions.return_, note="现场核实不属我单位职责，请改派。")

    def decline(self) -> None:
        self._move(self._handler(self.other), actions.decline, note="现场已无本单位事项。")

    def resolve_share(self) -> None:
        self._move(self._handler(self.other), actions.resolve_share, result="本单位部分已处理完毕。")

    def progress(self) -> None:
        self._do(self.handler, actions.progress, note="已到现场查看，正在安排。", evidence=self._photos(self.handler))

    def resolve(self) -> None:
        photos = self._photos(self.handler) if self.life.photos else ()
        self._move(self.handler, actions.resolve, result="已安排人员到现场处理完毕，恢复正常。", evidence=photos)

    def self_resolve(self) -> None:
        """Some are drawn to be verified by somebody else."""
        self._move(self.worker, actions.self_resolve, result="现场劝导并清理完毕。", evidence=self._photos(self.worker))
        if self.row["status"] == "verifying":
            self.verify()
            self.close()

    def verify(self) -> None:
        by = self.worker if self.row["reporter"] != self.worker.id or not self.row["self_resolved"] else self.operator
        self._move(by, actions.verify, outcome="pass", note="现场核查，处置到位。")

    def fail(self) -> None:
        self._move(self.worker, actions.verify, outcome="fail", note="现场仍有残留，请清完。")

    def _asked(self, outcome: str, rating: int | None = None, note: str = "") -> None:
        if self.row["follow_up"] in (None, "unreachable", "dissatisfied"):
            self._move(self.operator, actions.follow_up, outcome=outcome, rating=rating, note=note)

    def answer_reporter(self) -> None:
        self._asked("satisfied", self.dice.choices((5, 4, 3, 2), (62, 26, 9, 3))[0])

    def unreachable(self) -> None:
        self._asked("unreachable")

    def dissatisfied(self) -> None:
        self._asked("dissatisfied", 1, "仍有异味，没有清理干净。")

    def close(self) -> None:
        self._move(self.operator, actions.close)

    def reopen(self) -> None:
        self._move(self.operator, actions.reopen, note="问题再次出现。")

    def archive(self) -> None:
        self._move(self.operator, checking.archive)

    def ask_help(self) -> None:
        self.other = self._other_unit()
        self._do(self.handler, actions.ask_help, unit=self.other, note="请协助维持现场秩序。")

    def answer_help(self) -> None:
        self._do(self._handler(self.other), actions.answer_help, note="已派两名人员到场。")

    def ask_extension(self) -> None:
        later = self.row["due_at"] + timedelta(days=7)
        self._do(self.handler, actions.ask_extension, due_at=later, note="需采购配件。")

    def extend(self) -> None:
        self._move(self.operator, actions.extend, note="同意。")

    def refuse(self) -> None:
        self._do(self.operator, actions.refuse, note="请按期办结。")

    def ask_suspension(self) -> None:
        self._do(self.handler, actions.ask_suspension, review_at=self.at + timedelta(days=60), note="待统一改造。")

    def suspend(self) -> None:
        self._move(self.operator, actions.suspend, review_at=self.at + timedelta(days=90), note="待老旧小区改造。")

    def resume(self) -> None:
        self._move(self.operator, actions.resume, note="改造已开工。")

    def urge(self) -> None:
        self._do(self.operator, actions.urge, note="请抓紧办理。")

    def supervise(self) -> None:
        by = person(Role.SUPERVISOR, area=self.row["district"])
        until = self.at + timedelta(days=3)
        self._do(by, actions.supervise, level="ordinary", answer_by=until, note="请说明进展。")

    def instruct(self) -> None:
        self._do(person(Role.LEADER, area=self.row["district"]), actions.instruct, note="请妥善处理。")

    def answer(self) -> None:
        self._do(self.handler, actions.answer, note="正在办理，今日完成。")

    def lift(self) -> None:
        who = person(Role.SUPERVISOR, area=self.row["district"])
        if "instruct" in self.life.acts:
            who = person(Role.LEADER, area=self.row["district"])
        self._do(who, actions.lift)

    def comment(self) -> None:
        self._do(self.operator, actions.comment, note="居民已多次来电，请优先。")

    def tag(self) -> None:
        self._do(self.operator, actions.tag, tags=[self.dice.choice(("夜间", "占道", "噪音", "复查"))])

    def reclassify(self) -> None:
        leaves = [c.id for c in catalog.leaves() if not c.confidential and c.id != self.row["category"]]
        self._move(self.operator, actions.reclassify, category=self.dice.choice(leaves), note="类别有误。")

    def set_urgency(self) -> None:
        wanted = "urgent" if self.row["urgency"] != "urgent" else "normal"
        self._move(self.operator, actions.set_urgency, urgency=wanted, note="影响面较大。")

    def set_confidential(self) -> None:
        self._do(self.operator, actions.set_confidential, confidential=True)

    def ask_reporter(self) -> None:
        self._do(self.operator, actions.ask_reporter, note="请问具体在几号楼？")

    def answer_question(self) -> None:
        self._do(self.operator, actions.answer_question, note="在三号楼东侧。")

    def publish(self) -> None:
        self._do(self.operator, actions.publish, public_text="已安排处理。")

    def twin(self) -> None:
        """Another report of the same matter; the acts go on with the first."""
        first = self.row
        self._report()
        self.row = first

    def merge(self) -> None:
        self._move(self.operator, actions.merge, other=self.members[1])

    def link(self) -> None:
        self._do(self.operator, actions.link, other=self.members[1])
