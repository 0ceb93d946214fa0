"""Every write of the catalogue, one file for each kind of thing."""

from wangge.domain.catalog.actions.categories import add_category, change_category, import_categories, retire_category
from wangge.domain.catalog.actions.days import Day, import_year, set_days, set_hours
from wangge.domain.catalog.actions.defaults import load_defaults
from wangge.domain.catalog.actions.limits import remove_limit, set_limit
from wangge.domain.catalog.actions.routes import add_route, change_route, check_route, end_route

__all__ = [
    "Day",
    "add_category",
    "add_route",
    "change_category",
    "change_route",
    "check_route",
    "end_route",
    "import_categories",
    "import_year",
    "load_defaults",
    "remove_limit",
    "retire_category",
    "set_days",
    "set_hours",
    "set_limit",
]
