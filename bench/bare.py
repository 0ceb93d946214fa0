"""The floor of every call that writes: settings, one route and one INSERT, by the same server, framework and driver as the program. Never
part of it."""

from __future__ import annotations

import os
from typing import Any

import orjson
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

_at: dict[str, Any] = conninfo_to_dict(os.environ["BENCH_DATABASE"])
SECRET_KEY = os.environ["BENCH_SECRET"]
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "bench.bare"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _at["dbname"],
        "USER": _at["user"],
        "PASSWORD": _at.get("password", ""),
        "HOST": _at["host"],
        "PORT": _at["port"],
        "CONN_MAX_AGE": None,
    }
}


def insert(request: HttpRequest) -> HttpResponse:
    text = orjson.loads(request.body)["text"]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_floor (id, kind, text) VALUES (gen_random_uuid(), 'bare', %s) RETURNING id", [text]
        )
        [id] = cursor.fetchone()
    answer = orjson.dumps({"id": str(id)})
    return HttpResponse(answer, content_type="application/json", headers={"Content-Length": str(len(answer))})


urlpatterns = [path("", insert)]
application = get_wsgi_application()
