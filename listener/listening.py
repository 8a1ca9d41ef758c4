"""From a rulebook to running watchers: which sources there are, and one task for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

from listener import cleaning, logs
from listener.attending import Attendant
from listener.clock import Clock
from listener.errors import EarnestError, RulesWrong, SignInNeeded
from listener.following import Follower, followers
from listener.polling import Ear, Taken
from listener.pulse import HEAR, Pulse
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.rules.servers import clashes
from listener.settings import secret
from listener.sources.base import Source, SourceKind, kind, server_of
from listener.store import mentions as ledger
from listener.store import silences
from listener.store.base import Store, Tx
from listener.turns import ALONE, Turns
from listener.watching import LONGEST_DEAF, Hearing, Watcher, say

_log = logs.get("listening")
_LAST_MOMENT = 5.0  # seconds for what is told to end


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
        pulse: Pulse | None = None,
    ) -> None:
        """Make the watchers; what cannot be made is kept in `missing` and the rest listens. `tell` is told how hearing goes.

        `turns` says which of several machines hears a source. `pulse` is told of every round of everything that runs here.
        """
        self._store = store
        self._clock = clock
        self._book = book
        self._tell = tell
        self._turns = turns
        self._ear = ear
        self._heard = heard
        self._pulse = pulse or Pulse()
        self.watchers: list[Watcher] = []
        self.missing: list[Missing] = []
        sources: list[Source] = []
        self._stop = asyncio.Event()
        self._attendant = Attendant(self._pulse, self._stop, self._silent)
        self._attending: asyncio.Task[None] | None = None
        mixed = {clash.name: clash for clash in clashes(book.sources, server_of)}
        self._ours: dict[str, tuple[str, str]] = {}
        for name in book.sources:
            try:
                if name in mixed:
                    raise RulesWrong(mixed[name].message, mixed[name].hint)
                source = make(name, book)
            except EarnestError as problem:
                self.missing.append(Missing(name, problem))
                continue
            sources.append(source)
            self.watchers.append(self._watcher(source))
        self.followers: list[Follower] = followers(sources, ear, store, clock, heard)

    async def tell_missing(self) -> None:
        """Record the sources that could not be made, so that `status` shows them, and let go of those that are in the rules no more."""
        await self._store.awrite(self._forget)
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

    def _forget(self, tx: Tx) -> None:
        ledger.forget_sources(tx, self._book.sources)
        silences.forget(tx, frozenset(self._book.sources), at=self._clock())

    async def round(self) -> list[Missing]:
        """Hear every source once; return those that could not be heard. What was heard is stored all the same."""
        await self.tell_missing()
        failed = list(self.missing)
        for watcher in self.watchers:
            try:
                while await watcher.round():
                    pass
            except EarnestError as problem:
                await watcher.note(problem)
                failed.append(Missing(watcher.name, problem))
        lost = {one.name for one in failed}
        for follower in self.followers:
            await follower.round(lambda name: name not in lost)
        return failed

    @property
    def behind(self) -> bool:
        """Whether some network brings more just now than is stored at once: a cry for help may stand in what was not looked at yet."""
        return any(watcher.behind for watcher in self.watchers)

    def _watcher(self, source: Source) -> Watcher:
        every = self._book.sources[source.name].every.total_seconds()
        return Watcher(
            source,
            self._ear,
            self._store,
            self._clock,
            every=every,
            heard=self._heard,
            tell=self._tell,
            ours=self._ours,
            turns=self._turns,
            pulse=self._pulse,
        )

    async def start(self) -> None:
        """Begin one task per source, and one per network that reads known posts again; what dies or hangs is begun anew."""
        await self.tell_missing()
        if self.watchers:
            self._pulse.mark(HEAR, LONGEST_DEAF)
        for watcher in self.watchers:
            self._keep(watcher)
        for follower in self.followers:
            self._follow(follower)
        self._attendant.keep(cleaning.LOOP, self._clean(), self._clean_anew, within=cleaning.WITHIN)
        self._attending = asyncio.create_task(self._attendant.run(), name="attend")

    def _keep(self, watcher: Watcher) -> None:
        now = watcher

        async def anew() -> Coroutine[object, object, None]:
            nonlocal now
            now = await self._anew(now)
            return now.run(self._stop)

        self._attendant.keep(watcher.loop, watcher.run(self._stop), anew, within=watcher.patience)

    def _follow(self, follower: Follower) -> None:
        async def anew() -> Coroutine[object, object, None]:
            return follower.run(self._stop, self._well, self._pulse)

        self._attendant.keep(follower.loop, follower.run(self._stop, self._well, self._pulse), anew, within=follower.patience)

    def _well(self, name: str) -> bool:
        return any(watcher.well for watcher in self.watchers if watcher.name == name)

    def _clean(self) -> Coroutine[object, object, None]:
        return cleaning.run(self._store, self._clock, self._stop, self._pulse, self._turns)

    async def _clean_anew(self) -> Coroutine[object, object, None]:
        return self._clean()

    async def _anew(self, before: Watcher) -> Watcher:
        """Make the watcher of a source once more, with a source of its own: nobody knows how the one that hung was left.

        Raises:
            EarnestError: the source cannot be made now.
        """
        try:
            async with asyncio.timeout(_LAST_MOMENT):
                await before.close()
        except Exception as problem:  # noqa: BLE001  # a plug-in that hung may do that once more
            _log.warning("could not let go of a source", source=before.name, problem=type(problem).__name__)
        source = make(before.name, self._book)
        watcher = self._watcher(source)
        watcher.be_patient(before)
        self.watchers[self.watchers.index(before)] = watcher
        for follower in self.followers:
            follower.read_by(source)
        return watcher

    async def _silent(self, loop: str, why: str, seconds: float) -> None:
        """Have it noted that a source is silent, for `status` and for those who are told of gaps."""
        watcher = next((one for one in self.watchers if one.loop == loop), None)
        self._pulse.silent(watcher.name if watcher else loop)
        if watcher is None:
            _log.error("a loop says nothing any more and is begun anew", loop=loop, why=why, seconds=round(seconds))
            return
        name, network, every = watcher.name, watcher.source.network, watcher.every
        at = self._clock()
        reason = f"its poller says nothing any more ({why})"
        self._tell(Hearing(name, "silent", f"{reason}; it is begun anew"))
        since = at - timedelta(seconds=seconds)
        await self._store.awrite(lambda tx: silences.begin(tx, name, network, reason, every=every, since=since, at=at))

    async def stop(self) -> None:
        """End the tasks, cleanly, and let go of the sources."""
        self._stop.set()
        tasks = [*self._attendant.tasks, *([self._attending] if self._attending else [])]
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=_LAST_MOMENT)
            for task in pending:
                task.cancel()
        self._attendant.end()
        for watcher in self.watchers:
            await watcher.close()
