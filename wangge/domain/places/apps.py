"""The places package as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "wangge.domain.places"
    label = "places"

    def ready(self) -> None:
        from wangge.domain.places import tags  # noqa: F401  (declares who holds which permission)
