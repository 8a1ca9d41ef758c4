"""The switch that stops all sending. It needs neither rules nor a network nor the daemon, and not even a store that can be written.

The flag file goes up first and comes down once the store has the pause, so at every moment one of the two says "stop".
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from listener.clock import Clock, to_text
from listener.errors import EarnestError, Unreachable
from listener.store.base import Tx
from responders import flag
from responders.ledger import audit, deliveries, people
from responders.ledger.people import Pause

T = TypeVar("T")
_NOT_OUR_TURN = "another earnest pause or resume has not finished"


class Kept(flag.Kept, Protocol):
    """What the switch needs of a store; one that is opened only when it is read or written will do, since opening it may fail."""

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction."""

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction that waits for no other."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Sending is stopped: until when (None: until somebody resumes), and how many answers were on the way already (None: unknown).

    `flag` is the flag file where one stays, and `problem` says why it stays; both are empty in normal times. `stored` says whether the
    store has the pause: without that, only this machine knows. `unlogged` says why `earnest log` has no line of it (empty: it has one).
    """

    until: datetime | None
    leaving: int | None
    flag: str = ""
    problem: str = ""
    stored: bool = True
    unlogged: str = ""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """Nothing stops sending: whether something did, and why `earnest log` has no line of this (empty: it has one)."""

    was: bool
    problem: str = ""


class Switch:
    """Stops and resumes sending in the name of one person."""

    def __init__(self, store: Kept, clock: Clock, *, who: str) -> None:
        """Act as `who`."""
        self._store = store
        self._flag = store.beside(flag.ENDING)
        self._clock = clock
        self._who = who

    def pause(self, reason: str, span: timedelta | None) -> Stopped:
        """Stop all sending, for a while or until somebody resumes. Hearing, judging, drafting and alerts go on.

        Where it is stopped already, it stays so for the longer of both times. Where the store refuses, the flag file does it. The pause
        waits for nobody who writes; only the line of the log, which comes behind it, waits its turn.

        Raises:
            Unreachable: neither the flag file nor the store could be written, so sending goes on.
        """
        at = self._clock()
        wanted = Pause(reason, self._who, since=at, until=at + span if span else None)
        with flag.alone(self._flag, meanwhile=lambda: self._put_up(wanted)) as our_turn:
            flagged, unflagged = self._raise(wanted, at)
            try:
                self._store.write_first(lambda tx: people.pause(tx, reason, by=self._who, until=flagged.until, at=at))
            except Exception as problem:  # noqa: BLE001  # whatever the store does, the flag stands
                if flag.raised(self._flag, at=at) is None:
                    raise _neither(self._flag, unflagged, problem) from None
                return self._by_flag(at, _said(problem), stored=False)
            unlogged = self._logged(reason, flagged.until, at)
            if not our_turn:
                return replace(self._by_flag(at, _NOT_OUR_TURN), unlogged=unlogged)
            try:
                flag.take_down(self._flag)
            except OSError as problem:
                return replace(self._by_flag(at, f"it could not be removed: {problem.strerror}"), unlogged=unlogged)
            return Stopped(*self._standing(flagged, at), unlogged=unlogged)

    def _put_up(self, wanted: Pause) -> None:
        with suppress(OSError):
            flag.put_up(self._flag, wanted)

    def _raise(self, wanted: Pause, at: datetime) -> tuple[Pause, str]:
        """Return the pause to be stored, and why no flag says it too (empty: one does)."""
        try:
            return flag.keep_longest(self._flag, wanted, at=at), ""
        except OSError as problem:
            return flag.longest(wanted, flag.raised(self._flag, at=at)) or wanted, problem.strerror or str(problem)

    def _logged(self, reason: str, until: datetime | None, at: datetime) -> str:
        """Keep a line of the pause, which is in force by now; return why that did not work, or ""."""
        facts: dict[str, object] = {"until": to_text(until)} if until else {}
        try:
            self._store.write(lambda tx: audit.record(tx, self._who, "paused", at=at, case_id=None, reason=reason, **facts))
        except Exception as problem:  # noqa: BLE001  # sending is stopped all the same, and the person is told
            return _said(problem)
        return ""

    def _by_flag(self, at: datetime, problem: str, *, stored: bool = True) -> Stopped:
        """Say how things stand while the flag stays up."""
        until, leaving = self._standing(flag.raised(self._flag, at=at), at)
        return Stopped(until, leaving, str(self._flag), problem, stored)

    def _standing(self, known: Pause | None, at: datetime) -> tuple[datetime | None, int | None]:
        """Return until when sending is stopped, as far as is known, and how many answers are on the way: no other leaves any more."""
        leaving = None
        with suppress(Exception):  # a store that can still be read tells more
            known = flag.stopped(self._store, at=at) or known
            leaving = deliveries.counts(self._store.read())["claimed"]
        return known.until if known else None, leaving

    def resume(self) -> GoesOn:
        """Let sending go on.

        Raises:
            Unreachable: it stays stopped, since the store or the flag file could not be changed.
        """
        at = self._clock()
        with flag.alone(self._flag) as our_turn:
            if not our_turn:
                raise _still(Unreachable(_NOT_OUR_TURN, "try again"))
            flagged = flag.raised(self._flag, at=at)
            stored = self._stored(at)
            if stored is None:
                self._take_down()
                return GoesOn(was=flagged is not None, problem=self._noted(flagged, at) if flagged else "")
            try:
                self._store.write(lambda tx: self._go_on(tx, flagged, at))
            except Exception as problem:  # noqa: BLE001  # whatever it is, the pause is still in the store
                raise _still(problem) from None
            self._take_down()
            return GoesOn(was=True)

    def _stored(self, at: datetime) -> Pause | None:
        try:
            return people.paused(self._store.read(), at=at)
        except Exception as problem:  # noqa: BLE001  # what cannot be read may hold a pause
            raise _still(problem) from None

    def _take_down(self) -> None:
        try:
            flag.take_down(self._flag)
        except OSError as problem:
            why = f"the flag file {self._flag} could not be removed: {problem.strerror}"
            raise _still(Unreachable(why, "remove that file by hand")) from None

    def _noted(self, flagged: Pause, at: datetime) -> str:
        """Keep a line of it where only the flag had stopped sending; return why that did not work, or ""."""
        try:
            self._store.write(lambda tx: self._go_on(tx, flagged, at))
        except Exception as problem:  # noqa: BLE001  # sending goes on all the same, and the person is told
            return _said(problem)
        return ""

    def _go_on(self, tx: Tx, flagged: Pause | None, at: datetime) -> None:
        """Remove the pause from the store; what a flag said is only now put on record."""
        people.resume(tx)
        if flagged:
            said = f"{flagged.by}: {flagged.reason}"
            audit.record(tx, self._who, "resumed", at=at, flag_said=said, flag_since=to_text(flagged.since))
        else:
            audit.record(tx, self._who, "resumed", at=at)


def _said(problem: Exception) -> str:
    return problem.message if isinstance(problem, EarnestError) else f"the store cannot be used ({type(problem).__name__})"


def _still(problem: Exception) -> Unreachable:
    hint = problem.hint if isinstance(problem, EarnestError) else ""
    return Unreachable(f"sending is still stopped: {_said(problem)}", hint)


def _neither(path: Path, unflagged: str, problem: Exception) -> Unreachable:
    why = unflagged or "it was removed meanwhile"
    message = f"sending is NOT stopped: the flag file {path} cannot be made ({why}), and {_said(problem)}"
    return Unreachable(message, "stop the daemon itself: Ctrl-C where it runs, or end its process")
