"""What a process does before it is forked, so that its children go on sharing its memory."""

from __future__ import annotations

import gc


def share_memory() -> None:
    """Take all that is there now out of the garbage collector's rounds: each of them would write into every object, and so copy its page,
    and would look in vain at some hundred thousand of them."""
    gc.collect()
    gc.freeze()
