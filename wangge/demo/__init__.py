"""The demo installation: two real districts with synthetic grids, offices, staff and cases (docs/demo.md).

`logins()` needs no Django; `load` imports what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Callable

from wangge.demo.logins import DemoLogin, logins
from wangge.kernel.commands import tell
from wangge.kernel.words import Words

__all__ = ["DemoLogin", "load", "load_year", "logins"]


def _tell(words: Words) -> None:
    tell(Words(f"  {words.zh}", f"  {words.en}"))


def load(say: Callable[[Words], object] | None = _tell) -> None:
    """Load the demo once; see `wangge.demo.loading.load`. `say` prints at the terminal unless it is given."""
    from wangge.demo import loading

    loading.load(say)


def load_year() -> int:
    """Tell the demo's year (`wangge.demo.year`), as far as it is not there. Returns how many cases were made."""
    from wangge.demo import loading

    return loading.load_year()
