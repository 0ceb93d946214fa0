"""The routes of people, one file for each group."""

from wangge.domain.people.api import accounts, log_in, organisation, sso, staff_import, tokens
from wangge.domain.people.api.router import router

__all__ = ["accounts", "log_in", "organisation", "router", "sso", "staff_import", "tokens"]
