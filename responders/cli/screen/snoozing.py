"""How long a case may be put aside by one key."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MORNING = 9
SPANS = {"1": "1 hour", "4": "4 hours", "t": f"until tomorrow, {MORNING}:00"}


def span_of(key: str, now: datetime, timezone: str) -> timedelta:
    """Return how long the case sleeps; tomorrow is the morning of the next day in `timezone`, such as "Europe/Berlin"."""
    if key != "t":
        return timedelta(hours=int(key))
    here = now.astimezone(ZoneInfo(timezone))
    day = here.date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, MORNING, tzinfo=ZoneInfo(timezone)) - now
