from django.apps import AppConfig


class TemplatesConfig(AppConfig):
    name = "wangge.domain.templates"
    label = "templates"

    def ready(self) -> None:
        from wangge.domain.templates import tags  # noqa: F401  (declare permissions)
