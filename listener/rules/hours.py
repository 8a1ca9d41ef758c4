"""Business hours: on which days, and from when to when, somebody is there. Written once in the file, asked by routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAYS = re.compile(rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))?")
_SPAN = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
_MIDNIGHT = 24


def _days(text: str) -> str:
    if not _DAYS.fullmatch(text):
        message = 'it is neither a day nor a stretch of days, such as "sat" or "mon-fri"'
        raise ValueError(message)
    return text


def _span(text: str) -> str:
    found = _SPAN.fullmatch(text)
    if not found or not _minute(found[1], found[2]) < _minute(found[3], found[4]) <= _MIDNIGHT * 60:
        message = 'these are no hours of one day, such as "08:00-20:00"'
        raise ValueError(message)
    return text


def _minute(hour: str, minute: str) -> int:
    return int(hour) * 60 + int(minute)


Days = Annotated[str, AfterValidator(_days)]
Opening = Annotated[str, AfterValidator(_span), Field(description='such as "08:00-20:00"')]
Hours = Mapping[Days, Opening]
"""Days with their hours, such as `mon-fri: "08:00-20:00"`; the later entry counts for a day that stands in two."""


def _covers(days: str, day: int) -> bool:
    first, _, last = days.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return begin <= day <= end if begin <= end else day >= begin or day <= end


def is_open(hours: Mapping[str, str], timezone: str, moment: datetime) -> bool:
    """Return whether `moment` lies within business hours; where a file has none, somebody is always there.

    Raises:
        KeyError, ValueError: there is no such timezone.
    """
    local = moment.astimezone(ZoneInfo(timezone))
    today = [span for days, span in hours.items() if _covers(days, local.weekday())]
    if not today:
        return not hours
    found = _SPAN.fullmatch(today[-1])
    return found is not None and _minute(found[1], found[2]) <= _clock(local.time()) < _minute(found[3], found[4])


def _clock(local: time) -> int:
    return local.hour * 60 + local.minute
