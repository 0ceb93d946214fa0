from django.apps import AppConfig


class ViewsConfig(AppConfig):
    name = "wangge.domain.views"
    label = "views"

    def ready(self) -> None:
        from wangge.domain.views import tags  # noqa: F401  (declare permissions)
