"""The catalogue as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "wangge.domain.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from wangge.domain.catalog import tags  # noqa: F401  (declares who holds which permission)
