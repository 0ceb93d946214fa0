"""The demo installation: two real districts with synthetic grids, offices, staff and cases (docs/demo.md).

`logins()` needs no Django; `load` imports what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Callable

from wangge.demo.logins import DemoLogin, logins
from wangge.kernel.commands import tell
from wangge.kernel.words import Words

__all__ = ["DemoLogin", "load", "logins"]


def load(say: Callable[[Words], object] | None = tell) -> None:
    """Load the demo once; see `wangge.demo.loading.load`."""
    from wangge.demo import loading

    loading.load(say)
