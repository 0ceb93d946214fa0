from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "wangge.domain.cases"
    label = "cases"

    def ready(self) -> None:
        from wangge.domain.cases import tags  # noqa: F401  (declares permissions)
        from wangge.domain.cases.regrid import OpenCases
        from wangge.domain.places.rules import on_grid_change

        on_grid_change(OpenCases())
