"""What an identity provider's claims mean here. Pure: no Django, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from wangge.kernel.access.roles import ADMINISTRATORS, Role


@dataclass(frozen=True)
class Rule:
    """Whoever's ``claim`` is or holds ``value`` gets the post ``role`` at ``area``, ``grid``, ``unit``, or at the codes that the claim
    ``place_claim`` holds. ``id`` is kept while the rule is: the posts it gave name it."""

    id: UUID
    claim: str
    value: str
    role: Role
    area: str | None = None
    grid: str | None = None
    unit: UUID | None = None
    place_claim: str | None = None
    title: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Rule:
        unit = stored.get("unit")
        return cls(
            **{
                **stored,
                "id": UUID(str(stored["id"])),
                "role": Role(stored["role"]),
                "unit": UUID(str(unit)) if unit else None,
            }
        )

    def stored(self) -> dict[str, Any]:
        return {k: str(v) if isinstance(v, UUID | Role) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Due:
    """A post that a rule gives to the person whose claims were read."""

    rule: UUID
    role: Role
    area: str | None
    grid: str | None
    unit: UUID | None
    title: str


def values_of(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values of a claim as texts: of the claim called exactly so (``https://idp/groups``), else step by step along the dots
    (``realm_access.roles``). Nothing for what is not there and for objects."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [str(v) for v in listed if isinstance(v, str | int) and not isinstance(v, bool) and str(v)]


def text_of(claims: Mapping[str, Any], path: str) -> str:
    """The one value of a claim; empty when there is none or more than one."""
    found = values_of(claims, path)
    return found[0] if len(found) == 1 else ""


def due(claims: Mapping[str, Any], rules: Iterable[Rule]) -> list[Due]:
    """The posts these claims give, each once. An administrator's post is never among them (``mapping`` refuses such a rule, too)."""
    found: dict[tuple[Any, ...], Due] = {}
    for rule in rules:
        if rule.role in ADMINISTRATORS or rule.value not in values_of(claims, rule.claim):
            continue
        places: list[tuple[str | None, str | None]] = [(rule.area, rule.grid)]
        if rule.place_claim:
            codes = [c for c in values_of(claims, rule.place_claim) if c.isascii() and c.isdigit()]
            places = [(None, c) if len(c) == 15 else (c, None) for c in codes]
        for area, grid in places:
            one = Due(rule.id, rule.role, area, grid, rule.unit, rule.title)
            found.setdefault((rule.role, area, grid, rule.unit), one)
    return list(found.values())


def second_factor_shown(claims: Mapping[str, Any], accepted: Iterable[str]) -> bool:
    """Whether the provider says, by ``amr`` (RFC 8176) or ``acr``, that a second factor was shown at this log-in."""
    said = {*values_of(claims, "amr"), *values_of(claims, "acr")}
    return not said.isdisjoint(accepted)
