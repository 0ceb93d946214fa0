"""``/open311/v2/…``: each address ends with its format."""

from django.urls import re_path

from wangge.domain.open311 import views

FORMAT = r"\.(?P<format>json|xml)$"
urlpatterns = [
    re_path(rf"^discovery{FORMAT}", views.discovery),
    re_path(rf"^services{FORMAT}", views.services),
    re_path(rf"^services/(?P<code>[0-9A-Za-z._-]{{1,20}}){FORMAT}", views.definition),
    re_path(rf"^requests{FORMAT}", views.requests),
    re_path(rf"^requests/(?P<number>[0-9]{{1,22}}){FORMAT}", views.one_request),
    re_path(rf"^tokens/(?P<token>[0-9]{{1,22}}){FORMAT}", views.token),
]
