"""Every read of cases: scoped, one statement each."""

from wangge.domain.cases.queries.case import (
    FACTS,
    LISTS,
    NO_CASE,
    acts,
    centre_above,
    centre_below,
    detail,
    has_reporter,
    list_rows,
    may_see_reporter,
    merged_into,
    parties,
    pauses,
    route_place,
    running_clock,
    seen,
    state,
    try_routes,
    visible,
)
from wangge.domain.cases.queries.columns import MARKS, NAMES, ROW
from wangge.domain.cases.queries.demands import demands
from wangge.domain.cases.queries.filter import IN_BOX, Box, Filter
from wangge.domain.cases.queries.held import open_work
from wangge.domain.cases.queries.load import load
from wangge.domain.cases.queries.numbers import id_of_number, numbers_of
from wangge.domain.cases.queries.proofs import step_proof
from wangge.domain.cases.queries.queue import SORTS, counts, listed, newest, queue

__all__ = [
    "FACTS",
    "IN_BOX",
    "LISTS",
    "MARKS",
    "NAMES",
    "NO_CASE",
    "ROW",
    "SORTS",
    "Box",
    "Filter",
    "acts",
    "centre_above",
    "centre_below",
    "counts",
    "demands",
    "detail",
    "has_reporter",
    "id_of_number",
    "list_rows",
    "listed",
    "load",
    "may_see_reporter",
    "merged_into",
    "newest",
    "numbers_of",
    "open_work",
    "parties",
    "pauses",
    "queue",
    "route_place",
    "running_clock",
    "seen",
    "state",
    "step_proof",
    "try_routes",
    "visible",
]
