"""The base of what comes in over the API: unknown members are refused, so nothing is set that was not meant to be."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict


class Input(Schema):
    """Body of a request. A member that the schema does not name is an error (no mass assignment, no silent typo)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(Schema):
    """Body of an answer."""
