"""The base of what comes in over the API: unknown members are refused, so nothing is set that was not meant to be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

# In these years every sum of a time and a limit is a time, in any zone and in the database.
FIRST, LAST = 2000, 2199
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(FIRST, 1, 1, tzinfo=UTC), le=datetime(LAST, 12, 31, 23, 59, 59, tzinfo=UTC))
]
Day = Annotated[date, Field(ge=date(FIRST, 1, 1), le=date(LAST, 12, 31))]
Version = Annotated[int, Field(ge=1, le=2_000_000_000, description="as it was seen; another one since is 409")]


class Input(Schema):
    """Body of a request. A member that the schema does not name is an error (no mass assignment, no silent typo)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class VersionIn(Input):
    version: Version


class Output(Schema):
    """Body of an answer."""


class WordsOut(Output):
    """A text in both languages."""

    zh: str
    en: str
