"""About 600 people with their posts. Every base grid has a grid worker; every log-in of the demo is one of them.

A working grid groups base grids, and rights go by base grids, so its head, deputy and assistant hold a post on each of its base
grids as well as on the working grid itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from wangge.demo.ground import Community, District, MadeGrid, MadeStreet
from wangge.demo.logins import LOGINS
from wangge.demo.plan import CITY, FUBAO
from wangge.demo.units import (
    DISTRICT_COMPANIES,
    DISTRICT_DEPARTMENTS,
    STREET_COMPANIES,
    STREET_DEPARTMENTS,
    Units,
)
from wangge.domain.people.actions.load import NewPost, NewStaff
from wangge.kernel.access import Role

WORKERS_EVERY = 9
"""A community without working grids has a grid worker for every nine base grids, or part of them."""


class Staff:
    """Collects people; names and phones come from the given sequences, log-ins say where and what somebody is."""

    def __init__(self, units: Units, names: Iterator[str], phones: Iterator[str], since: datetime) -> None:
        self.units, self.names, self.phones, self.since = units, names, phones, since
        self.all: list[NewStaff] = []
        self._given: dict[str, int] = {}

    def add(self, what: str, unit: UUID | None, *posts: NewPost) -> None:
        """A person called by `what` and a number (`440304010-worker-03`), employed by `unit`; one phone for all posts."""
        number = self._given[what] = self._given.get(what, 0) + 1
        phone = next(self.phones)
        self.all.append(
            NewStaff(
                login=LOGINS_BY_PLACE.get((what, number), f"{what}-{number:02d}"),
                name=next(self.names),
                unit=unit,
                posts=tuple(replace(p, phone=phone, starts=self.since) for p in posts),
            )
        )


LOGINS_BY_PLACE = {(entry.place, 1): entry.login for entry in LOGINS}


def make(
    districts: list[District], units: Units, names: Iterator[str], phones: Iterator[str], since: datetime
) -> list[NewStaff]:
    """All staff, the same at every call."""
    staff = Staff(units, names, phones, since)
    city = units.id(CITY, "grid_centre")
    staff.add("city-operator", city, NewPost(Role.OPERATOR, area=CITY))
    for what, role in (
        ("sysadmin", Role.SYSTEM_ADMIN),
        ("secadmin", Role.SECURITY_ADMIN),
        ("auditor", Role.AUDITOR),
    ):
        staff.add(what, city, NewPost(role, everywhere=True))
    for district in districts:
        _district(staff, district)
    return staff.all


def _district(staff: Staff, district: District) -> None:
    code, units = district.code, staff.units
    centre = units.id(code, "grid_centre")
    for _ in range(2):
        staff.add(f"{code}-operator", centre, NewPost(Role.OPERATOR, area=code))
    staff.add(f"{code}-supervisor", centre, NewPost(Role.SUPERVISOR, area=code))
    staff.add(f"{code}-leader", None, NewPost(Role.LEADER, area=code, title="分管区领导", title_en="District leader"))
    staff.add(f"{code}-analyst", centre, NewPost(Role.ANALYST, area=code))
    for duty in (*DISTRICT_DEPARTMENTS, *DISTRICT_COMPANIES):
        unit = units.id(code, duty)
        staff.add(
            f"{code}-{duty.replace('_', '')}",
            unit,
            NewPost(Role.UNIT_LEADER, unit=unit),
            NewPost(Role.HANDLER, unit=unit),
        )
    for street in district.streets:
        _street(staff, street)
        for community in street.communities:
            _community(staff, community)


def _street(staff: Staff, street: MadeStreet) -> None:
    code, units = street.code, staff.units
    centre = units.id(code, "grid_centre")
    for _ in range(3 if code == FUBAO else 1):
        staff.add(f"{code}-operator", centre, NewPost(Role.OPERATOR, area=code))
    for duty in (*STREET_DEPARTMENTS, *STREET_COMPANIES, "party_mass"):
        unit = units.id(code, duty)
        staff.add(f"{code}-{duty.replace('_', '')}", unit, NewPost(Role.HANDLER, unit=unit))
    leads = [
        NewPost(Role.UNIT_LEADER, unit=units.id(code, duty))
        for duty in (*STREET_DEPARTMENTS, *STREET_COMPANIES, "party_mass")
        if (code, duty) != (FUBAO, "urban_management")
    ]
    staff.add(f"{code}-chief", centre, *leads)
    if code == FUBAO:  # the street of most of the demo's log-ins has a leader of this team, and staff above it
        unit = units.id(code, "urban_management")
        staff.add(f"{code}-unitleader", unit, NewPost(Role.UNIT_LEADER, unit=unit))
        staff.add(f"{code}-supervisor", centre, NewPost(Role.SUPERVISOR, area=code))
        staff.add(f"{code}-leader", None, NewPost(Role.LEADER, area=code, title="街道负责人", title_en="Street leader"))
    for grid in street.fire:
        staff.add(
            f"{code}-fire",
            units.id(street.code[:6], "fire"),
            NewPost(Role.PATROLLER, grid=grid.code, title="消防网格责任人", title_en="Fire grid officer", public=True),
        )


def _community(staff: Staff, community: Community) -> None:
    code = community.code
    station = staff.units.workstations[code].id
    staff.add(
        f"{code}-station",
        station,
        NewPost(Role.WORKSTATION, area=code),
        NewPost(Role.GRID_HEAD, area=code, title="总网格长", title_en="Chief grid head", public=True),
    )
    if community.working:
        _working(staff, community, station)
    else:
        for part in _shares(community.base, -(-len(community.base) // WORKERS_EVERY)):
            _worker(staff, community, station, [g.code for g in part])
    # two neighbouring police grids have one officer, of the street's station
    for part in _shares(community.police, -(-len(community.police) // 2)) if community.police else []:
        posts = [
            NewPost(Role.PATROLLER, grid=g.code, title="社区民警", title_en="Community police officer", public=True)
            for g in part
        ]
        staff.add(f"{code[:9]}-officer", staff.units.id(code[:9], "police"), *posts)


def _working(staff: Staff, community: Community, station: UUID) -> None:
    """A head and a worker for each working grid; a deputy and an assistant for all of the community's."""
    for grid in community.working:
        staff.add(
            f"{community.code[:9]}-head",
            station,
            NewPost(Role.GRID_HEAD, grid=grid.code, title="网格长", title_en="Grid head", public=True),
            *(NewPost(Role.GRID_HEAD, grid=c, title="网格长", title_en="Grid head", public=True) for c in grid.members),
        )
        _worker(staff, community, station, [*grid.members, grid.code])
    every = [c for grid in community.working for c in (grid.code, *grid.members)]
    for what, role, title, title_en in (
        ("deputy", Role.GRID_DEPUTY, "副网格长", "Deputy grid head"),
        ("assistant", Role.GRID_ASSISTANT, "网格长助理", "Assistant to the grid head"),
    ):
        posts = [NewPost(role, grid=c, title=title, title_en=title_en) for c in every]
        staff.add(f"{community.code[:9]}-{what}", station, *posts)


def _worker(staff: Staff, community: Community, station: UUID, grids: Sequence[str]) -> None:
    posts = [NewPost(Role.GRID_WORKER, grid=c, public=True) for c in grids]
    staff.add(f"{community.code[:9]}-worker", station, *posts)


def _shares(grids: Sequence[MadeGrid], parts: int) -> Iterator[Sequence[MadeGrid]]:
    """Runs of neighbouring numbers, as even as can be."""
    for i in range(parts):
        yield grids[len(grids) * i // parts : len(grids) * (i + 1) // parts]
