"""Django's settings, made from ``wangge.config``; nothing here is edited for an installation."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from wangge import config as configuration
from wangge.kernel.db.roles import app_url

CONFIG = configuration.load()
BASEMAP = CONFIG.under

SECRET_KEY = "unused: sessions are rows, fields are encrypted with the key ring"
DEBUG = False
ALLOWED_HOSTS = [
    *CONFIG.hosts,
    "localhost",
    "127.0.0.1",
    "[::1]",
]  # by these this machine asks itself (`wangge health`)
ROOT_URLCONF = "wangge.urls"
WSGI_APPLICATION = "wangge.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "ninja",  # its pages of the API from our own static files, not from a CDN
    "procrastinate.contrib.django",
    "wangge.kernel.ledger",
    "wangge.kernel.outbox",
    "wangge.kernel.jobs",
    "wangge.domain.places",
    "wangge.domain.people",
    "wangge.domain.catalog",
    "wangge.domain.cases",
    "wangge.domain.evidence",
    "wangge.domain.search",
    "wangge.domain.notices",
    "wangge.domain.views",
    "wangge.domain.templates",
    "wangge.domain.stats",
    "wangge.domain.maps",
    "wangge.domain.exports",
    "wangge.domain.exchange",
    "wangge.domain.portal",
    "wangge.domain.open311",
    "wangge.pages",
]

MIDDLEWARE = ["wangge.kernel.web.middleware.Wangge", "whitenoise.middleware.WhiteNoiseMiddleware"]

# Static files are served from where they lie in the packages: nothing has to be collected at installation.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_IMMUTABLE_FILE_TEST = (
    r"^/static/(console|field|portal)/assets/"  # their names hold a hash of what is in them
)

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # jobs are found by wangge.kernel.jobs

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "DIRS": []}]
STATIC_URL = "/static/"

LOGGING_CONFIG = None


def database(url: str, *, name: str) -> dict[str, Any]:
    """Django's description of the database at a libpq URL or key/value string."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url)) if url else {}
    options = {k: v for k, v in parts.items() if k not in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "wangge.kernel.db.backend",
        "NAME": parts.get("dbname") or "wangge",
        "USER": parts.get("user") or "",
        "PASSWORD": parts.get("password") or "",
        "HOST": parts.get("host") or "",
        "PORT": parts.get("port") or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": f"wangge-{name}", "connect_timeout": 10} | options,
    }


def replica(url: str, app: str) -> dict[str, Any]:
    """Of a replica, with the log-in and the database of ``app`` unless it names its own. It is given up soon: the primary answers as well."""
    known = {k: v for k, v in conninfo_to_dict(app).items() if k in ("user", "password", "dbname")}
    soon = {"connect_timeout": 2, "tcp_user_timeout": 5000}
    return database(make_conninfo("", **(known | soon | conninfo_to_dict(url))), name="replica")


APP_URL = CONFIG.database_app_url or (
    app_url(CONFIG.database_url, CONFIG.database_app_role) if CONFIG.database_url else ""
)

DATABASES = {
    "default": database(APP_URL, name="app"),
    "owner": database(CONFIG.database_url, name="owner") | {"CONN_MAX_AGE": 0},
}
if CONFIG.database_replica_url:
    DATABASES["replica"] = replica(CONFIG.database_replica_url, APP_URL)
