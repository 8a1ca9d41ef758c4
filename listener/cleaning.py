"""Taking what was deleted out of the store's files too, a few minutes after it left the tables."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError
from listener.pulse import Pulse
from listener.resting import first_of
from listener.store import following
from listener.store.base import Store
from listener.turns import ALONE, Turns

_log = logs.get("cleaning")
LOOP = "clean"
EVERY = 600.0
WITHIN = 2 * EVERY  # seconds from one round's end to the next one's
_LONGEST_WAIT = timedelta(hours=1)


async def clean(store: Store, clock: Clock) -> bool:
    """Scrub the store's files where something was deleted since the last time; return whether that was done.

    Whoever answers takes its own words out first; where nobody does within an hour, the ear is alone and has nothing to wait for.

    Raises:
        EarnestError: the store refused.
    """
    found = await store.aread(following.remains)
    if found is None:
        return False
    waits = await store.aread(lambda reader: following.turns(reader, at=clock(), limit=1))
    if waits and clock() - found[0] < _LONGEST_WAIT:
        return False
    if not await asyncio.to_thread(store.scrub):
        return False
    await store.awrite(lambda tx: following.scrubbed(tx, found[1]))
    return True


async def run(store: Store, clock: Clock, stop: asyncio.Event, pulse: Pulse, turns: Turns = ALONE) -> None:
    """Clean every ten minutes until `stop` is set, telling `pulse` of it. A store that refuses is asked again at the next turn."""
    while not stop.is_set():
        pulse.mark(LOOP, WITHIN)
        await first_of(EVERY, stop.wait())
        if not stop.is_set():
            try:
                if await turns.mine("cleaning"):
                    await clean(store, clock)
            except EarnestError as problem:
                _log.warning("cannot clean the files", problem=problem.message)
