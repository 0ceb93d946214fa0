"""The routes of people, one file for each group."""

from wangge.domain.people.api import accounts, log_in, organisation, staff_import, tokens
from wangge.domain.people.api.router import router

__all__ = ["accounts", "log_in", "organisation", "router", "staff_import", "tokens"]
