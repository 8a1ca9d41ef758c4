"""What may leave next. Where many wait, the most urgent are looked up once a second, and each is asked for again when its turn comes."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from listener.clock import ticks
from listener.store.base import Reader, Row, number
from responders import flag
from responders.ledger import moves, people
from responders.sending.means import Means

_LOOKED_UP = 40
"""How many deliveries are looked up at once; where fewer wait, all of them are asked for each time."""
_FRESH = 1.0  # seconds for which what became ready later, however urgent, may stand behind those


class Line:
    """The deliveries that wait to leave, as one machine of those that share a store sees them."""

    def __init__(self, means: Means, holder: str) -> None:
        """Stand as `holder` of turns; "" where nobody else is there."""
        self._means = means
        self._holder = holder
        self._known: tuple[int, ...] = ()
        self._until = 0.0

    async def next(self, busy: Collection[int]) -> Row | None:
        """Return what may leave now: nothing while sending is stopped, nothing by an account that rests or is going too fast.

        Cases in `busy` are left out. It is asked by one at a time.
        """
        if self._means.book().mode == "observe":
            return None
        networks = tuple(self._means.channels)
        return await self._means.store.aread(lambda reader: self._next(reader, networks, busy))

    def _next(self, reader: Reader, networks: Collection[str], busy: Collection[int]) -> Row | None:
        means = self._means
        at = means.clock()
        if flag.stopped(means.store, at=at):
            return None
        awake = tuple(network for network in networks if network not in people.resting(reader, at=at))
        room = means.room(reader, awake, at=at)
        ask = partial(moves.due, reader, at=at, free=room.free, urgent_only=room.urgent_only, urgent=means.urgent, busy=busy)
        if ticks() < self._until and (found := ask(among=self._known, holder=self._holder)):
            return found[0]
        found = ask(holder=self._holder, most=_LOOKED_UP)
        if len(found) < _LOOKED_UP:
            self._until = 0.0
            return found[0] if found else None
        self._known, self._until = tuple(number(row, "id") for row in found), ticks() + _FRESH
        return next(iter(ask(among=self._known, holder=self._holder)), None)
