from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "wangge.domain.cases"
    label = "cases"

    def ready(self) -> None:
        from wangge.domain.cases import (
            queries,
            tags,  # noqa: F401  (declares permissions)
        )
        from wangge.domain.cases.regrid import OpenCases
        from wangge.domain.places.rules import on_grid_change
        from wangge.kernel.ledger import naming

        on_grid_change(OpenCases())
        naming.call("case", naming.Names(queries.numbers_of, queries.id_of_number))
