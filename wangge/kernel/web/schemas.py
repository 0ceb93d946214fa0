"""The bases of what comes in over the API and of what goes out.

Pydantic's own models and not ``ninja.Schema``: that one looks at every field of every row through a wrapper in Python, for ORM
objects which are never answered here. It took more time than the rest of a page of the queue together.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

# In these years every sum of a time and a limit is a time, in any zone and in the database.
FIRST, LAST = 2000, 2199
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(FIRST, 1, 1, tzinfo=UTC), le=datetime(LAST, 12, 31, 23, 59, 59, tzinfo=UTC)),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
]
"""In UTC: a text may name zones up to 24 hours away, which PostgreSQL takes for an error from 16 on."""
Day = Annotated[date, Field(ge=date(FIRST, 1, 1), le=date(LAST, 12, 31))]
Version = Annotated[int, Field(ge=1, le=2_000_000_000, description="as it was seen; another one since is 409")]


class Input(BaseModel):
    """Body of a request. A member that the schema does not name is an error (no mass assignment, no silent typo)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class VersionIn(Input):
    version: Version


class Output(BaseModel):
    """Body of an answer, from a dictionary or from an object's attributes."""

    model_config = ConfigDict(from_attributes=True)


class WordsOut(Output):
    """A text in both languages."""

    zh: str
    en: str
