from django.urls import path, re_path

from wangge.pages import rooms, tracking, views

urlpatterns = [
    path("", views.front_door, name="front door"),
    path("start", views.start, name="start"),
    path("health", views.health_page, name="health"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics_page, name="metrics"),
    path("portal/track", tracking.track, name="track"),
    *(re_path(rf"^{app}(?:/(?P<path>.*))?$", rooms.room(app), name=app) for app in rooms.APPS),
]
"""All of them are public; ``metrics`` answers only to the addresses of WANGGE_METRICS_FROM."""
