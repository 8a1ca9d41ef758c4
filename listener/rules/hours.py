"""Business hours, as they are written: on which days, and from when to when, somebody is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from listener.openings import DAYS, minutes

_DAYS = re.compile(rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))?")


def _days(text: str) -> str:
    if not _DAYS.fullmatch(text):
        message = 'it is neither a day nor a stretch of days, such as "sat" or "mon-fri"'
        raise ValueError(message)
    return text


def _span(text: str) -> str:
    if minutes(text) is None:
        message = 'these are no hours of one day, such as "08:00-20:00"'
        raise ValueError(message)
    return text


Days = Annotated[str, AfterValidator(_days)]
Opening = Annotated[str, AfterValidator(_span), Field(description='such as "08:00-20:00"')]
Hours = Mapping[Days, Opening]
"""Days with their hours, such as `mon-fri: "08:00-20:00"`; the later entry counts for a day that stands in two."""
