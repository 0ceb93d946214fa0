"""The web processes' entry: ``granian --interface wsgi wangge.wsgi:application``."""

import os
from importlib import import_module

from django.conf import settings
from django.core import signals
from django.core.cache import close_caches
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # Django would read it, and with it the whole program, at the first request

# Django tidies up at both ends of each request. Nothing is cached by it here and no statement recorded; a connection that has ended is
# noticed when the next request begins.
signals.request_started.disconnect(reset_queries)
signals.request_finished.disconnect(close_caches)
signals.request_finished.disconnect(close_old_connections)
