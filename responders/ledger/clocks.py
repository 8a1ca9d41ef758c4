"""The clocks of a case: until when we answer first, answer next, and are done. Plain functions over what a case keeps of them.

A clock runs by the hours that stood in the rules when it was started. That of the resolution stands still while we wait for the person:
from our answer until they write again. Answering ends the clock of the answer; a case that needs nothing more has no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.openings import ALWAYS, Schedule
from listener.store.base import pack, unpack


@dataclass(frozen=True, slots=True)
class Clocks:
    """How the clocks of a case stand. None means that no such clock runs.

    `respond_by` is the clock of the first answer until `responded_at`, and of the next one from then on. `paused_at` is since when that
    of the resolution stands still.
    """

    respond_by: datetime | None = None
    resolve_by: datetime | None = None
    responded_at: datetime | None = None
    paused_at: datetime | None = None
    schedule: Schedule = ALWAYS

    @property
    def owed(self) -> str:
        """Which answer `respond_by` is about: the "first" or the "next"."""
        return "next" if self.responded_at else "first"

    def left(self, at: datetime) -> timedelta | None:
        """Return how long the clock of the resolution has still to run, below zero where it ran out; None where there is none."""
        if self.resolve_by is None:
            return None
        until = self.paused_at or at
        return self.schedule.between(until, self.resolve_by) if self.resolve_by >= until else self.resolve_by - until


def started(
    clocks: Clocks, schedule: Schedule, *, respond_in: timedelta | None, resolve_in: timedelta | None, owed: bool, since: datetime
) -> Clocks:
    """Return the clocks after the person wrote at `since`.

    Args:
        clocks: how they stood.
        schedule: when clocks run that start now.
        respond_in: how long we have to answer; None for no limit.
        resolve_in: how long we have to be done, where no such clock was started before.
        owed: whether an answer was owed before: whoever writes again while waiting does not wait longer for it.
        since: when the person wrote.
    """
    times = (clocks.respond_by if owed else None, None if respond_in is None else schedule.later(since, respond_in))
    respond_by = min((moment for moment in times if moment), default=None)
    resolve_by = _resumed(clocks, since)
    if resolve_by is not None:
        return Clocks(respond_by, resolve_by, clocks.responded_at, None, clocks.schedule)
    resolve_by = None if resolve_in is None else schedule.later(since, resolve_in)
    return Clocks(respond_by, resolve_by, clocks.responded_at, None, schedule)


def _resumed(clocks: Clocks, at: datetime) -> datetime | None:
    """Return when the resolution is due if its clock goes on at `at`; one that had run out stays where it was."""
    if clocks.resolve_by is None or clocks.paused_at is None or clocks.resolve_by <= clocks.paused_at:
        return clocks.resolve_by
    left = clocks.schedule.between(clocks.paused_at, clocks.resolve_by)
    return clocks.schedule.later(max(at, clocks.paused_at), left)


def answered(clocks: Clocks, at: datetime) -> Clocks:
    """Return the clocks after we answered at `at`: no answer is owed, and until the person writes the resolution is not ours to reach."""
    paused = clocks.paused_at or (at if clocks.resolve_by else None)
    return Clocks(None, clocks.resolve_by, clocks.responded_at or at, paused, clocks.schedule)


def resumed(clocks: Clocks, at: datetime) -> Clocks:
    """Return the clocks after it turned out at `at` that it is our turn after all: our answer is not there, or was taken back."""
    return Clocks(clocks.respond_by, _resumed(clocks, at), clocks.responded_at, None, clocks.schedule)


def ended(clocks: Clocks) -> Clocks:
    """Return the clocks of a case that needs nothing more."""
    return Clocks(responded_at=clocks.responded_at, schedule=clocks.schedule)


def pack_schedule(schedule: Schedule) -> str:
    """Return a schedule as it is stored; "" for one that always runs."""
    return pack([dict(schedule.hours), schedule.timezone]) if schedule.hours else ""


def unpack_schedule(stored: str) -> Schedule:
    """Read a schedule as `pack_schedule` wrote it."""
    if not stored:
        return ALWAYS
    kept = unpack(stored)
    if not isinstance(kept, list):
        return ALWAYS
    hours, timezone = kept
    return Schedule(hours, timezone)
