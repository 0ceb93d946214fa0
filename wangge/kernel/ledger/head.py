"""The newest signed root in a file beside the key file: the nearest of the second places, outside the database.

Somebody who cuts the end off the ledger in the database (entries, links and batches together) leaves a shorter ledger that is sound in
itself. The head remembers that there was more. It is one batch, replaced whole after each seal; a lost or older head does no harm.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from wangge.kernel import crypto
from wangge.kernel.ledger.batches import Batch

log = logging.getLogger("wangge.ledger")

FILE = "ledger-head.json"


def path() -> Path:
    return crypto.keyring().path.with_name(FILE)


def keep(batch: Batch) -> None:
    """Remember the newest batch. A disk that refuses is logged: the seal in the database stands without it."""
    target = path()
    temporary = target.with_name(f".{FILE}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(batch.as_json(), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        log.warning("the ledger's head could not be kept in %s: %s", target, error)


def read() -> Batch | None:
    """The remembered batch, None when there is none that can be read."""
    try:
        return Batch.from_json(json.loads(path().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the ledger's head in %s cannot be read: %s", path(), error)
        return None


def forget() -> None:
    """After restoring the database to an earlier moment: what was cut off on purpose is not missing. Part of ``wangge restore``."""
    path().unlink(missing_ok=True)
