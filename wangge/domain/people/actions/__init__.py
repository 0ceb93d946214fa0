"""Every write of the people domain, one file for each kind of act. ``load`` is for what comes by the thousand (the demo)."""

from wangge.domain.people.actions.load import NewPost, NewStaff, NewUnit, load_staff, load_units

__all__ = ["NewPost", "NewStaff", "NewUnit", "load_staff", "load_units"]
