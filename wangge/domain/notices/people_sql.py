"""Who stands how to a case, and who may see it, as SQL over many cases and many persons at once.

The same that a session would find one by one (``people.actions.authenticate``); a test compares the two for everybody.
"""

from __future__ import annotations

from typing import Any

from wangge.domain.cases.tags import CasePermission
from wangge.domain.places.tags import PlacesPermission
from wangge.kernel.access import Role, roles_with
from wangge.kernel.access.roles import DESK, GRID_STAFF, NO_STAFF, UNIT_STAFF

# An area's code begins with those of the areas it lies in.
_UPWARDS = "ARRAY[left({code}, 12), left({code}, 9), left({code}, 6), left({code}, 4), left({code}, 2)]::varchar[]"
_VALID = "p.starts <= %(now)s AND (p.ends IS NULL OR p.ends > %(now)s)"
_AWAY = """EXISTS (SELECT 1 FROM people_absence gone WHERE gone.user_id = {person} AND gone.cancelled_at IS NULL
                   AND gone.starts <= %(now)s AND gone.ends > %(now)s)"""
_STANDS_IN = """SELECT a.user_id FROM people_absence a JOIN people_user absent ON absent.id = a.user_id AND absent.active
    WHERE a.deputy_id = {person} AND a.cancelled_at IS NULL AND a.starts <= %(now)s AND a.ends > %(now)s"""
_SELF_AND_DEPUTIES = """SELECT p.user_id AS person UNION ALL
    SELECT a.deputy_id FROM people_absence a WHERE a.user_id = p.user_id AND a.cancelled_at IS NULL AND a.starts <= %(now)s AND a.ends > %(now)s"""


def params(now: Any) -> dict[str, Any]:
    """The values that the fragments here name."""

    def named(roles: Any) -> list[str]:
        return sorted(str(r) for r in roles)

    return {
        "now": now,
        "readers": named(roles_with(CasePermission.READ) - NO_STAFF),
        "keepers": named(roles_with(PlacesPermission.GRIDS_MANAGE)),
        "desk": named(DESK),
        "unit_staff": named(UNIT_STAFF),
        "unit_leader": [str(Role.UNIT_LEADER)],
        "grid_staff": named(GRID_STAFF),
        "supervisor": [str(Role.SUPERVISOR)],
        "leader": [str(Role.LEADER)],
    }


def held(persons: str, roles: str = "readers") -> str:
    """The part ``held`` of a statement: what the persons of the part ``persons`` hold now of posts of these roles (which let them read
    cases; ``keepers`` those that let them change grids), their own and those of absent colleagues they stand in for. Somebody who is away, or whose account is closed, holds nothing."""
    return f"""held AS MATERIALIZED (
        SELECT x.person, p.area, p.unit_id, p.everywhere, CASE WHEN p.grid IS NOT NULL THEN
                   p.grid::text || ARRAY(SELECT m.base::text FROM places_membership m WHERE m.stacked = p.grid) END AS grids
        FROM (SELECT DISTINCT person FROM {persons}) x JOIN people_user u ON u.id = x.person AND u.active
        CROSS JOIN LATERAL (SELECT x.person AS owner UNION ALL {_STANDS_IN.format(person="x.person")}) h
        JOIN people_post p ON p.user_id = h.owner AND p.role = ANY(%({roles})s) AND {_VALID}
        WHERE NOT {_AWAY.format(person="x.person")})"""


def may_see(person: str) -> str:
    """Whether ``person`` (an expression; one of those of the part ``held``) may read the case ``c`` now."""
    return f"""EXISTS (SELECT 1 FROM held p WHERE p.person = {person} AND (
        c.reporter = p.person OR p.everywhere OR p.area IN (c.community, c.street, c.district, left(c.district, 4), left(c.district, 2))
        OR p.unit_id IN (c.lead, c.holder) OR p.unit_id = ANY(c.assisting) OR p.unit_id = ANY(c.asked) OR c.grid = ANY(p.grids)))"""


def keepers(place: str) -> str:
    """The persons who look after the grids of ``place`` (a row with its levels), or stand in for who does: a column ``person``."""
    return f"""SELECT x.person FROM people_post p CROSS JOIN LATERAL ({_SELF_AND_DEPUTIES}) x
        WHERE p.role = ANY(%(keepers)s) AND {_VALID} AND (p.everywhere OR p.area IN ({_around(place)}))"""


