from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "wangge.domain.exchange"
    label = "exchange"

    def ready(self) -> None:
        from wangge.domain.exchange import consumers, tags  # noqa: F401  (listen, declare permissions)
