"""Reading known posts once more: one task a network, which learns of edits and deletions that no list tells of.

News come first. A network is only asked here while it is heard well, at most a few times a minute, and after a failure less and less often.
What is due stands in the store (`look_at`), so a restart forgets nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, cast

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError, Malformed, RateLimited
from listener.polling import Ear, Taken
from listener.pulse import Pulse
from listener.resting import first_of, rest_after
from listener.sources.base import Following, Looked, Source
from listener.store import following as ledger
from listener.store.base import Row, Store, Tx, text

_log = logs.get("following")
EVERY = 60.0
MOST_REQUESTS = 5  # times a round that a network is asked for a batch
_LONGEST_REST = 900.0


class _Reader(Source, Following, Protocol):
    """A source that can read single posts once more."""


class Follower:
    """Keeps the posts of one network followed, by whichever of its sources can read them."""

    patience = 600.0  # seconds for a round: a few batches, of which each may be many requests

    def __init__(self, network: str, sources: Sequence[Source], ear: Callable[[], Ear], store: Store, clock: Clock) -> None:
        """Follow by `sources`, all of one network; those that cannot read single posts are passed over."""
        self.network = network
        self._sources = {source.name: cast("_Reader", source) for source in sources if isinstance(source, Following)}
        self._ear = ear
        self._store = store
        self._clock = clock
        self._heard: Callable[[Taken], None] = lambda _taken: None
        self._failures = 0

    @property
    def loop(self) -> str:
        """What this follower is called where it is kept going."""
        return f"follow {self.network}"

    def read_by(self, source: Source) -> None:
        """Take another source in the place of the one of its name, where it is one of ours."""
        if source.name in self._sources:
            self._sources[source.name] = cast("_Reader", source)

    def tell(self, heard: Callable[[Taken], None]) -> Follower:
        """Have `heard` told of posts that read otherwise by now."""
        self._heard = heard
        return self

    async def run(self, stop: asyncio.Event, well: Callable[[str], bool], pulse: Pulse | None = None) -> None:
        """Follow until `stop` is set, telling `pulse` of every round. Nothing a network does ends this task."""
        pulse, rest = pulse or Pulse(), EVERY
        while not stop.is_set():
            pulse.mark(self.loop, rest + self.patience)
            await first_of(rest, stop.wait())
            if not stop.is_set():
                rest = await self.round(well)

    async def round(self, well: Callable[[str], bool]) -> float:
        """Read what is due, asking only sources that are `well`; return how many seconds to rest. It never raises a network's error."""
        try:
            await self._round(well)
        except RateLimited as problem:
            return self._trouble(problem, problem.retry_after)
        except EarnestError as problem:
            return self._trouble(problem, 0.0)
        except Exception as problem:  # noqa: BLE001  # a mistake in one source must not end the following of its network
            return self._trouble(EarnestError(f"unexpected {type(problem).__name__} while following"), 0.0)
        self._failures = 0
        return EVERY

    def _trouble(self, problem: EarnestError, least: float) -> float:
        self._failures += 1
        _log.warning("cannot read posts again", network=self.network, problem=problem.message)
        return max(least, rest_after(self._failures, first=EVERY, longest=_LONGEST_REST))

    async def _round(self, well: Callable[[str], bool]) -> None:
        """Read a batch of what each source heard, in turn; one that fails keeps no other waiting.

        Raises:
            EarnestError: what went wrong first.
        """
        trouble: EarnestError | None = None
        waiting = deque(await self._store.aread(lambda reader: ledger.hearers(reader, self.network)))
        left = MOST_REQUESTS
        while waiting and left:
            hearer = waiting.popleft()
            source = self._reader(hearer)
            if source is None or not well(source.name):
                continue
            due = partial(ledger.due, network=self.network, hearer=hearer, at=self._clock(), limit=source.most_at_once)
            rows = await self._store.aread(due)
            if not rows:
                continue
            left -= 1
            try:
                if await self._look(source, rows):
                    waiting.append(hearer)
            except EarnestError as problem:
                trouble = trouble or problem
        if trouble:
            raise trouble

    def _reader(self, hearer: str) -> _Reader | None:
        """Return which source can read what `hearer` heard: itself, or any other where an id means the same everywhere."""
        if hearer in self._sources:
            return self._sources[hearer]
        return next((one for one in self._sources.values() if one.ids_everywhere), None)

    async def _look(self, source: _Reader, rows: Sequence[Row]) -> bool:
        """Read posts again and store what came of it; return whether all of them were asked for."""
        ids = [text(row, "id") for row in rows]
        try:
            looked = await source.look_again(ids)
        except Malformed as problem:  # one odd post must not keep the others from being followed
            _log.warning("cannot read posts again", network=self.network, problem=problem.message)
            looked = Looked(())
        asked = {text(row, "id"): row for row in rows}
        posts = tuple(ledger.placed(post, asked[post.id]) for post in looked.posts if post.id in asked)
        gone = tuple(each for each in looked.gone if each in asked)

        def note(tx: Tx) -> None:
            for each in set(ids) - set(looked.left):
                ledger.looked(tx, self.network, each, at=self._clock(), slowest=source.slowest)

        self._heard(await self._ear().follow(self.network, Looked(posts, gone), note))
        return not looked.left


def followers(
    sources: Sequence[Source], ear: Callable[[], Ear], store: Store, clock: Clock, heard: Callable[[Taken], None]
) -> list[Follower]:
    """Return one follower for each network of which a source can read single posts."""
    networks = dict.fromkeys(source.network for source in sources if isinstance(source, Following))
    return [Follower(network, [one for one in sources if one.network == network], ear, store, clock).tell(heard) for network in networks]
