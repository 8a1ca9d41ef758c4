"""One supervised task per source: hear, rest, hear again; back off where it fails, and end cleanly when asked.

A source that does not know our own account does not start: it could not tell our own posts from a customer's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from listener import logs
from listener.ahead import Ahead, Ready
from listener.clock import Clock
from listener.errors import EarnestError, NotConnected, RateLimited, SignInNeeded
from listener.model import Account
from listener.polling import Ear, Taken
from listener.pulse import HEAR, Polled, Pulse
from listener.resting import first_of, rest_after
from listener.sources.base import Following, Remarking, Source, Stirring
from listener.store import mentions as ledger
from listener.store import silences
from listener.store.base import Store, Tx
from listener.turns import ALONE, Turns

_log = logs.get("watching")
_LONGEST_REST = 900.0
_SIGN_IN_REST = 300.0
_UNREACHED_REST = 60.0  # nobody is troubled by it, and when the internet is back, people want to know
_PAGES_A_ROUND = 50  # then it is recorded how the source does, and whoever wants to stop may
_STANDING_BY = 5.0  # seconds until a machine asks again whether it is its turn
_LEAST_REST = 0.2  # a busy stream is taken in portions, not word by word
_LEAST_PATIENCE = 60.0  # for one page: a network has 30 seconds for each answer
_MOST_PATIENCE = 900.0
LONGEST_DEAF = 2 * _MOST_PATIENCE
"""Seconds from a start until some source has been polled to the end, well or not."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How hearing one source goes from now on, told once for each change: `state` as in `status`, `problem` and `hint` for a person."""

    source: str
    state: str
    problem: str = ""
    hint: str = ""

    @property
    def detail(self) -> str:
        """Problem and hint in one line."""
        return f"{self.problem}. {self.hint}".strip() if self.problem else ""


def say(hearing: Hearing) -> None:
    """Write to the log how hearing goes."""
    if hearing.problem:
        _log.warning("cannot hear", source=hearing.source, state=hearing.state, problem=hearing.problem, hint=hearing.hint)
    else:
        _log.info("hears again", source=hearing.source)


def state_of(problem: EarnestError) -> str:
    """Return the state of a source that has this problem: `sign-in`, `waiting`, `unreachable` or `failing`."""
    for kind, state in ((SignInNeeded, "sign-in"), (RateLimited, "waiting"), (NotConnected, "unreachable")):
        if isinstance(problem, kind):
            return state
    return "failing"


