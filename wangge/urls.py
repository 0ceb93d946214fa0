"""Addresses outside the API are few: the portal and the other apps, the start page, health, metrics, OGC, Open311."""

from __future__ import annotations

from django.urls import include, path

from wangge.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("open311/v2/", include("wangge.domain.open311.urls")),
    path("ogc/", include("wangge.domain.places.ogc")),
    path("", include("wangge.pages.urls")),
]

handler404 = "wangge.pages.views.not_found"
