from django.apps import AppConfig


class MapsConfig(AppConfig):
    name = "wangge.domain.maps"
    label = "maps"

    def ready(self) -> None:
        from wangge.domain.maps import consumers  # noqa: F401  (listens)
        from wangge.domain.maps.ogc import Cases
        from wangge.domain.places import ogc

        ogc.add(Cases())
