from django.urls import path

from wangge.pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health_page, name="health"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics_page, name="metrics"),
]
"""All of them are public; ``metrics`` answers only to the addresses of WANGGE_METRICS_FROM."""
