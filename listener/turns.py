"""Whose turn it is: several machines may work on one store, and each thing is done by one of them at a time.

On a store that one daemon holds alone everything is its turn. On a shared one a turn is a lease (`listener.store.leases`): it is renewed
while its holder lives, and goes to another machine soon after it does not. Machines that have more than their share let some go.
A turn is one row, which whoever takes it changes in one statement: so it waits for nobody who writes elsewhere.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from listener import logs, settings
from listener.clock import ticks
from listener.errors import EarnestError
from listener.resting import first_of
from listener.store import leases
from listener.store.base import Store, Tx
from listener.troubles import Troubles

_log = logs.get("turns")
SPAN = settings.USUAL_TURN
"""How long a turn lasts that nobody renews: as long as a machine may be gone before another takes over."""


class Turns(Protocol):
    """Says whose turn it is.

    `holder` is this process's name among those that share the store, "" where nobody else works on it. What a turn is for is named in
    words: `alerts` where there is one of it, `hear mastodon` where there are several of a kind (`hear`), which are shared out.
    """

    holder: str

    async def mine(self, name: str) -> bool:
        """Return whether it is our turn to do `name`, taking the turn where nobody has it."""

    def holds(self, tx: Tx, name: str) -> bool:
        """Return, inside a transaction, whether it still is; if so, nobody takes it over before that has ended."""

    async def rest(self, name: str, until: datetime) -> None:
        """Have whoever does `name` next wait until a moment."""

    async def rests_until(self, name: str) -> datetime | None:
        """Return until when nobody should do `name`, where somebody said so."""

    async def done(self, name: str, *, forget: bool = False) -> None:
        """Let another machine have a turn that was taken; `forget` that there ever was such a turn, where it will hardly come again."""

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the turns that were taken until `stop` is set, then let them go."""


class Alone:
    """Every turn is ours: no other daemon works on the store."""

    holder = ""

    async def mine(self, name: str) -> bool:  # noqa: ARG002  # whatever it is
        """It is."""
        return True

    def holds(self, tx: Tx, name: str) -> bool:  # noqa: ARG002  # whatever it is
        """It does."""
        return True

    async def rest(self, name: str, until: datetime) -> None:
        """Nobody else needs to know."""

    async def rests_until(self, name: str) -> datetime | None:  # noqa: ARG002  # whatever it is
        """Whoever was told remembers it."""
        return None

    async def done(self, name: str, *, forget: bool = False) -> None:
        """There is nobody else to have it."""

    async def run(self, stop: asyncio.Event) -> None:
        """There is nothing to keep."""


ALONE = Alone()


@dataclass(slots=True)
class _Held:
    token: int
    until: float  # by `clock.ticks`


def new_holder() -> str:
    """Return a name for this process that no other has: the machine, the process, and a few letters for what was restarted."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"


class Leased:
    """Turns by leases in a shared store."""

    def __init__(self, store: Store, holder: str, *, span: timedelta = SPAN) -> None:
        """Take turns as `holder`, each for `span` unless it is renewed."""
        self.holder = holder
        self._troubles = Troubles(_log, "turns cannot be kept")
        self._store = store
        self._span = span
        self._held: dict[str, _Held] = {}
        self._spared: dict[str, float] = {}
        self._kinds: set[str] = set()

    async def mine(self, name: str) -> bool:
        """Return whether it is our turn; see `Turns.mine`. Turns of one kind have the same first word, and are shared out."""
        kind, several, _ = name.partition(" ")
        if several:
            self._kinds.add(kind)
        held = self._held.get(name)
        if held and ticks() < held.until:
            return True
        if self._spared.get(name, 0.0) > ticks():
            return False
        return await self._take(name)

    async def _take(self, name: str) -> bool:
        begun = ticks()
        token = await self._store.awrite_first(lambda tx: leases.take(tx, name, self.holder, self._span))
        if token is None:
            if self._held.pop(name, None):
                _log.warning("another machine has taken over", what=name)
            return False
        self._held[name] = _Held(token, begun + self._span.total_seconds())
        return True

    def holds(self, tx: Tx, name: str) -> bool:
        """Return whether it still is our turn; see `Turns.holds`."""
        held = self._held.get(name)
        return held is not None and leases.holds(tx, name, self.holder, held.token)

    async def rest(self, name: str, until: datetime) -> None:
        """Have whoever does `name` next wait; see `Turns.rest`."""
        await self._store.awrite_first(lambda tx: leases.rest(tx, name, until))

    async def rests_until(self, name: str) -> datetime | None:
        """Return until when nobody should do `name`; see `Turns.rests_until`."""
        return await self._store.aread(lambda reader: leases.rests_until(reader, name))

    async def done(self, name: str, *, forget: bool = False) -> None:
        """Let another machine have a turn; see `Turns.done`."""
        if self._held.pop(name, None):
            let_go = leases.forget if forget else leases.give_up
            await self._store.awrite_first(lambda tx: let_go(tx, self.holder, [name]))

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the turns that were taken; see `Turns.run`."""
        while not stop.is_set():
            await self.renew()
            await first_of(self._span.total_seconds() / 3, stop.wait())
        names = (*self._presence(), *self._held)
        self._held.clear()
        with suppress(EarnestError):
            await self._store.awrite_first(lambda tx: leases.give_up(tx, self.holder, names))

    async def renew(self) -> None:
        """Renew every turn that was taken, and let one of a kind go where we have more than our share.

        A store that cannot be reached lets them run out, which is what they are for.
        """
        try:
            for name in (*self._presence(), *self._held):
                await self._take(name)
            await self._share()
            self._troubles.worked("turns")
        except EarnestError as problem:
            self._troubles.failed("turns", problem)

    def _presence(self) -> list[str]:
        """Return the leases by which others see that we are there, one for each kind of turn that we want."""
        return [f"{leases.PRESENT}{kind} {self.holder}" for kind in sorted(self._kinds)]

    async def _share(self) -> None:
        """Let one turn of a kind go where we have more than our share of those, for others that are there."""
        for kind in tuple(self._kinds):
            machines = await self._many(f"{leases.PRESENT}{kind} ")
            share = math.ceil(await self._many(f"{kind} ") / machines) if machines > 1 else 0
            ours = [name for name in self._held if name.startswith(f"{kind} ")]
            if machines > 1 and len(ours) > share:
                self._spared[ours[0]] = ticks() + 2 * self._span.total_seconds()
                await self.done(ours[0])

    async def _many(self, beginning: str) -> int:
        """Return how many turns that begin so are held now, by whomever."""
        return len(await self._store.aread(lambda reader: leases.held(reader, beginning)))


def turns_of(store: Store, span: timedelta = SPAN) -> Turns:
    """Return whose turn it is on a store, each turn for `span` unless it is renewed."""
    return Leased(store, new_holder(), span=span) if store.shared else ALONE
