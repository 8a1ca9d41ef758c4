"""Deliveries between their arrival and their answer, and those that could not be taken, until somebody was told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listener.model import Gap
from listener.sources._webhook_mapping import MOST_POSTS, Brought
from listener.sources._webhook_memory import Memory

MOST_WAITING = 100
"""Deliveries in memory; one more is told to come again."""

MOST_BYTES = 2**24
"""Of those deliveries together, as they came."""

BETWEEN_GAPS = timedelta(hours=1)


@dataclass(slots=True)
class Waiting:
    """A delivery that waits to be stored. `senders` counts those who wait for its answer now."""

    claims: tuple[str, ...]
    digest: str
    brought: Brought
    size: int
    settled: asyncio.Future[bool]
    senders: int = 0
    handed: bool = False

    def settle(self, *, stored: bool) -> None:
        """Let its senders go."""
        if not self.settled.done():
            self.settled.set_result(stored)

    async def wait(self, patience: float) -> bool:
        """Return whether it was stored, after `patience` seconds at most."""
        self.senders += 1
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(self.settled)
        except TimeoutError:
            return False
        finally:
            self.senders -= 1


@dataclass
class Line:
    """The deliveries that wait, in the order they came; bounded."""

    _all: list[Waiting] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._all)

    @property
    def full(self) -> bool:
        """Whether no more can be taken."""
        return len(self._all) >= MOST_WAITING or sum(one.size for one in self._all) >= MOST_BYTES

    def like(self, claims: Sequence[str]) -> Waiting | None:
        """Return one that waits already and makes one of these claims."""
        return next((one for one in self._all if not set(one.claims).isdisjoint(claims)), None)

    def add(self, claims: tuple[str, ...], digest: str, brought: Brought, size: int) -> Waiting:
        """Put a delivery of `size` bytes at the end."""
        one = Waiting(claims, digest, brought, size, asyncio.get_running_loop().create_future())
        self._all.append(one)
        return one

    def settle(self, memory: Memory) -> None:
        """Let those go that the memory shows to be stored.

        One that was handed over in vain, and has nobody waiting, is forgotten: its sender was told to bring it again, and one that can
        never be stored must not stand in the way for ever.
        """
        left = []
        for one in self._all:
            if memory.holds(one.claims, one.digest):
                one.settle(stored=True)
            elif one.senders or not one.handed:
                left.append(one)
        self._all = left

    def hand_over(self) -> list[Waiting]:
        """Return what goes into one page: in order, not too much, and no post twice, so that a deletion and a new version stay apart."""
        chosen: list[Waiting] = []
        ids: set[str] = set()
        posts = 0
        for one in self._all:
            posts += len(one.brought.posts)
            if chosen and (posts > MOST_POSTS or ids & one.brought.ids):
                break
            ids |= one.brought.ids
            one.handed = True
            chosen.append(one)
        return chosen

    def send_away(self) -> None:
        """Tell all senders to come again."""
        for one in self._all:
            one.settle(stored=False)
        self._all = []


@dataclass
class Misfits:
    """Deliveries that were brought in vain. They are told as a gap, at most once an hour: `Memory.told_at` says when that was."""

    count: int = 0
    reason: str = ""
    since: datetime | None = None
    _told: tuple[datetime, int] | None = None

    def note(self, reason: str, at: datetime) -> None:
        """Count one more."""
        self.since = self.since or at
        self.count += 1
        self.reason = reason

    def due(self, told_at: datetime | None, at: datetime) -> bool:
        """Return whether there are some, and somebody should be told now."""
        return bool(self.count) and (told_at is None or at - told_at >= BETWEEN_GAPS)

    def settle(self, told_at: datetime | None) -> None:
        """Forget those that were told, as the memory shows."""
        if self._told and self._told[0] == told_at:
            self.count -= self._told[1]
            self.since = told_at if self.count else None
            self._told = None

    def gap(self, at: datetime) -> tuple[Gap, datetime]:
        """Return what to tell, and the moment to remember it by: the same until it was stored."""
        moment = self._told[0] if self._told else at
        self._told = (moment, self.count)
        words = f"{self.count} of the deliveries could not be taken; the last: {self.reason}"
        return Gap(words, since=self.since, until=at), moment