def may_keep(person: str, place: str) -> str:
    """Whether ``person`` (one of those of the part ``held`` of keepers) may change the grids of ``place`` now."""
    return f"""EXISTS (SELECT 1 FROM held p WHERE p.person = {person} AND (p.everywhere OR p.area IN ({_around(place)})))"""


def _around(place: str) -> str:
    return f"{place}.community, {place}.street, {place}.district, left({place}.district, 4), left({place}.district, 2)"


def _nearest(area: str, roles: str) -> str:
    """Posts of ``roles`` in the smallest area around the code ``area`` that has any."""
    return f"""SELECT p.id FROM (
        SELECT p.id, rank() OVER (ORDER BY length(p.area) DESC) AS far FROM people_post p
        WHERE p.area IS NOT NULL AND p.area = ANY({_UPWARDS.format(code=area)}) AND p.role = ANY(%({roles})s) AND {_VALID}) p
        WHERE far = 1"""


def _of_unit(unit: str, roles: str) -> str:
    return f"SELECT p.id FROM people_post p WHERE p.unit_id = {unit} AND p.role = ANY(%({roles})s) AND {_VALID}"


def _desk_of(unit: str) -> str:
    return f"""SELECT desk.id FROM people_unit h CROSS JOIN LATERAL ({_nearest("h.area", "desk")}) desk WHERE h.id = {unit}"""


def _of_grid(where: str) -> str:
    return f"SELECT p.id FROM people_post p WHERE {where} AND p.role = ANY(%(grid_staff)s) AND {_VALID}"


# For a row ``c`` (a case, with the step's data as ``data``) the posts of each relation.
POSTS = {
    "holder": f"""{_desk_of("c.holder")}
        UNION ALL SELECT d.id FROM ({_nearest("coalesce(c.community, c.street)", "desk")}) d WHERE c.holder IS NULL""",
    "first_receiver": _desk_of("c.first_receiver"),
    "lead": _of_unit("c.lead", "unit_staff"),
    "lead_leader": _of_unit("c.lead", "unit_leader"),
    "assisting": _of_unit("ANY(c.assisting)", "unit_staff"),
    "asked": f"""{_of_unit("(c.data ->> 'asked')::uuid", "unit_staff")}
        UNION ALL SELECT d.id FROM ({_desk_of("c.holder")}) d WHERE c.data ->> 'asked' IS NULL""",
    "grid": f"""{_of_grid("p.grid = c.grid")} UNION ALL {_of_grid("p.area = c.community")}
        UNION ALL {_of_grid("p.grid IN (SELECT m.stacked FROM places_membership m WHERE m.base = c.grid)")}""",
    "supervisor": _nearest("coalesce(c.community, c.street)", "supervisor"),
    "leader": _nearest("coalesce(c.community, c.street)", "leader"),
}
# … and the persons of those that are a person's own.
PERSONS = {
    "reporter": "SELECT c.reporter",
    "asker": """SELECT r.asked_by FROM cases_request r WHERE r.district = c.district AND r."case" = c.id AND r.outcome <> 'pending'
                    AND (r.id::text = c.data ->> 'request' OR (c.data ->> 'request' IS NULL AND c.data ->> 'demand' IS NULL
                         AND r.answered_by = c.actor AND r.answered_at > c.step_at - interval '1 minute'))
                UNION ALL SELECT d.made_by FROM cases_demand d WHERE d.district = c.district AND d.id::text = c.data ->> 'demand'""",
}


def related(source: str) -> str:
    """``(pos, who, person)`` for each row of ``source`` (cases with ``pos``, ``who``, ``data``, ``actor``, ``step_at``). Who is away is told through
    the deputy; what belongs to a person and not to a post is told to nobody else."""
    by_post = " UNION ALL ".join(
        f"SELECT c.pos, c.who, x.id AS post FROM {source} c CROSS JOIN LATERAL ({sql}) x WHERE c.who = '{who}'"
        for who, sql in POSTS.items()
    )
    own = " UNION ALL ".join(
        f"SELECT c.pos, c.who, x.* FROM {source} c CROSS JOIN LATERAL ({sql}) x WHERE c.who = '{who}'"
        for who, sql in PERSONS.items()
    )
    return f"""SELECT k.pos, k.who, x.person FROM ({by_post}) k JOIN people_post p ON p.id = k.post
        CROSS JOIN LATERAL ({_SELF_AND_DEPUTIES}) x
        UNION ALL {own}"""
