"""The ground of the demo: real districts, cut into streets, communities and grids. Pure; the same at every call.

Every level nests exactly in the next and every community is a valid coverage of its grids, because all are unions of the same
leaves. Stacked grids are contiguous groups of base grids, so that their borders coincide.
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
from wangge.kernel.geo.grouping import group
from wangge.kernel.geo.lattice import snap
from wangge.kernel.geo.numbering import next_codes, reading_order
from wangge.kernel.geo.subdivide import Piece, Plan, subdivide_nested, union_of
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
    return [
        plan.spread(STREETS[part].base, STREETS[part].communities) if isinstance(part, str) else _plan_of(part)
        for part in layout
    ]


def _streets_of(layout: Layout, piece: Piece) -> Iterator[tuple[str, Piece]]:
    for part, child in zip(layout, piece.children, strict=True):
        if isinstance(part, str):
            yield part, child
        else:
            yield from _streets_of(part, child)


def _street(wanted: Street, piece: Piece, name: str, fresh: Iterator[Words]) -> MadeStreet:
    order = reading_order([child.geometry for child in piece.children])
    communities = []
    for number, at in enumerate(order, 1):
        child = piece.children[at]
        made = Community(f"{wanted.code}{number:03d}", next(fresh), child.geometry)
        leaves = [leaf.geometry for leaf in child.leaves()]
        made.base = _numbered("base", made, [], [([], leaves[i]) for i in reading_order(leaves)])
        communities.append(made)
    for layer, count in (("working", wanted.working), ("police", wanted.police)):
        for made, share in zip(communities, _quota([len(c.base) for c in communities], count), strict=True):
            if share:
                setattr(made, layer, _stacked(layer, made, made.base, share, made.base))
    street = MadeStreet(wanted.code, Words(name, f"{wanted.name_en} Subdistrict"), piece.geometry, communities)
    if wanted.fire:
        street.fire = _fire(street, wanted.fire)
    return street


def _quota(sizes: list[int], count: int) -> list[int]:
    """`count` groups shared out by size, the next always to whoever has most base grids for a group."""
    shares = [0] * len(sizes)
    for _ in range(count):
        shares[max(range(len(sizes)), key=lambda i: (sizes[i] / (shares[i] + 1), -i))] += 1
    return shares


def _groups(base: Sequence[MadeGrid], count: int) -> list[tuple[list[str], BaseGeometry]]:
    shapes = [g.geometry for g in base]
    found = [([base[i].code for i in part], union_of([shapes[i] for i in part])) for part in group(shapes, count)]
    return [found[i] for i in reading_order([geometry for _, geometry in found])]


def _stacked(
    layer: str, community: Community, base: Sequence[MadeGrid], count: int, given: Sequence[MadeGrid]
) -> list[MadeGrid]:
    return _numbered(layer, community, [g.code for g in given], _groups(base, count))


def _fire(street: MadeStreet, count: int) -> list[MadeGrid]:
    """Fire grids reach over several communities; each has its code from the community that most of its base grids are in."""
    base = [g for c in street.communities for g in c.base]
    homes = {c.code: c for c in street.communities}
    made: list[MadeGrid] = []
    for members, geometry in _groups(base, count):
        home = homes[max(sorted(found := Counter(code[:12] for code in members)), key=lambda c: found[c])]
        given = [g.code for g in (*home.base, *home.police, *made)]
        made += _numbered("fire", home, given, [(members, geometry)])
    for number, grid in enumerate(made, 1):
        grid.name = _name("fire", Words(street.name.zh, street.name.en), number)
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
