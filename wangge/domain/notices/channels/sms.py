"""SMS by an adapter: every operator has an interface of its own. ``WANGGE_SMS`` names it: ``log``, or ``module:Class`` of an installed
package that has ``send`` as here."""

from __future__ import annotations

import importlib
import logging
from typing import Protocol

from wangge.domain.notices.channels import NotConfigured
from wangge.kernel import crypto
from wangge.kernel.problems import Invalid

log = logging.getLogger("wangge.notices.sms")


class Sms(Protocol):
    """What an adapter is. Made once a batch, without arguments; it reads its own settings."""

    def send(self, *, to: str, text: str, key: str) -> None:
        """Hand one message to the operator. ``key`` is the same at every try. Raises ``channels.Failed``; any other exception counts as
        one that may pass."""


class Log:
    """Writes that a message would have been sent, for trials: neither the number nor the text."""

    def send(self, *, to: str, text: str, key: str) -> None:
        log.info("sms", extra={"to": crypto.mask(crypto.Kind.PHONE, to), "characters": len(text), "delivery": key})


def adapter(name: str) -> Sms:
    """The adapter of this name. NotConfigured without a name, Invalid for one that cannot be loaded."""
    if not name:
        raise NotConfigured
    if name == "log":
        return Log()
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise Invalid.field(
            "WANGGE_SMS",
            "adapter",
            f"无法载入短信适配器 {name}（{type(error).__name__}）；应为 log 或 模块:类名。",
            f"The SMS adapter {name} cannot be loaded ({type(error).__name__}); it is log, or module:Class.",
        ) from error
