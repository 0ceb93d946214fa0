from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "wangge.kernel.outbox"
    label = "outbox"
