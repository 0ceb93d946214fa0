from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "wangge.domain.search"
    label = "search"

    def ready(self) -> None:
        from wangge.domain.search import consumers, tags  # noqa: F401  (listen, declare ledger tags)
