"""Every write to evidence."""

from wangge.domain.evidence.actions.attach import Promise, attach_parts
from wangge.domain.evidence.actions.keeping import erase, open_original, sweep, tidy_store
from wangge.domain.evidence.actions.process import process
from wangge.domain.evidence.actions.tus import cancel, create, offset_of, receive, resumed

__all__ = [
    "Promise",
    "attach_parts",
    "cancel",
    "create",
    "erase",
    "offset_of",
    "open_original",
    "process",
    "receive",
    "resumed",
    "sweep",
    "tidy_store",
]
