"""Time, asked for in one place, so that tests and examples can stand the clock still.

Where several machines work on one store, all of them go by its clock (`keep_to`): their own may be wrong, each by something else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]


_kept: tuple[datetime, float] | None = None


def now() -> datetime:
    """Return the present moment in UTC: by this machine's clock, or by the one that is kept to."""
    if _kept is None:
        return datetime.now(UTC)
    moment, since = _kept
    return moment + timedelta(seconds=ticks() - since)


def ticks() -> float:
    """Return seconds since some moment, which go on while the process, or the whole machine, sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def keep_to(ask: Callable[[], datetime]) -> None:
    """Go by another clock from now on, for the whole process: by what `ask` answers, and by how long that was ago."""
    global _kept  # noqa: PLW0603  # there is one time in a process
    before = ticks()
    moment = ask()
    _kept = (moment, (before + ticks()) / 2)


def let_go() -> None:
    """Go by this machine's own clock again."""
    global _kept  # noqa: PLW0603  # there is one time in a process
    _kept = None


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
