"""Every read of the portal."""

from wangge.domain.portal.queries.bans import bans
from wangge.domain.portal.queries.nearby import before, hours, kinds, streets, where
from wangge.domain.portal.queries.opened import figures, last_month, open_cases
from wangge.domain.portal.queries.own_data import held
from wangge.domain.portal.queries.tracking import follow, mine, photo

__all__ = [
    "bans",
    "before",
    "figures",
    "follow",
    "held",
    "hours",
    "kinds",
    "last_month",
    "mine",
    "open_cases",
    "photo",
    "streets",
    "where",
]
