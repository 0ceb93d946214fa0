from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "wangge.domain.cases"
    label = "cases"
