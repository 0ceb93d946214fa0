from django.apps import AppConfig


class Open311Config(AppConfig):
    name = "wangge.domain.open311"
    label = "open311"
