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
    ``persons``: expressions that are a user's id; ``case``: the expression that is a case's. A level the table does not have is None."""

    district: str | None = "district"
    street: str | None = "street"
    community: str | None = "community"
    grid: str | None = "grid"
    units: tuple[str, ...] = ()
    unit_lists: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    case: str | None = None


PLAIN = Columns()


@dataclass(frozen=True)
class Part:
    """One term of a scope: the rows whose ``column`` is one of ``values`` or, when it is ``listed``, holds one of them."""

    name: str
    column: str
    values: tuple[Any, ...]
    listed: bool = False

    def sql(self, alias: str, params: dict[str, Any]) -> str:
        params[f"scope_{self.name}"] = list(self.values)
        given = f"%(scope_{self.name})s"
        return f"{alias}.{self.column} && {given}" if self.listed else f"{alias}.{self.column} = ANY({given})"


@dataclass(frozen=True)
class Scope:
    """A union of areas (by code), grids (by code), units, one person and single cases. Empty: sees nothing.

    ``cases`` are a resident's, who proved each of them by its code. They are not told to the database (``settings``): bound to such a
    scope a connection sees nothing, and the portal's own door is the only way to them."""

    everything: bool = False
    districts: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    units: frozenset[UUID] = frozenset()
    person: UUID | None = None
    cases: frozenset[UUID] = frozenset()

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
            cases=self.cases | other.cases,
        )

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, f.name) for f in fields(self))

    def parts(self, columns: Columns = PLAIN) -> list[Part]:
        """The terms of the union as this table can hold them, each simple enough for an index of its own. Not for ``everything``."""
        terms: list[Part] = []

        def among(name: str, values: Iterable[Any], expressions: Iterable[str | None], *, listed: bool = False) -> None:
            if chosen := tuple(sorted(values)):
                terms.extend(Part(name, e, chosen, listed) for e in expressions if e)

        among("districts", self.districts, [columns.district])
        among("streets", self.streets, [columns.street])
        among("communities", self.communities, [columns.community])
        among("grids", self.grids, [columns.grid])
        among("units", self.units, columns.units)
        among("units", self.units, columns.unit_lists, listed=True)
        among("person", [self.person] if self.person else [], columns.persons)
        among("cases", self.cases, [columns.case])
        return terms

    def sql(self, alias: str, params: dict[str, Any], columns: Columns = PLAIN) -> str:
        """The predicate for table ``alias``; its values are added to ``params`` under names that start with ``scope_``.

        Always a parenthesised boolean that is never NULL, ``(FALSE)`` for a scope that this table cannot satisfy.
        """
        if self.everything:
            return "(TRUE)"
        terms = [part.sql(alias, params) for part in self.parts(columns)]
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
