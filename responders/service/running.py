"""The pulse of a daemon that runs as a service: it counts, answers, leaves signs of life, and feeds the watchdog by progress.

The watchdog hears of us only while every loop has ended a round in its own time: a timer of its own would go on while nothing works.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from listener import logs
from listener.clock import Clock, to_text
from listener.errors import EarnestError
from listener.places import Place
from listener.progress import Progress
from listener.store.base import Store
from listener.store.timed import Timed
from responders.crew import program_version
from responders.ledger import beats, facts
from responders.ledger.beats import Beat
from responders.service.door import HttpDoor
from responders.service.gauges import Gauges
from responders.service.meters import Meters
from responders.service.notify import Notifier

_log = logs.get("service")
STORE = "store"
"""What the store's writer is called among the loops."""

_LONGEST_WRITE = 90.0  # seconds from one sign of life in the store to the next one
_TICK = 0.5
_GOODBYE = 0.5  # seconds for the store to take the last sign of life
_BEATS_A_WATCH = 3  # signs of life in the time that the watchdog gives us


class Service(Meters):
    """What a daemon tells its surroundings while it runs."""

    def __init__(
        self, store: Store, clock: Clock, *, place: Place | None = None, notifier: Notifier | None = None, progress: Progress | None = None
    ) -> None:
        """Answer at `place`, if any; tell `notifier`."""
        super().__init__(progress)
        self.store = Timed(store, self.wrote)
        """The store that the daemon is to work on, so that its writes are timed."""

        self._clock = clock
        self._notifier = notifier or Notifier()
        self._since, self._version = clock(), program_version()
        self._began = self._ending = self._reloading = False
        self._kept = True  # whether the store took the last sign of life
        self._stalled: tuple[str, ...] = ()
        self._door = HttpDoor(place, self.health, self.registry) if place else None
        if place:
            self.registry.register(Gauges(store, clock, self.progress, lambda: bool(self.health()["ready"])))

    def telling(self, tell: Callable[[object], None]) -> Callable[[object], None]:
        """Return what counts each event and passes it on to `tell`."""

        def both(event: object) -> None:
            self.note(event)
            tell(event)

        return both

    def ready(self) -> None:
        """Tell that everything has begun."""
        self._began = True
        self._notifier.tell("READY=1", "STATUS=Listens, judges and drafts.")

    def reload(self, look_again: Callable[[], None]) -> None:
        """Have the rules read again, and tell so until that is done."""
        self._reloading = True
        self._notifier.reloading()
        look_again()

    def rules_looked_at(self) -> None:
        """Tell that a reload that was asked for is done."""
        if self._reloading:
            self._reloading = False
            self._notifier.tell("READY=1")

    def end(self) -> None:
        """Tell that we are about to end."""
        self._ending = True
        self._notifier.tell("STOPPING=1", "STATUS=Finishes what is under way.")

    def health(self) -> dict[str, object]:
        """Return how the daemon is: `live` while it makes progress, `ready` once it has begun and while its store takes what it writes."""
        stalled = [one.name for one in self.progress.stalled()]
        ready = self._began and not self._ending and not stalled and self._kept
        status = "ending" if self._ending else "stalled" if stalled else "starting" if not self._began else "ok" if ready else "store"
        return {"status": status, "live": not stalled, "ready": ready, "stalled": stalled, "since": to_text(self._since)}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do all of that as long as the context lasts.

        Raises:
            EarnestError: nobody can listen at the place that was named.
        """
        if self._door:
            await self._door.open()
        self.mark(STORE, _LONGEST_WRITE)
        tasks = [asyncio.create_task(each) for each in (self._lags(), self._beats(), self._watchdog())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._door:
                await self._door.close()
            with suppress(EarnestError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self.store.awrite(lambda tx: beats.end(tx, self._who(), at=self._clock()))

    async def _lags(self) -> None:
        """Measure how late the event loop is."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + _TICK
            await asyncio.sleep(_TICK)
            self.lagged(max(0.0, clock() - due))

    async def _watchdog(self) -> None:
        """Feed the watchdog as often as it wants to be fed."""
        while self._notifier.watchdog is not None:
            self.feed()
            await asyncio.sleep(self._notifier.watchdog / _BEATS_A_WATCH)

    def feed(self) -> None:
        """Tell the watchdog once that we are well, if we are."""
        self._say_stalled()
        if not self._stalled:
            self._notifier.tell("WATCHDOG=1")

    def _say_stalled(self) -> None:
        """Log what stalls, whenever that is news."""
        found = self.progress.stalled()
        names = tuple(one.name for one in found)
        if names != self._stalled:
            self._stalled = names
            for one in found:
                _log.error("a loop does not go round any more", loop=one.name, seconds=round(one.quiet), expected=round(one.within))
            self._notifier.tell("STATUS=" + (f"Stalled: {', '.join(names)}." if names else "Listens, judges and drafts."))

    async def _beats(self) -> None:
        """Leave a sign of life in the store every few seconds: that its writer answers is one loop among the others."""
        while True:
            self._say_stalled()
            await self._answered(self.store.awrite(lambda tx: beats.write(tx, self._beat(facts.known(tx)["rules_version"][0]))))
            self.mark(STORE, _LONGEST_WRITE)
            await asyncio.sleep(beats.EVERY)

    async def _answered(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except KeyError:  # no rules are in force yet
            return
        except Exception as problem:  # noqa: BLE001  # a store that says no goes round; one that says nothing does not
            why = problem.message if isinstance(problem, EarnestError) else type(problem).__name__
            _log.warning("the store does not take a sign of life", problem=why)
            self._kept = False
            return
        self._kept = True

    def _beat(self, rules: str) -> Beat:
        stalled = tuple(one.name for one in self.progress.stalled())
        files, most = open_files()
        return Beat(self._who(), self._clock(), self._since, self._version, rules, stalled, files, most)

    @staticmethod
    def _who() -> str:
        return f"{socket.gethostname()} {os.getpid()}"


def open_files() -> tuple[int, int]:
    """Return how many files and sockets this process has open and how many it may have; 0 where nobody can tell."""
    with suppress(OSError):
        return len(list(Path("/proc/self/fd").iterdir())), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0, 0
