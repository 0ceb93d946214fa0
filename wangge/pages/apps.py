from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "wangge.pages"
    label = "pages"
