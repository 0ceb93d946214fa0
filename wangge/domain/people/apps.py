"""The people package as a Django app; it gives the web layer the function that knows who is asking."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "wangge.domain.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wangge.domain.people import tags  # noqa: F401  (declares who holds which permission)
        from wangge.domain.people.actions.authenticate import authenticate
        from wangge.domain.people.queries import names_of_clients, names_of_users
        from wangge.domain.people.regrid import GridPosts
        from wangge.domain.places.rules import on_grid_change
        from wangge.kernel.ledger import naming
        from wangge.kernel.web.auth import set_authenticator

        set_authenticator(authenticate)
        on_grid_change(GridPosts())
        naming.call("user", naming.Names(names_of_users))
        naming.call("token", naming.Names(names_of_clients))
