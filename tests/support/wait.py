"""Wait for something that will happen, with a deadline: the only way a test may pass time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(fn: Callable[[], T], seconds: float = 60.0, *, every: float = 0.02) -> T:
    """Call ``fn`` until it returns something true, and return that. Raises TimeoutError, from fn's last exception if it raised."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            found = fn()
            last = None
        except Exception as error:
            found, last = None, error
        if found:
            return found
        pause.wait(every)
    raise TimeoutError(f"nothing within {seconds} s") from last
