"""What a command of the program ``wangge`` is made of.

A package that has something to say on the command line has a ``commands.py`` with ``COMMANDS: list[Command]``; ``wangge/cli.py``
collects them from every kernel concern and every domain. The module is imported to print ``--help``, so it must not import Django,
models or actions at its top: import them inside ``run``, which is called with Django set up (unless ``needs_django`` is False).

    def arguments(parser):
        parser.add_argument("file", help=say("工作簿", "the workbook"))

    def run(args) -> int:
        from wangge.domain.people.actions import import_staff
        ...
        return OK

    COMMANDS = [Command(("import", "staff"), Words("导入人员", "Import staff"), run, arguments)]

Exit codes: ``OK`` 0, ``FOUND`` 1 (it ran and found problems: bad rows, an altered ledger, an unhealthy server), ``USAGE`` 2 (the
command line, a file or a value is wrong), ``UNREACHABLE`` 3 (database or server cannot be reached), ``REFUSED`` 4 (not allowed or not
possible in this state), ``DEFECT`` 70 (our own defect; the traceback is in the log), 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from wangge.kernel.words import Words

OK = 0
FOUND = 1
USAGE = 2
UNREACHABLE = 3
REFUSED = 4
DEFECT = 70
INTERRUPTED = 130

_language = "zh"


def set_language(language: str) -> None:
    """Called once by ``wangge/cli.py`` before anything is printed."""
    global _language
    _language = "en" if language == "en" else "zh"


def language() -> str:
    """The language this run of the program speaks: ``zh`` or ``en``."""
    return _language


def say(zh: str | Words, en: str | None = None) -> str:
    """One of the two texts, in the language of this run: ``say("完成", "Done")`` or ``say(words)``."""
    words = zh if isinstance(zh, Words) else Words(zh, en if en is not None else zh)
    return words.say(_language)


def tell(zh: str | Words, en: str | None = None, *, file: TextIO | None = None) -> None:
    """Print one line to the person at the terminal, at once."""
    print(say(zh, en), file=file or sys.stdout, flush=True)


class CommandError(Exception):
    """A mistake of the person at the terminal, or a state they can mend. Printed as one or two sentences, never with a traceback.

    ``words`` says what happened and what to do; ``code`` is the exit code.
    """

    def __init__(self, words: Words, code: int = USAGE) -> None:
        super().__init__(words.en)
        self.words = words
        self.code = code


@dataclass(frozen=True)
class Command:
    """``name`` is the path on the command line, of one or two words: ``("health",)`` or ``("import", "grids")``.

    ``run(args)`` returns the exit code. It may raise ``CommandError`` or a ``Problem``: both are printed as sentences.
    Before ``run`` the program sets Django up (``needs_django``) and sees to it that a database answers (``needs_database``): the
    server at ``WANGGE_DATABASE_URL``, else the embedded one, which is started for the time of the command if it does not run.
    """

    name: tuple[str, ...]
    help: Words
    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], object] | None = None
    needs_django: bool = True
    needs_database: bool = True
    epilog: Words | None = None


class Progress:
    """Says how far a long work is: nothing for the first two seconds, then at most a line a second (rewritten on a terminal).

    ``with Progress(Words("导入街道", "Importing streets"), total=41352) as p: … p.step(1000)``
    """

    def __init__(self, what: Words, total: int | None = None, *, file: TextIO | None = None) -> None:
        self.what, self.total, self.done = what, total, 0
        self.file = file or sys.stderr
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._shown:
            self._line(last=True)

    def step(self, count: int = 1, *, what: Words | None = None) -> None:
        """``count`` more are done; ``what`` renames the work from here on."""
        self.done += count
        self.what = what or self.what
        now = time.monotonic()
        if now - self._start >= 2 and now - self._last >= 1:
            self._last = now
            self._line()

    def over(self, items: Iterable, every: int = 1) -> Iterator:
        """``items`` as they are, with one step an item."""
        for item in items:
            yield item
            self.step(every)

    def _line(self, *, last: bool = False) -> None:
        share = (
            f"{self.done}/{self.total} ({100 * self.done // max(self.total, 1)} %)" if self.total else f"{self.done}"
        )
        text = f"  {say(self.what)} … {share} · {time.monotonic() - self._start:.0f} s"
        if self.file.isatty():
            print(f"\r\x1b[K{text}", end="\n" if last else "", file=self.file, flush=True)
        else:
            print(text, file=self.file, flush=True)
        self._shown = True
