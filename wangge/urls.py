"""Addresses outside the API are few: the start page, health, metrics, OGC."""

from __future__ import annotations

from django.urls import include, path

from wangge.api import api, present

urlpatterns = [
    path("api/v1/", api.urls),
    *([path("ogc/", include("wangge.domain.places.ogc"))] if present("wangge.domain.places.ogc") else []),
    *([path("", include("wangge.pages.urls"))] if present("wangge.pages") else []),
]
