"""From a rulebook to running watchers: which sources there are, and one task for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from listener import cleaning
from listener.clock import Clock
from listener.errors import EarnestError, RulesWrong, SignInNeeded
from listener.following import Follower, followers
from listener.polling import Ear, Taken
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.rules.servers import clashes
from listener.settings import secret
from listener.sources.base import Source, SourceKind, kind, server_of
from listener.store import mentions as ledger
from listener.store.base import Store, Tx
from listener.turns import ALONE, Turns
from listener.watching import Hearing, Watcher, say


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


def home(book: Rulebook, network: str) -> SourceSettings | None:
    """Return the source of `network` by whose options our account is reached, None where there is no source of it.

    That is one that has its key, else one that would need a key to hear all it could, else the first.
    """
    best: tuple[int, SourceSettings] | None = None
    for name, wanted in book.sources.items():
        found = _kind_of(name, wanted)
        if found is None or found.network != network:
            continue
        secrets = found.secrets_of(name, wanted.options)
        rank = 0 if not secrets else 2 if _has(secrets) else 1
        if best is None or rank > best[0]:
            best = rank, wanted
    return best[1] if best else None


def _kind_of(name: str, wanted: SourceSettings) -> SourceKind | None:
    try:
        return kind(wanted.kind or name)
    except EarnestError:
        return None


def _has(secrets: Sequence[str]) -> bool:
    try:
        return any(secret(name) for name in secrets)
    except EarnestError:  # it cannot be read, which is said where it is needed
        return False


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that could not be made or heard, and why."""

    name: str
    problem: EarnestError


class Listening:
    """All the watchers of one rulebook."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        clock: Clock,
        *,
        ear: Callable[[], Ear],
        heard: Callable[[Taken], None],
        tell: Callable[[Hearing], None] = say,
        turns: Turns = ALONE,
    ) -> None:
        """Make the watchers; what cannot be made is kept in `missing` and the rest listens. `tell` is told how hearing goes.

        `turns` says which of several machines hears a source.
        """
        self._store = store
        self._clock = clock
        self._book = book
        self._tell = tell
        self._turns = turns
        self.watchers: list[Watcher] = []
        self.missing: list[Missing] = []
        sources: list[Source] = []
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        mixed = {clash.name: clash for clash in clashes(book.sources, server_of)}
        ours: dict[str, tuple[str, str]] = {}
        for name, settings in book.sources.items():
            try:
                if name in mixed:
                    raise RulesWrong(mixed[name].message, mixed[name].hint)
                source = make(name, book)
            except EarnestError as problem:
                self.missing.append(Missing(name, problem))
                continue
            sources.append(source)
            every = settings.every.total_seconds()
            self.watchers.append(Watcher(source, ear, store, clock, every=every, heard=heard, tell=tell, ours=ours, turns=turns))
        self.followers: list[Follower] = followers(sources, ear, store, clock, heard)

    async def tell_missing(self) -> None:
        """Record the sources that could not be made, so that `status` shows them, and let go of those that are in the rules no more."""
        await self._store.awrite(lambda tx: ledger.forget_sources(tx, self._book.sources))
        for lost in self.missing:
            state = "sign-in" if isinstance(lost.problem, SignInNeeded) else "failing"
            hearing = Hearing(lost.name, state, lost.problem.message, lost.problem.hint)
            self._tell(hearing)
            wanted = self._book.sources[lost.name]
            found = _kind_of(lost.name, wanted)
            network = found.network if found else wanted.kind or lost.name

            def work(tx: Tx, hearing: Hearing = hearing, network: str = network) -> None:
                ledger.record_source(tx, hearing.source, network, hearing.state, hearing.detail, every=0, at=self._clock(), heard=False)

            await self._store.awrite(work)

    async def round(self) -> list[Missing]:
        """Hear every source once; return those that could not be heard. What was heard is stored all the same."""
        await self.tell_missing()
        failed = list(self.missing)
        for watcher in self.watchers:
            try:
                await watcher.round()
            except EarnestError as problem:
                await watcher.note(problem)
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
        self._tasks.append(asyncio.create_task(cleaning.run(self._store, self._clock, self._stop, self._turns), name="clean"))

    async def stop(self) -> None:
        """End the tasks, cleanly, and let go of the sources."""
        self._stop.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=5)
            for task in pending:
                task.cancel()
        for watcher in self.watchers:
            await watcher.close()
