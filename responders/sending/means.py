"""What sending works with: the store, the rules in force, the time, and the channels that are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from listener.clock import Clock
from listener.store.base import Reader, Row, Store
from responders.channels.base import Channel, ChannelKind, Sent
from responders.ledger import deliveries, moves
from responders.model import Delivery

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook

KEPT_FOR_URGENT = 0.2
"""The part of what a network takes from us that is kept for urgent answers."""


@dataclass(frozen=True, slots=True)
class Room:
    """Which networks take another answer now: any, or only an urgent one."""

    free: tuple[str, ...]
    urgent_only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """Shared by all parts of sending. `book` returns the rules in force; `channels` may open and close under way; `claim` is its length."""

    store: Store
    book: Callable[[], Rulebook]
    clock: Clock
    channels: Mapping[str, Channel]
    kinds: Mapping[str, ChannelKind]
    claim: timedelta = moves.CLAIM

    @property
    def urgent(self) -> int:
        """How many points make an answer urgent."""
        return self.book().scoring.urgency.levels.high

    def settle_after(self, network: str) -> timedelta:
        """Return how long an accepted post may stay invisible on a network."""
        kind = self.kinds.get(network)
        return timedelta(seconds=kind.settle_after) if kind else timedelta()

    def key_holds(self, delivery: Delivery, at: datetime) -> bool:
        """Return whether the key of the first attempt in doubt still means the same post: not where the clock was turned back since."""
        kind = self.kinds.get(delivery.network)
        age = at - (delivery.first_attempt_at or at)
        return kind is not None and (kind.key_lifetime is None or timedelta() <= age < timedelta(seconds=kind.key_lifetime))

    async def delivery(self, row: Row) -> Delivery:
        """Return the delivery of a row, with what it answers."""
        return await self.store.aread(lambda reader: deliveries.read(reader, row))

    async def is_another(self, delivery: Delivery, found: Sent) -> bool:
        """Return whether what was found on the network is another delivery of ours than this one."""
        return await self.store.aread(lambda reader: deliveries.is_another(reader, delivery, found.remote_id))

    def room(self, reader: Reader, networks: tuple[str, ...], *, at: datetime) -> Room:
        """Return where another answer may leave without going faster than a network allows."""
        spent = {network: self._spent(reader, network, at) for network in networks}
        return Room(
            free=tuple(network for network, part in spent.items() if part < 1 - KEPT_FOR_URGENT),
            urgent_only=tuple(network for network, part in spent.items() if 1 - KEPT_FOR_URGENT <= part < 1),
        )

    def _spent(self, reader: Reader, network: str, at: datetime) -> float:
        """Return the part of a network's pace that is used up, 0 to 1 and more."""
        kind = self.kinds.get(network)
        if kind is None:
            return 0.0
        return moves.tries(reader, network, since=at - timedelta(seconds=kind.pace.per)) / kind.pace.posts
