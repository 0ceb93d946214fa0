from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "wangge.kernel.ledger"
    label = "ledger"
