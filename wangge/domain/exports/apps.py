from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "wangge.domain.exports"
    label = "exports"

    def ready(self) -> None:
        from wangge.domain.exports import tags  # noqa: F401  (declare permissions)
