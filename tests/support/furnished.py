"""An installation that runs, with the small world's people in it."""

from __future__ import annotations

import subprocess
import sys

import httpx

from tests.support.program import ROOT, Running, environment

_PEOPLE = """
from wangge.processes.database import available
with available():
    import django
    django.setup()
    from tests.support import world
    world.build()
    print(world.category("0101").id)
"""


def furnished(running: Running) -> str:
    """The small world's people in the installation; the id of a category."""
    return people_in(WANGGE_HOME=str(running.home / "var"))


def people_in(**env: str) -> str:
    """The same in the database of these settings, whose schema is there."""
    done = subprocess.run(
        [sys.executable, "-c", _PEOPLE],
        cwd=ROOT,
        env=environment(**env, DJANGO_SETTINGS_MODULE="wangge.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def token_of(running: Running, login: str) -> str:
    """A session of one of the people; the installation must be a demo (no second factor)."""
    from tests.support.world import PASSWORD

    body = {"login": login, "password": PASSWORD, "as_token": True}
    return httpx.post(f"{running.address}/api/v1/session", json=body, timeout=20).raise_for_status().json()["token"]
