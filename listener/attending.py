"""Keeping the loops of the ear going: one that ended, hangs or is never heard of again is noticed, told of, and begun anew.

A poll that merely fails is no matter of this: its loop records it and goes on. Here it is about loops that say nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from listener import logs
from listener.errors import EarnestError
from listener.pulse import HEAR, Pulse
from listener.resting import first_of

_log = logs.get("attending")
LOOP = "attend"
"""What this loop itself is called where it is told that it goes round."""

EVERY = 1.0
_LONGEST_ROUND = 120.0
_LAST_MOMENT = 5.0  # seconds for a loop to end when it is told to
_RETRY = 60.0
_FORGIVEN = 600.0
_A_NAP = 10.0  # seconds between two looks that are more than a busy moment

Begin = Callable[[], Awaitable[Coroutine[object, object, None]]]
"""Makes a loop anew, ready to run.

Raises:
    EarnestError: it cannot be made now; it is tried again a minute later.
"""


@dataclass
class _Kept:
    name: str
    anew: Begin
    task: asyncio.Task[None]
    deaths: int = 0
    not_before: float = 0.0

    def died(self, now: float) -> None:
        """Let it rest the longer the more often it died of late."""
        self.deaths = 1 if now - self.not_before > _FORGIVEN else self.deaths + 1
        self.not_before = now + min(2.0**self.deaths, _RETRY)


class Attendant:
    """Looks after loops."""

    def __init__(self, pulse: Pulse, stop: asyncio.Event, silent: Callable[[str, str, float], Awaitable[None]]) -> None:
        """Look until `stop` is set. `silent` is told of a loop: its name, why nothing is heard of it, and for how many seconds."""
        self._pulse = pulse
        self._stop = stop
        self._silent = silent
        self._kept: list[_Kept] = []
        self._looked = pulse.progress.now()

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that run now."""
        return [one.task for one in self._kept]

    def keep(self, name: str, loop: Coroutine[object, object, None], anew: Begin, *, within: float) -> None:
        """Run a loop and look after it; `anew` makes it once more. It tells the pulse of its rounds, of the first one `within` seconds."""
        self._pulse.mark(name, within)
        self._kept.append(_Kept(name, anew, asyncio.create_task(loop, name=name)))

    async def run(self) -> None:
        """Look after all of them until they are to end."""
        while not self._stop.is_set():
            await self.look()
            self._pulse.mark(LOOP, _LONGEST_ROUND)
            await first_of(EVERY, self._stop.wait())

    async def look(self) -> None:
        """Begin anew whatever ended or hangs."""
        self._pardon()
        stalled = {one.name for one in self._pulse.progress.stalled()}
        for one in self._kept:
            due = one.task.done() or one.name in stalled
            if due and self._pulse.progress.now() >= one.not_before and not self._stop.is_set():
                await self._again(one)
        self._looked = self._pulse.progress.now()  # what was waited for here was no sleep

    def _pardon(self) -> None:
        """Hold nothing against loops that could not go round, since this program was put to sleep or kept from working as a whole."""
        asleep = self._pulse.progress.now() - self._looked - EVERY
        if asleep > _A_NAP:
            _log.warning("everything stood still for a while", seconds=round(asleep))
            self._pulse.progress.pardon(asleep)

    async def _again(self, one: _Kept) -> None:
        quiet, why = self._pulse.progress.quiet(one.name), _why(one.task)
        one.died(self._pulse.progress.now())
        self._pulse.mark(one.name, _RETRY)
        await self._safely(self._silent(one.name, why, quiet))
        one.task.cancel()
        await asyncio.wait([one.task], timeout=_LAST_MOMENT)
        if not one.task.done():
            _log.error("a loop does not end; it is left behind", loop=one.name)
        try:
            loop = await one.anew()
        except EarnestError as problem:
            _log.error("a loop cannot be begun", loop=one.name, problem=problem.message)
            return
        except Exception as problem:  # noqa: BLE001  # a mistake in one plug-in must not leave all other loops unattended
            _log.error("a loop cannot be begun", loop=one.name, problem=f"unexpected {type(problem).__name__}")
            return
        one.task = asyncio.create_task(loop, name=one.name)

    @staticmethod
    async def _safely(telling: Awaitable[None]) -> None:
        """Tell; where that goes wrong, the loop is begun anew all the same."""
        try:
            await telling
        except Exception as problem:  # noqa: BLE001  # the store may be the trouble
            _log.error("could not tell of a loop", problem=type(problem).__name__)

    def end(self) -> None:
        """Expect nothing of these loops any more."""
        for name in (LOOP, HEAR, *(one.name for one in self._kept)):
            self._pulse.progress.forget(name)


def _why(task: asyncio.Task[None]) -> str:
    if not task.done():
        return "it hangs"
    if task.cancelled():
        return "it was broken off"
    problem = task.exception()
    return f"it ended with {type(problem).__name__}" if problem else "it ended"
