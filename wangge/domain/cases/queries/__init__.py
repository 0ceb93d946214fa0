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
    route_place,
    running_clock,
    seen,
    state,
    try_routes,
    visible,
)
from wangge.domain.cases.queries.columns import MARKS, NAMES, ROW
from wangge.domain.cases.queries.filter import IN_BOX, Box, Filter
from wangge.domain.cases.queries.held import open_work
from wangge.domain.cases.queries.queue import SORTS, counts, listed, queue

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
    "detail",
    "has_reporter",
    "list_rows",
    "listed",
    "may_see_reporter",
    "merged_into",
    "open_work",
    "parties",
    "queue",
    "route_place",
    "running_clock",
    "seen",
    "state",
    "try_routes",
    "visible",
]
