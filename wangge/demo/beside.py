"""The other sides beside the demo: the hotline and the police in a process of their own, which speaks to the server as any partner would.

python -m wangge.demo.beside URL FILE        FILE: the tokens, by kind, as `partners.py` has written them
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from pathlib import Path

from wangge.demo.other_side import PARTS, OtherSide, Partner
from wangge.kernel import logs
from wangge.processes.tie import tie_to_supervisor

FILE = "partners.json"
"""Where the tokens are, in the folder of the demo's data."""

log = logging.getLogger("wangge.demo.beside")


def main(url: str, file: str) -> None:
    """Until asked to stop. What is said of cases stays out of the log, but for their numbers and states."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    tie_to_supervisor()
    logs.configure(process="partners")
    for kind, token in json.loads(Path(file).read_text("utf-8")).items():

        def say(number: str, what: str, words: str, kind: str = kind) -> None:
            log.info("exchanged with a simulated partner", extra={"kind": kind, "number": number, "what": what})

        side = OtherSide(Partner(url, token), PARTS[kind], say)
        threading.Thread(target=side.run, args=(stop,), name=kind, daemon=True).start()
    stop.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
