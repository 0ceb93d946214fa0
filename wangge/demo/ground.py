"""The ground of the demo: real districts, cut into streets, communities and grids. Pure; the same at every call.

Every level nests exactly in the next and every community is a valid coverage of its grids, because all are unions of the same
leaves. Stacked grids are levels of the same cutting, so that their borders coincide with base grids and they are compact.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from wangge.demo import plan
from wangge.demo.plan import SAMPLE, STREETS, Layout, Street
from wangge.kernel.geo.lattice import snap
from wangge.kernel.geo.numbering import next_codes, reading_order
from wangge.kernel.geo.subdivide import Piece, Plan, subdivide_nested
from wangge.kernel.words import Words


@dataclass
class MadeGrid:
    """A grid with the codes of the base grids it is made of (itself for a base grid)."""

    code: str
    name: Words
    geometry: BaseGeometry
    members: list[str]


@dataclass
class Community:
    code: str
    short: Words
    geometry: BaseGeometry
    base: list[MadeGrid] = field(default_factory=list)
    working: list[MadeGrid] = field(default_factory=list)
    police: list[MadeGrid] = field(default_factory=list)

    @property
    def name(self) -> Words:
        return Words(f"{self.short.zh}社区{SAMPLE.zh}", f"{self.short.en} Community{SAMPLE.en}")


@dataclass
class MadeStreet:
    code: str
    name: Words
    geometry: BaseGeometry
    communities: list[Community]
    fire: list[MadeGrid] = field(default_factory=list)


@dataclass
class District:
    code: str
    name: Words
    geometry: BaseGeometry
    streets: list[MadeStreet]

    def grids(self, layer: str) -> Iterator[MadeGrid]:
        """The grids of a layer (base, working, police, fire) in the order of the streets and communities."""
        for street in self.streets:
            if layer == "fire":
                yield from street.fire
            else:
                for community in street.communities:
                    yield from getattr(community, layer)

    def communities(self) -> Iterator[Community]:
        for street in self.streets:
            yield from street.communities


LAYERS: dict[str, tuple[str, Words, Words]] = {
    # key: kind, name, what its grids are called
    "base": ("base", Words("基础网格（示例）", "Base grids (synthetic)"), Words("网格", "grid")),
    "working": ("working", Words("工作网格（示例）", "Working grids (synthetic)"), Words("工作网格", "working grid")),
    "police": ("specialised", Words("警务网格（示例）", "Police grids (synthetic)"), Words("警格", "police grid")),
    "fire": ("specialised", Words("消防网格（示例）", "Fire grids (synthetic)"), Words("消防网格", "fire grid")),
}


def real_districts() -> dict[str, BaseGeometry]:
    """The shipped polygons by code, put on the lattice. Source and licence: data/NOTICE.md."""
    text = (files("wangge.demo") / "data" / "districts.geojson").read_text("utf-8")
    return {f["properties"]["code"]: snap(shape(f["geometry"])) for f in json.loads(text)["features"]}


def make() -> list[District]:
    """Both districts with everything in them."""
    names = iter(plan.community_names())
    streets = {row["code"]: row["name"] for row in plan.street_rows() if row["code"] in STREETS}
    return [_district(code, area, streets, names) for code, area in sorted(real_districts().items())]


def _district(code: str, area: BaseGeometry, names: dict[str, str], fresh: Iterator[Words]) -> District:
    layout = plan.LAYOUT[code]
    root = subdivide_nested(area, _plan_of(layout))
    pieces = dict(_streets_of(layout, root))
    streets = [_street(STREETS[c], pieces[c], names[c], fresh) for c in sorted(pieces)]
    return District(code, plan.ABOVE[code], root.geometry, streets)


def _plan_of(layout: Layout) -> Plan:
    return [_street_plan(STREETS[part]) if isinstance(part, str) else _plan_of(part) for part in layout]


def _street_plan(street: Street) -> Plan:
    """Fire grids of whole communities, communities, and in them working or police grids of base grids."""
    sizes = plan.spread(street.base, street.communities)
    shares = _quota(sizes, street.working or street.police)
    communities: list[Plan] = [plan.even(size, n) if n else size for size, n in zip(sizes, shares, strict=True)]
    if not street.fire:
        return communities
    rest = iter(communities)
    return [[next(rest) for _ in range(n)] for n in plan.even(street.communities, street.fire)]


def _quota(sizes: list[int], count: int) -> list[int]:
    """`count` groups shared out by size, the next always to whoever has most base grids for a group."""
    shares = [0] * len(sizes)
    for _ in range(count):
        shares[max(range(len(sizes)), key=lambda i: (sizes[i] / (shares[i] + 1), -i))] += 1
    return shares


def _streets_of(layout: Layout, piece: Piece) -> Iterator[tuple[str, Piece]]:
    for part, child in zip(layout, piece.children, strict=True):
        if isinstance(part, str):
            yield part, child
        else:
            yield from _streets_of(part, child)


def _street(wanted: Street, piece: Piece, name: str, fresh: Iterator[Words]) -> MadeStreet:
    zones = piece.children if wanted.fire else [piece]
    found = [child for zone in zones for child in zone.children]
    communities = [
        _community(wanted, f"{wanted.code}{number:03d}", next(fresh), found[at])
        for number, at in enumerate(reading_order([child.geometry for child in found]), 1)
    ]
    street = MadeStreet(wanted.code, Words(name, f"{wanted.name_en} Subdistrict"), piece.geometry, communities)
    if wanted.fire:
        street.fire = _fire(street, zones)
    return street


def _community(wanted: Street, code: str, short: Words, piece: Piece) -> Community:
    made = Community(code, short, piece.geometry)
    leaves = [leaf.geometry for leaf in piece.leaves()]
    made.base = _numbered("base", made, [], [([], leaves[i]) for i in reading_order(leaves)])
    if layer := "working" if wanted.working else "police" if wanted.police else "":
        groups = [piece.children[i] for i in reading_order([child.geometry for child in piece.children])]
        parts = [(_members(made.base, group), group.geometry) for group in groups]
        setattr(made, layer, _numbered(layer, made, [g.code for g in made.base], parts))
    return made


def _members(base: Sequence[MadeGrid], piece: Piece) -> list[str]:
    """Codes of the base grids that a piece is made of."""
    codes = {g.geometry.wkb: g.code for g in base}
    return sorted(codes[leaf.geometry.wkb] for leaf in piece.leaves())


def _fire(street: MadeStreet, zones: Sequence[Piece]) -> list[MadeGrid]:
    """Fire grids reach over several communities; each has its code from the community that most of its base grids are in."""
    base = [g for c in street.communities for g in c.base]
    homes = {c.code: c for c in street.communities}
    made: list[MadeGrid] = []
    for number, at in enumerate(reading_order([zone.geometry for zone in zones]), 1):
        members = _members(base, zones[at])
        counts = Counter(code[:12] for code in members)
        home = homes[max(sorted(counts), key=counts.__getitem__)]
        given = [g.code for g in (*home.base, *home.police)]
        (grid,) = _numbered("fire", home, given, [(members, zones[at].geometry)])
        grid.name = _name("fire", Words(street.name.zh, street.name.en), number)
        made.append(grid)
    return made


def _numbered(
    layer: str, community: Community, given: Sequence[str], parts: Sequence[tuple[list[str], BaseGeometry]]
) -> list[MadeGrid]:
    """Grids with the next codes of their community; the numbers of all layers are one sequence."""
    codes = next_codes(community.code, given, len(parts))
    return [
        MadeGrid(code, _name(layer, community.short, number), geometry, members or [code])
        for number, (code, (members, geometry)) in enumerate(zip(codes, parts, strict=True), 1)
    ]


def _name(layer: str, place: Words, number: int) -> Words:
    word = LAYERS[layer][2]
    return Words(f"{place.zh}{number:02d}{word.zh}{SAMPLE.zh}", f"{place.en} {word.en} {number:02d}{SAMPLE.en}")
