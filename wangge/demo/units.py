"""The offices of the demo: centres at three levels, departments by duty, workstations, companies and volunteers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from wangge.demo import plan
from wangge.demo.ground import District, MadeStreet
from wangge.demo.plan import SAMPLE
from wangge.domain.people.actions.load import NewUnit
from wangge.kernel.words import Words

DISTRICT_DEPARTMENTS = {
    "urban_management": Words("城市管理局", "Urban Management Bureau"),
    "police": Words("公安分局", "Police"),
    "fire": Words("消防救援大队", "Fire and Rescue Brigade"),
    "market": Words("市场监督管理局", "Market Supervision Bureau"),
    "housing": Words("住房保障局", "Housing Bureau"),
    "construction": Words("建设工程管理局", "Construction Bureau"),
    "water": Words("水务局", "Water Bureau"),
    "ecology": Words("生态环境局", "Ecology and Environment Bureau"),
    "traffic": Words("交通运输局", "Transport Bureau"),
    "health": Words("卫生健康局", "Health Bureau"),
    "civil_affairs": Words("民政局", "Civil Affairs Bureau"),
    "justice": Words("司法局", "Justice Bureau"),
    "labour": Words("人力资源局", "Labour Bureau"),
    "education": Words("教育局", "Education Bureau"),
    "culture": Words("文化体育局", "Culture and Sport Bureau"),
    "emergency": Words("应急管理局", "Emergency Management Bureau"),
    "veterans": Words("退役军人事务局", "Veterans Bureau"),
    "disabled": Words("残疾人联合会", "Disabled Persons' Federation"),
    "party_mass": Words("党群服务中心", "Party and Mass Service Centre"),
    "petition": Words("信访局", "Petitions Bureau"),
    "agriculture": Words("农林事务管理站", "Agriculture and Forestry Station"),
}
DISTRICT_COMPANIES = {
    "power": Words("供电服务公司", "Power Company"),
    "gas": Words("燃气服务公司", "Gas Company"),
    "telecom": Words("通信服务公司", "Telecom Company"),
    "sanitation": Words("环卫服务公司", "Sanitation Company"),
    "greening": Words("园林绿化公司", "Greening Company"),
    "property": Words("物业服务公司", "Property Services Company"),
}
STREET_DEPARTMENTS = {
    "urban_management": Words("综合行政执法队", "Urban Management Team"),
    "emergency": Words("应急管理办公室", "Emergency Office"),
    "police": Words("派出所", "Police Station"),
    "market": Words("市场监管所", "Market Supervision Office"),
    "justice": Words("司法所", "Justice Office"),
    "construction": Words("城市建设办公室", "Construction Office"),
    "civil_affairs": Words("公共服务办公室", "Public Services Office"),
}
STREET_COMPANIES = {
    "sanitation": Words("环卫作业队", "Sanitation Crew"),
    "property": Words("物业服务站", "Property Services Station"),
}
# A street has no party office of its own here, so the volunteers are who its volunteer matters go to.
VOLUNTEERS = Words("志愿服务队", "Volunteer Team")


@dataclass
class Units:
    """All units in an order in which parents come first, and the way to one: by area and duty (a centre: `grid_centre`)."""

    all: list[NewUnit]
    by_duty: dict[tuple[str, str], NewUnit]
    workstations: dict[str, NewUnit]

    def id(self, area: str, duty: str) -> UUID:
        return self.by_duty[area, duty].id


def make(districts: list[District], phones: Iterator[str]) -> Units:
    """Every office with an office phone; centres have a supervision phone as well. All but public bodies carry the mark （示例）."""
    units = Units([], {}, {})

    def add(name: Words, kind: str, duty: str, area: str, parent: UUID | None) -> UUID:
        made = NewUnit(
            name=name.zh,
            name_en=name.en,
            kind=kind,
            duty=duty,
            area=area,
            parent=parent,
            phone=next(phones),
            supervision_phone=next(phones) if kind == "centre" else "",
        )
        units.all.append(made)
        if kind == "workstation":
            units.workstations[area] = made
        else:
            units.by_duty[area, duty] = made
        return made.id

    city = plan.ABOVE[plan.CITY]
    root = add(_centre(city), "centre", "grid_centre", plan.CITY, None)
    for district in districts:
        centre = add(_centre(district.name), "centre", "grid_centre", district.code, root)
        for duty, name in DISTRICT_DEPARTMENTS.items():
            add(_of(district.name, name), "department", duty, district.code, centre)
        for duty, name in DISTRICT_COMPANIES.items():
            add(_of(district.name, name, SAMPLE), "company", duty, district.code, centre)
        for street in district.streets:
            _street(street, centre, add)
    return units


def _street(street: MadeStreet, district_centre: UUID, add) -> None:
    centre = add(_centre(street.name), "centre", "grid_centre", street.code, district_centre)
    for duty, name in STREET_DEPARTMENTS.items():
        add(_of(street.name, name), "department", duty, street.code, centre)
    for duty, name in STREET_COMPANIES.items():
        add(_of(street.name, name, SAMPLE), "company", duty, street.code, centre)
    add(_of(street.name, VOLUNTEERS, SAMPLE), "volunteers", "party_mass", street.code, centre)
    for community in street.communities:
        name = Words(
            f"{community.short.zh}社区工作站{SAMPLE.zh}", f"{community.short.en} Community Workstation{SAMPLE.en}"
        )
        add(name, "workstation", "grid_centre", community.code, centre)


def _centre(place: Words) -> Words:
    return Words(f"{place.zh}网格化服务管理中心", f"{place.en} Grid Service Centre")


def _of(place: Words, office: Words, mark: Words = Words("", "")) -> Words:
    return Words(f"{place.zh}{office.zh}{mark.zh}", f"{place.en} {office.en}{mark.en}")
