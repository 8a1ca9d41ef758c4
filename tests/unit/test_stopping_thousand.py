"""Stop means stop: a thousand pauses, each at another moment of sending, and no POST begins after any of them.

The store and the outbox are real; the network is in memory. Whoever pauses sits at another terminal, with a store object of their own,
and acts wherever sending gives way: while it waits for the network or the store, inside its transactions, just before its POST. In half of
the trials the store is locked, so that only the flag file can say it.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from listener.model import Post
from listener.store.base import Tx
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore
from responders import flag
from responders.channels.base import MayLeave, Parent, SendResult, Sent, always
from responders.house import open_store
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.model import Delivery
from responders.switch import Stopped, Switch
from tests.mouth import NETWORK, House, Mouth

T = TypeVar("T")
SEEDS = range(10)
TRIALS = 100  # for each seed
A_ROUND = 2  # answers


class Moments:
    """Counts the moments of a round, and lets somebody act at one of them."""

    def __init__(self) -> None:
        self.seen = 0
        self._chosen = -1
        self._act: Callable[[], object] = lambda: None

    def plan(self, chosen: int, act: Callable[[], object]) -> None:
        self.seen, self._chosen, self._act = 0, chosen, act

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self._chosen:
            self._act()


@dataclass
class Stepped(Generic[T]):
    """An awaitable with a moment before each of its steps."""

    work: Awaitable[T]
    moment: Callable[[], None]

    def __await__(self) -> Generator[object, None, T]:
        steps = self.work.__await__()
        while True:
            self.moment()
            try:
                waits = next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            yield waits


class Giving(SqliteStore):
    """A store with a moment at both ends of what is done in a transaction."""

    moment: Callable[[], None] = staticmethod(lambda: None)

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        def between(tx: Tx) -> T:
            self.moment()
            done = work(tx)
            self.moment()
            return done

        return await super().awrite(between)


@dataclass
class Slow(Mouth):
    """A network that gives way around everything."""

    stopped: bool = False
    begun_too_late: list[str] = field(default_factory=list)

    async def look(self, post: Post) -> Parent:
        await asyncio.sleep(0)
        return await super().look(post)

    async def find(self, delivery: Delivery) -> Sent | None:
        await asyncio.sleep(0)
        return await super().find(delivery)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        await asyncio.sleep(0)
        before = len(self.published)
        result = await super().send(delivery, timeout, may_leave)
        if len(self.published) > before and self.stopped:
            self.begun_too_late.append(delivery.parent.id)
        await asyncio.sleep(0)
        return result


class Stage:
    """One house whose answers can be made ready again, and another terminal on the same store."""

    def __init__(self, folder: Path) -> None:
        self.moment = Moments()
        self.house = House(folder, store=lambda url: Giving(url, (HEARING, ANSWERING)))
        self.house.store.moment = self.moment  # type: ignore[attr-defined]  # it is a Giving
        self.mouth = Slow(before_post=self.moment)
        self.house.channels[NETWORK] = self.mouth
        self.elsewhere = open_store(self.house.store.url, patience=0.002)
        self.rival = sqlite3.connect(self.house.store.path, isolation_level=None, check_same_thread=False, timeout=0)

    def close(self) -> None:
        self.rival.close()
        self.elsewhere.close()
        self.house.store.close()

    async def fill(self) -> None:
        for number in range(A_ROUND):
            await self.house.approved(f"p{number}", by=f"a{number}")
        self.house.clock.forward(seconds=11)
        self.moment.seen = 0

    def again(self) -> None:
        """Make every answer ready as it was, as if nothing of it had been tried."""
        self.house.store.write(
            lambda tx: tx.run("UPDATE deliveries SET state = 'ready', attempts = 0, first_attempt_at = NULL, not_before = record_at")
        )
        self.house.store.write(lambda tx: tx.run("UPDATE drafts SET state = 'approved'"))
        self.mouth.published.clear()

    async def round(self) -> None:
        await Stepped(self.house.outbox().round(A_ROUND), self.moment)

    @contextmanager
    def locked(self, *, really: bool) -> Iterator[None]:
        if really:
            with suppress(sqlite3.OperationalError):  # sending itself keeps it locked just now
                self.rival.execute("BEGIN IMMEDIATE")
        yield
        self.rival.rollback()

    def pause(self, *, locked: bool) -> Stopped:
        with self.locked(really=locked):
            stopped = Switch(self.elsewhere, self.house.clock, who="kim").pause("a storm", None)
        self.mouth.stopped = True
        return stopped

    def resume(self) -> None:
        Switch(self.elsewhere, self.house.clock, who="kim").resume()
        self.mouth.stopped = False


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_begins_to_leave_after_a_pause(tmp_path: Path, seed: int) -> None:
    chance, stage = random.Random(seed), Stage(tmp_path)  # noqa: S311  # the same moments every time
    by_flag = cut_short = 0
    try:
        await stage.fill()
        await stage.round()
        assert len(stage.mouth.published) == A_ROUND
        moments = stage.moment.seen
        for _ in range(TRIALS):
            stage.again()
            done: list[Stopped] = []
            locked = chance.random() < 0.5
            stage.moment.plan(chance.randint(1, moments), lambda: done.append(stage.pause(locked=locked)))  # noqa: B023
            await stage.round()
            assert len(done) == 1, "a round has as many moments as the one before"
            assert not stage.mouth.begun_too_late
            left = len(stage.mouth.published)
            cut_short += left < A_ROUND
            by_flag += bool(done[0].flag)
            assert bool(done[0].flag) == (flag.raised(stage.elsewhere.beside(flag.ENDING), at=stage.house.clock()) is not None)
            await stage.house.outbox().recover()  # what a restart does
            stage.house.clock.forward(seconds=1)
            await stage.round()
            assert len(stage.mouth.published) == left
            stage.resume()
        assert by_flag > TRIALS / 4
        assert cut_short > TRIALS / 2
    finally:
        stage.close()
