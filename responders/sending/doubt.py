"""Settling doubt: look at the network, and only where that is known to be safe let the same thing be sent again with the same key.

How old a doubt is can only be told while the clock runs forward; where it was turned back, a person decides.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from listener.errors import NetworkError, SignInNeeded
from listener.store.base import Row, text
from responders.ledger import moves
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState
from responders.sending import endings
from responders.sending.endings import Sending
from responders.sending.means import Means

LONGEST_LOOK = 60.0
"""How many seconds a look at a network may take."""

_LOOK_AGAIN = timedelta(seconds=60)
_GIVE_UP_LOOKING = timedelta(minutes=10)


async def settle(means: Means, row: Row) -> Sending:
    """Look for a delivery whose outcome is unknown, and move it on where the look says enough."""
    delivery = await means.delivery(row)
    channel = means.channels.get(delivery.network)
    if channel is None:
        return await _look_again(means, delivery, "Earnest is not signed in there")
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            found = await channel.find(delivery)
            if found and await means.is_another(delivery, found):
                found = None
            keyed = found is None and await channel.keyed(delivery.kind)
    except TimeoutError:
        return await _look_again(means, delivery, "the look took too long")
    except (NetworkError, SignInNeeded) as problem:
        return await _look_again(means, delivery, f"the look failed: {problem.message}")
    if found:
        reason = "found on the network after doubt"
        await means.store.awrite(lambda tx: endings.sent(tx, delivery, found, reason, at=means.clock()))
        return Sending(delivery, DeliveryState.SENT, reason, found.url)
    return await _not_found(means, delivery, text(row, "reason"), keyed=keyed)


async def _not_found(means: Means, delivery: Delivery, reason: str, *, keyed: bool) -> Sending:
    """Wait while a post may still be hidden; then repeat with the key, or leave it to a person."""
    at = means.clock()
    age = at - (delivery.first_attempt_at or at)
    settled = means.settle_after(delivery.network)
    if timedelta() <= age < settled:
        return await _put_off(means, delivery, reason, settled - age)
    if keyed and means.key_holds(delivery, at):
        again = "sending again with the same key, which cannot double"
        await means.store.awrite(lambda tx: moves.move(tx, delivery.id, Arrow.REPEAT, reason=again, not_before=at, at=at))
        return Sending(delivery, DeliveryState.READY, again)
    return await _park(means, delivery, reason)


async def _look_again(means: Means, delivery: Delivery, reason: str) -> Sending:
    """Nobody could look: try again for a while, then leave it to a person."""
    at = means.clock()
    if timedelta() <= at - (delivery.first_attempt_at or at) < _GIVE_UP_LOOKING:
        return await _put_off(means, delivery, reason, _LOOK_AGAIN)
    return await _park(means, delivery, reason)


async def stumble(means: Means, row: Row, why: str) -> None:
    """A look went wrong in a way that nobody foresaw: it counts as one that failed."""
    await _look_again(means, await means.delivery(row), why)


async def _put_off(means: Means, delivery: Delivery, reason: str, rest: timedelta) -> Sending:
    until = means.clock() + rest
    await means.store.awrite(lambda tx: moves.put_off(tx, delivery.id, reason=reason, until=until))
    return Sending(delivery, DeliveryState.UNKNOWN, reason)


async def _park(means: Means, delivery: Delivery, reason: str) -> Sending:
    state = await means.store.awrite(lambda tx: endings.park(tx, delivery, reason, at=means.clock()))
    return Sending(delivery, state, reason)
