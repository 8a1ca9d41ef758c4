"""From a rulebook to running watchers: which sources there are, and one task for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from listener import cleaning, logs
from listener.clock import Clock
from listener.errors import EarnestError
from listener.following import Follower, followers
from listener.polling import Ear, Taken
from listener.rules.rulebook import Rulebook
from listener.sources.base import Source, kind
from listener.store import mentions as ledger
from listener.store.base import Store, Tx
from listener.watching import Watcher

_log = logs.get("listening")


def make(name: str, book: Rulebook) -> Source:
    """Make the source that rules.yaml calls `name`.

    Raises:
        EarnestError: there is no such source, or it cannot be made (a sign-in is needed).
    """
    if name not in book.sources:
        message = f'rules.yaml has no source called "{name}"'
        raise EarnestError(message, "it has: " + (", ".join(book.sources) or "none"))
    settings = book.sources[name]
    return kind(settings.kind or name).make(name, settings.options, book)


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that could not be made, and why."""

    name: str
    problem: EarnestError


class Listening:
    """All the watchers of one rulebook."""

    def __init__(self, store: Store, book: Rulebook, clock: Clock, *, ear: Callable[[], Ear], heard: Callable[[Taken], None]) -> None:
        """Make the watchers; what cannot be made is kept in `missing` and the rest listens."""
        self._store = store
        self._clock = clock
        self.watchers: list[Watcher] = []
        self.missing: list[Missing] = []
        sources: list[Source] = []
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        for name, settings in book.sources.items():
            try:
                source = make(name, book)
            except EarnestError as problem:
                self.missing.append(Missing(name, problem))
                continue
            sources.append(source)
            self.watchers.append(Watcher(source, ear, store, clock, every=settings.every.total_seconds(), heard=heard))
        self.followers: list[Follower] = followers(sources, ear, store, clock, heard)

    async def tell_missing(self) -> None:
        """Record the sources that could not be made, so that `status` shows them."""
        for lost in self.missing:
            _log.warning("cannot hear", source=lost.name, problem=lost.problem.message)
            detail = f"{lost.problem.message}. {lost.problem.hint}".strip()

            def work(tx: Tx, name: str = lost.name, detail: str = detail) -> None:
                ledger.record_source(tx, name, name, "sign-in", detail, every=0, at=self._clock(), heard=False)

            await self._store.awrite(work)

    async def round(self) -> list[Missing]:
        """Hear every source once; return those that could not be heard. What was heard is stored all the same."""
        await self.tell_missing()
        failed = list(self.missing)
        for watcher in self.watchers:
            try:
                await watcher.round()
            except EarnestError as problem:
                failed.append(Missing(watcher.name, problem))
        lost = {one.name for one in failed}
        for follower in self.followers:
            await follower.round(lambda name: name not in lost)
        return failed

    async def start(self) -> None:
        """Begin one task per source, and one per network that reads known posts again."""
        await self.tell_missing()
        self._tasks = [asyncio.create_task(watcher.run(self._stop), name=f"watch {watcher.name}") for watcher in self.watchers]
        well = {watcher.name: watcher for watcher in self.watchers}
        self._tasks += [
            asyncio.create_task(follower.run(self._stop, lambda name: well[name].well), name=f"follow {follower.network}")
            for follower in self.followers
        ]
        self._tasks.append(asyncio.create_task(cleaning.run(self._store, self._clock, self._stop), name="clean"))

    async def stop(self) -> None:
        """End the tasks, cleanly, and let go of the sources."""
        self._stop.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=5)
            for task in pending:
                task.cancel()
        for watcher in self.watchers:
            await watcher.close()
