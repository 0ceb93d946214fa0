from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "wangge.domain.portal"
    label = "portal"
