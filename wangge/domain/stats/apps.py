from django.apps import AppConfig


class StatsConfig(AppConfig):
    name = "wangge.domain.stats"
    label = "stats"

    def ready(self) -> None:
        from wangge.domain.stats import consumers, tags  # noqa: F401  (listen, declare permissions)
