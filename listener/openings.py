"""Business hours, counted: whether somebody is there at a moment, and when a clock that runs only then has run for so long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FURTHEST = timedelta(days=366)
"""How far ahead a clock that runs in business hours can end."""

_MIDNIGHT = 24 * 60
_DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


def minutes(span: str) -> tuple[int, int] | None:
    """Read hours such as "08:00-20:00" as the minutes of a day at which they begin and end; None where they are none of one day."""
    found = _SPAN.fullmatch(span)
    if not found:
        return None
    begins, ends = (int(hour) * 60 + int(minute) for hour, minute in (found.groups()[:2], found.groups()[2:]))
    return (begins, ends) if begins < ends <= _MIDNIGHT else None


def covers(days: str, day: int) -> bool:
    """Tell whether a weekday (Monday is 0) lies in a stretch such as "mon-fri"."""
    first, _, last = days.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return begin <= day <= end if begin <= end else day >= begin or day <= end


def is_open(hours: Mapping[str, str], timezone: str, moment: datetime) -> bool:
    """Return whether `moment` lies within business hours; where a file has none, somebody is always there.

    Raises:
        KeyError, ValueError: there is no such timezone.
    """
    local = moment.astimezone(_zone(timezone))
    found = opening(hours, local.weekday())
    return not hours or (found is not None and found[0] <= _clock(local.time()) < found[1])


def opening(hours: Mapping[str, str], day: int) -> tuple[int, int] | None:
    """Return from which to which minute of a weekday (Monday is 0) somebody is there; None where nobody is."""
    today = [span for days, span in hours.items() if covers(days, day)]
    return minutes(today[-1]) if today else None


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # most clocks run always, in no timezone

    return ZoneInfo(name)


def _clock(local: time) -> int:
    return local.hour * 60 + local.minute


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a clock runs: in these business hours, or always where there are none."""

    hours: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"

    def later(self, since: datetime, span: timedelta) -> datetime:
        """Return the moment, in UTC, at which a clock that was started at `since` has run for `span`, at most a year of days ahead.

        Raises:
            KeyError, ValueError: there is no such timezone.
        """
        if not self.hours:
            return since + span
        left, ended = span, since
        for begins, ends in self._openings(since, since + FURTHEST):
            ended = ends
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        return ended

    def between(self, first: datetime, last: datetime) -> timedelta:
        """Return for how long the clock runs from `first` to `last`; nothing where `last` is not the later one.

        Raises:
            KeyError, ValueError: there is no such timezone.
        """
        if not self.hours:
            return max(last - first, timedelta())
        return sum((ends - begins for begins, ends in self._openings(first, last)), timedelta())

    def _openings(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches, in UTC, in which somebody is there; a night in which clocks are changed is as long as it is."""
        zone = _zone(self.timezone)
        day = first.astimezone(zone).date()
        while (begun := _at(day, 0, zone)) <= last:
            if found := opening(self.hours, day.weekday()):
                begins, ends = max(_at(day, found[0], zone), first), min(_at(day, found[1], zone), last)
                if begins < ends:
                    yield begins, ends
            day += _DAY
            if begun > first + FURTHEST:
                return


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return a minute of a day as a moment in UTC; minute 1,440 is the next midnight."""
    days, minute = divmod(minute, _MIDNIGHT)
    return datetime.combine(day + days * _DAY, time(minute // 60, minute % 60), zone).astimezone(UTC)


ALWAYS = Schedule()
"""Somebody is always there."""
