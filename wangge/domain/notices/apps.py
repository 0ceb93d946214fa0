from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "wangge.domain.notices"
    label = "notices"

    def ready(self) -> None:
        from wangge.domain.notices import consumers, tags  # noqa: F401  (listen, declare permissions)
