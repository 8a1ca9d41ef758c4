"""What leaves without a person, and clocks: settings that are allowed, and do not do what they seem to. All are warnings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import timedelta

from listener.openings import DAYS, opening
from listener.rules.kinds import Rate, write_rate, write_span
from listener.rules.look import Look, Path
from listener.rules.problems import Problem
from listener.rules.rulebook import Route

_HOUR = timedelta(hours=1)
_DAY = 24 * 60
_TIME = re.compile(r"(\d\d):(\d\d)")


def unattended(look: Look) -> Iterator[Problem]:
    """Find what would leave by itself without a limit of the file's own, and settings without effect."""
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number)
        if look.whole(path) and not route.shadow:
            for check in (_unlimited, _needless_approval, _weak_limits, _clocks):
                yield from check(look, path, route)
    yield from _excepted(look)
    yield from _always_quiet(look)
    yield from _nobody_told(look)


def _unlimited(look: Look, path: Path, route: Route) -> Iterator[Problem]:
    limited = look.book.boundaries.limits.model_fields_set or route.limits.model_fields_set or not look.whole(("boundaries",))
    if route.approval == "none" and route.speaks and not limited and not route.moment_of_truth:
        message = f'"{route.name}" answers by itself, and nothing in this file says how often'
        yield look.warning((*path, "approval"), "no-limits", message, "give it limits of its own, such as limits: {per_author: 1/30d}")


def _needless_approval(look: Look, path: Path, route: Route) -> Iterator[Problem]:
    if route.approval != "none":
        return
    asked = route.when != "always" and route.when.moment_of_truth is True
    if route.moment_of_truth or asked:
        message = f'"approval: none" has no effect: "{route.name}" is for moments of truth, and there a person answers'
        yield look.warning((*path, "approval"), "approval", message, "write approval: one-person, or two-people")
    elif not route.speaks:
        message = f'"approval: none" has no effect: "{route.name}" says nothing'
        yield look.warning((*path, "approval"), "approval", message, "give it a reply, or leave the approval out")


def _weak_limits(look: Look, path: Path, route: Route) -> Iterator[Problem]:
    everywhere, here = look.book.boundaries.limits, route.limits
    rates = {
        "per_thread": (here.per_thread, everywhere.per_thread),
        "per_author": (here.per_author, everywhere.per_author),
        "per_hour": (here.per_hour, everywhere.per_hour),
    }
    for key, (own, wide) in rates.items():
        if own is not None and _always_within(wide, own, _HOUR if key == "per_hour" else None):
            message = f'"{key}: {write_rate(own)}" has no effect: the whole file allows {write_rate(wide)} at most'
            yield look.warning((*path, "limits", key), "limits", message, "a route's limits can only be narrower")


def _always_within(wide: Rate, own: Rate, span: timedelta | None) -> bool:
    """Tell whether a limit that holds everywhere never lets through more than a part of the route's own."""
    wide_span, own_span = wide.per or span, own.per or span
    if wide_span is None:
        return own.count > wide.count
    if own_span is None:
        return False
    return own.count > wide.count * math.ceil(own_span / wide_span)


def _clocks(look: Look, path: Path, route: Route) -> Iterator[Problem]:
    first, last, longest = route.sla.first_response, route.sla.resolution, look.book.boundaries.answer_within
    if first is not None and first > longest:
        message = f"a first answer after {write_span(first)} comes too late: after {write_span(longest)} no answer is proposed any more"
        hint = "shorten it, or lengthen boundaries.answer_within"
        yield look.warning((*path, "sla", "first_response"), "sla", message, hint)
    if first is not None and last is not None and last < first:
        message = f"a case closed within {write_span(last)} is closed before its first answer, which has {write_span(first)}"
        yield look.warning((*path, "sla", "resolution"), "sla", message, "the two may have been mixed up")


def _excepted(look: Look) -> Iterator[Problem]:
    quiet = look.book.boundaries.quiet_hours
    routes = {route.name: route for route in look.book.routes}
    for number, name in enumerate(quiet.except_ if quiet and look.whole(("routes",)) else ()):
        if name in routes and not routes[name].speaks:
            message = f'"{name}" says nothing, so quiet hours do not touch it'
            path = ("boundaries", "quiet_hours", "except")
            yield look.warning(look.entry(path, number), "quiet-hours", message, "take it out, or give the route a reply")


def _always_quiet(look: Look) -> Iterator[Problem]:
    quiet, path = look.book.boundaries.quiet_hours, ("boundaries", "quiet_hours", "between")
    times = _TIME.findall(quiet.between) if quiet else ()
    if quiet is None or len(times) != 2:  # noqa: PLR2004 - a beginning and an end; other than that is a mistake, said elsewhere
        return
    begins, ends = (int(hour) * 60 + int(minute) for hour, minute in times)
    if begins % _DAY == ends % _DAY:
        yield look.warning(path, "quiet-hours", "quiet hours that end when they begin last all day", "nothing would ever leave by itself")
        return
    open_days = [found for day in range(len(DAYS)) if (found := opening(look.book.hours, day))]
    if open_days and look.whole(("hours",)) and all(_within(one, (begins, ends)) for one in open_days):
        message = "quiet hours cover all business hours"
        yield look.warning(
            path, "quiet-hours", message, f'the two times may have been mixed up: "{"-".join(quiet.between.split("-")[::-1])}"'
        )


def _within(open_hours: tuple[int, int], quiet: tuple[int, int]) -> bool:
    begins, ends = quiet
    if begins < ends:
        return begins <= open_hours[0] and open_hours[1] <= ends
    return open_hours[1] <= ends or open_hours[0] >= begins


def _nobody_told(look: Look) -> Iterator[Problem]:
    alerts = any(team.alert for team in look.book.teams.values())
    if look.book.mode == "send" and not alerts and look.whole(("teams",)):
        message = "answers may leave by themselves, and no team has an alert: nobody would be told of a brake or a refused sign-in"
        yield look.warning(("mode",), "no-alert", message, 'add to a team: alert: "secret:oncall"')
