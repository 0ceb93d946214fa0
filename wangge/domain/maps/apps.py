from django.apps import AppConfig


class MapsConfig(AppConfig):
    name = "wangge.domain.maps"
    label = "maps"

    def ready(self) -> None:
        from wangge.domain.maps import consumers  # noqa: F401  (listens)
