"""What a person may see, as one predicate over level columns (DESIGN §1.5).

The same value answers in SQL (``sql``), in process (``covers``, the oracle of the tests) and to the database's own second lock
(``settings``, read by the row-level security policies).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Columns:
    """How a table names the levels. ``units``: expressions that are one unit's id; ``unit_lists``: arrays of them;
    ``persons``: expressions that are a user's id. A level the table does not have is None."""

    district: str | None = "district"
    street: str | None = "street"
    community: str | None = "community"
    grid: str | None = "grid"
    units: tuple[str, ...] = ()
    unit_lists: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


PLAIN = Columns()


@dataclass(frozen=True)
class Scope:
    """A union of areas (by code), grids (by code), units and one person. Empty: sees nothing."""

    everything: bool = False
    districts: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    units: frozenset[UUID] = frozenset()
    person: UUID | None = None

    @classmethod
    def area(cls, code: str) -> Scope:
        """The scope of a district, street or community by the length of its code. Higher levels are given as their districts."""
        match len(code):
            case 6:
                return cls(districts=frozenset({code}))
            case 9:
                return cls(streets=frozenset({code}))
            case 12:
                return cls(communities=frozenset({code}))
        raise ValueError(f"{code!r} is no district, street or community")

    def __or__(self, other: Scope) -> Scope:
        if self.person and other.person and self.person != other.person:
            raise ValueError("one scope belongs to one person")
        return Scope(
            everything=self.everything or other.everything,
            districts=self.districts | other.districts,
            streets=self.streets | other.streets,
            communities=self.communities | other.communities,
            grids=self.grids | other.grids,
            units=self.units | other.units,
            person=self.person or other.person,
        )

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, f.name) for f in fields(self))

    def sql(self, alias: str, params: dict[str, Any], columns: Columns = PLAIN) -> str:
        """The predicate for table ``alias``; its values are added to ``params`` under names that start with ``scope_``.

        Always a parenthesised boolean that is never NULL, ``(FALSE)`` for a scope that this table cannot satisfy.
        """
        if self.everything:
            return "(TRUE)"
        terms: list[str] = []

        def among(name: str, values: Iterable[Any], expressions: Iterable[str | None], shape: str) -> None:
            chosen = sorted(values)
            named = [e for e in expressions if e]
            if not chosen or not named:
                return
            params[f"scope_{name}"] = chosen
            terms.extend(shape.format(column=f"{alias}.{e}", value=f"%(scope_{name})s") for e in named)

        among("districts", self.districts, [columns.district], "{column} = ANY({value})")
        among("streets", self.streets, [columns.street], "{column} = ANY({value})")
        among("communities", self.communities, [columns.community], "{column} = ANY({value})")
        among("grids", self.grids, [columns.grid], "{column} = ANY({value})")
        among("units", self.units, columns.units, "{column} = ANY({value})")
        among("units", self.units, columns.unit_lists, "{column} && {value}")
        if self.person:
            among("person", [self.person], columns.persons, "{column} = ANY({value})")
        return "((" + " OR ".join(terms) + ") IS TRUE)" if terms else "(FALSE)"

    def covers(
        self,
        *,
        district: str | None = None,
        street: str | None = None,
        community: str | None = None,
        grid: str | None = None,
        units: Iterable[UUID] = (),
        persons: Iterable[UUID | None] = (),
    ) -> bool:
        """Whether a thing at these levels, held by these units and belonging to these persons, is in the scope."""
        return (
            self.everything
            or district in self.districts
            or street in self.streets
            or community in self.communities
            or grid in self.grids
            or not self.units.isdisjoint(units)
            or (self.person is not None and self.person in persons)
        )

    def settings(self) -> dict[str, str]:
        """The scope as database settings for the row-level security policies (array literals; codes and UUIDs need no quoting)."""

        def array(values: Iterable[object]) -> str:
            return "{" + ",".join(sorted(map(str, values))) + "}"

        return {
            "wangge.everything": "on" if self.everything else "off",
            "wangge.districts": array(self.districts),
            "wangge.streets": array(self.streets),
            "wangge.communities": array(self.communities),
            "wangge.grids": array(self.grids),
            "wangge.units": array(self.units),
            "wangge.persons": array([self.person] if self.person else []),
        }


EVERYTHING = Scope(everything=True)
NOTHING = Scope()
