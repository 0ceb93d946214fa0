"""What is said between this system and a partner, as tables; no Django, no database."""

from wangge.domain.exchange.rules.kinds import ASKS, KINDS, LEVELS, OUT, MessageKind, PartnerKind, Told
from wangge.domain.exchange.rules.telling import does, fits, masked

__all__ = ["ASKS", "KINDS", "LEVELS", "OUT", "MessageKind", "PartnerKind", "Told", "does", "fits", "masked"]
