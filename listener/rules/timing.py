"""The clocks that routes start (`sla`): those that could never run, or that run otherwise than they read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from listener.openings import FURTHEST, Schedule
from listener.rules.kinds import write_span
from listener.rules.look import Look, Path
from listener.rules.problems import Problem
from listener.rules.rulebook import Sla

_DAY = timedelta(days=1)
_SPANS = ("first_response", "next_response", "resolution")
_WEEK = 7
_MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def timing(look: Look) -> Iterator[Problem]:
    """Find clocks that run in hours that nobody wrote down, or whose days are longer than they read; and cries that wait for morning."""
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number, "sla")
        if route.sla.runs != "in_hours" or not look.whole(path):
            continue
        if not look.book.hours:
            yield from always_open(look, (*path, "runs"))
            continue
        if route.moment_of_truth:
            message = f'"{route.name}" is a moment of truth, and its clocks stand still at night'
            yield look.warning((*path, "runs"), "slow-clock", message, 'leave "runs" out: somebody is hurt, stranded or robbed now')
        yield from _days(look, path, route.sla)


def always_open(look: Look, path: Path) -> Iterator[Problem]:
    """Find what asks for business hours in a file that has none."""
    if not look.book.hours and look.whole(("hours",)):
        hint = 'say when somebody is there: hours: {mon-fri: "08:00-18:00"}'
        yield look.error(path, "no-hours", "the file has no business hours, so it is always open", hint)


def _days(look: Look, path: Path, sla: Sla) -> Iterator[Problem]:
    """Find spans in whole days: such a day is 24 open hours, which nobody means."""
    week = _open_in_a_week(look)
    for key in _SPANS:
        span: timedelta | None = getattr(sla, key)
        if span is None or span % _DAY:
            continue
        hours = span // timedelta(hours=1)
        days = span / (week / _WEEK)
        took = f"more than {FURTHEST.days} days" if days > FURTHEST.days else f"about {days:.0f} days"
        message = f'"{write_span(span)}" is {hours} open hours here, which take {took}'
        yield look.warning((*path, key), "long-clock", message, "write the open hours you mean, such as 16h")


def _open_in_a_week(look: Look) -> timedelta:
    # Any week will do, and any zone: the file's may be misspelt.
    return Schedule(look.book.hours).between(_MONDAY, _MONDAY + _WEEK * _DAY)
