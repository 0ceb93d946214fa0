"""Cases of a view by cell."""

from wangge.domain.maps.queries.view import cases

__all__ = ["cases"]
