"""Time, asked for in one place, so that tests and examples can stand the clock still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@lru_cache(maxsize=256)  # whatever happens at one moment is written down in many places
def to_text(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds; such texts sort in the order of time."""
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return there.isoformat(timespec="microseconds")[:-6] + "Z"  # instead of "+00:00"


def from_text(text: str) -> datetime:
    """Read an RFC 3339 moment; a moment without a zone is taken as UTC.

    Raises:
        ValueError: the text is no moment.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def in_words(span: timedelta) -> str:
    """Say a length of time as a person would: "18 min", "3 h", "2 d"; negative lengths lose their sign."""
    seconds = abs(int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