class Watcher:
    """Keeps one source heard."""

    def __init__(
        self,
        source: Source,
        ear: Callable[[], Ear],
        store: Store,
        clock: Clock,
        *,
        every: float,
        heard: Callable[[Taken], None],
        tell: Callable[[Hearing], None] = say,
        ours: dict[str, tuple[str, str]] | None = None,
        turns: Turns = ALONE,
        pulse: Pulse | None = None,
    ) -> None:
        """Watch `source` every `every` seconds; `ear` gives the ear of the rules in force, `heard` is told of each page.

        `tell` is told, once for each change, how hearing goes. `ours` is shared by all watchers: by network, which account is ours and by
        which source we know it. A source is heard by one machine at a time (`turns`). `pulse` is told of every poll and of every page, so
        that one that hangs is noticed.
        """
        self._source = source
        self._ahead = Ahead(source.fetch, ear)
        self._store = store
        self._clock = clock
        self.every = every
        self._heard = heard
        self._known = False
        self._failures = 0
        self._tell = tell
        self._ours = {} if ours is None else ours
        self._turns = turns
        self._turn = f"hear {source.name}"
        self._told: Hearing | None = None
        self._pulse = pulse or Pulse()
        self._kept = False  # whether the last attempt stands in the store
        self._heard_once = False
        self._gaps = 0
        self._ending: Callable[[], bool] = lambda: False
        # A poll that comes to nothing for so long is silent: by then three intervals have passed since the last one.
        self.patience = max(2 * every, _LEAST_PATIENCE)

    @property
    def source(self) -> Source:
        """What is watched."""
        return self._source

    @property
    def loop(self) -> str:
        """What this watcher is called where it is kept going."""
        return f"poll {self.name}"

    def be_patient(self, before: Watcher) -> None:
        """Have twice the patience of the watcher before this one: what is slow, and does not hang, must get to its end some day."""
        self.patience = min(2 * before.patience, max(_MOST_PATIENCE, self.patience))

    @property
    def name(self) -> str:
        """The source's name in rules.yaml."""
        return self._source.name

    @property
    def well(self) -> bool:
        """Whether the source was heard the last time; only then its network is asked for more than news."""
        return self._known and not self._failures

    @property
    def behind(self) -> bool:
        """Whether the network brings more than is stored at once."""
        return self._ahead.behind

    async def round(self) -> bool:
        """Hear what waits now; return whether that was not yet all, so that there is no reason to rest.

        Raises:
            EarnestError: the network could not be heard; what came before is stored.
        """
        if not self._known:
            account = await self._source.identify()
            if account:
                self._claim(account)
                await self._store.awrite(lambda tx: ledger.record_account(tx, account, at=self._clock()))
            self._known = True
        more = moved = False
        for _ in range(_PAGES_A_ROUND):
            stood = await self._store.aread(lambda reader: ledger.cursor(reader, self.name))
            ready = await self._ahead.after(stood[1])
            taken, page = await self._take(ready, stood), ready.page
            self._heard(taken)
            self._gaps += bool(page.gap) and not taken.stale
            self._alive(0.0)
            moved = moved or page.cursor != stood[1]
            more = page.more or taken.stale
            if not more or (taken.stale and not await self._turns.mine(self._turn)):
                more = False
                break
            if self._ending():
                break
        going_on = more and moved  # a network that says "more" for ever and gives nothing is asked at its interval
        if not going_on:
            self._ahead.drop()  # nobody takes what comes while we rest, or it is another machine's by now
        self._failures = 0
        remark = self._source.remark if isinstance(self._source, Remarking) else ""
        await self._record("listening", remark, heard=True)
        self._heard_once = True
        self._say(Hearing(self.name, "listening"))
        return going_on

    async def _take(self, ready: Ready, stood: ledger.Stood) -> Taken:
        source, follow, still = self._source, isinstance(self._source, Following), partial(self._turns.holds, name=self._turn)
        return await ready.ear.take(
            self.name, ready.page, judged=ready.judged, network=source.network, follow=follow, stood=stood, ours=still
        )

    def _claim(self, account: Account) -> None:
        """Keep two sources of one network from being two accounts: then nobody could tell who we are there.

        Raises:
            EarnestError: another source is signed in as somebody else.
        """
        known, first = self._ours.setdefault(account.network, (account.id, self.name))
        if known != account.id:
            message = f"{self.name} is signed in to {account.network} as another account (@{account.handle}) than {first}"
            raise EarnestError(
                message, "Earnest has one account on a network: give both the same key, or take one of them out of rules.yaml."
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Hear until `stop` is set. Nothing a network does ends this task."""
        self._pulse.mark(self.loop, self.patience)
        self._ending = stop.is_set
        try:
            while not stop.is_set():
                await self._rest(stop, await self._poll())
        finally:
            self._ahead.drop()

    async def _poll(self) -> float:
        """Poll once, and tell how it went; return how many seconds to rest."""
        began, self._kept, self._gaps = time.monotonic(), False, 0
        rest, state = await self._attempt()
        if self._kept or not state:  # else it counts as not polled, since nobody can see that it was
            self._alive(rest)
        if state:
            self._pulse.polled(Polled(self.name, self._source.network, state, time.monotonic() - began, self._gaps))
        return rest

    def _alive(self, rest: float) -> None:
        """Tell that this poller goes on, and when it is to be heard of next."""
        self._pulse.mark(self.loop, rest + self.patience)
        self._pulse.mark(HEAR, rest + self.patience + _MOST_PATIENCE)

    async def _rest(self, stop: asyncio.Event, rest: float) -> None:
        """Wait until the next poll is due; a source that is told of news, and was heard just now, is asked for them sooner."""
        if self._failures or not isinstance(self._source, Stirring):
            await first_of(rest, stop.wait())
            return
        await first_of(_LEAST_REST, stop.wait())
        await first_of(rest, stop.wait(), self._source.stir())

    async def _attempt(self) -> tuple[float, str]:
        """Poll once; return how many seconds to rest, and the state of the source, or "" where it was not for us to poll."""
        try:
            if wait := await self._not_yet():
                return wait, ""
            more = await self.round()
        except EarnestError as problem:
            await self.note(problem)
            return await self._rest_after(problem), state_of(problem)
        except Exception as problem:  # noqa: BLE001  # a mistake in one source must not silence it for ever
            unforeseen = EarnestError(f"unexpected {type(problem).__name__} while listening")
            await self.note(unforeseen)
            return await self._rest_after(unforeseen), state_of(unforeseen)
        return 0.0 if more else self.every, "listening"

    async def _rest_after(self, problem: EarnestError) -> float:
        if isinstance(problem, SignInNeeded):
            return _SIGN_IN_REST
        if isinstance(problem, RateLimited):
            await self._turns.rest(self._turn, self._clock() + timedelta(seconds=problem.retry_after))
            return problem.retry_after
        return self._back_off(_UNREACHED_REST if isinstance(problem, NotConnected) else _LONGEST_REST)

    async def _not_yet(self) -> float:
        """Return how many seconds to wait because another machine hears this source, or was told by the network to wait; else 0."""
        if not await self._turns.mine(self._turn):
            self._known = False  # when it is our turn again, the network is asked who we are there
            self._ahead.drop()
            return min(self.every, _STANDING_BY)
        until = await self._turns.rests_until(self._turn)
        return max(0.0, (until - self._clock()).total_seconds()) if until else 0.0

    async def note(self, problem: EarnestError) -> None:
        """Record that the source cannot be heard, and why; say it where it is news."""
        self._failures += 1
        self._ahead.drop()
        hearing = Hearing(self.name, state_of(problem), problem.message, problem.hint)
        self._say(hearing)
        with suppress(Exception):  # where the store itself is the trouble, the daemon says so; this task must never end
            await self._record(hearing.state, hearing.detail, heard=False)

    def _say(self, hearing: Hearing) -> None:
        """Tell of a change; that hearing goes well is news only after it did not."""
        if self._told != hearing and (self._told or hearing.problem):
            self._tell(hearing)
            self._told = hearing

    async def _record(self, state: str, detail: str, *, heard: bool) -> None:
        def work(tx: Tx) -> None:
            at = self._clock()
            ledger.record_source(tx, self.name, self._source.network, state, detail, every=self.every, at=at, heard=heard)
            if heard and not self._heard_once:  # it was silent before this watcher began, or nobody listened
                silences.end(tx, self.name, at=at)

        await self._store.awrite(work)
        self._kept = True

    def _back_off(self, at_most: float) -> float:
        return rest_after(self._failures, first=self.every, longest=at_most)

    async def close(self) -> None:
        """Let go of the source."""
        self._ahead.drop()
        await self._source.close()
