"""Taking back what was sent: on the network, with a record. Asking twice does no harm, so what is unclear is simply asked again.

A pause does not stop it: taking words away says nothing new.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from listener.errors import NetworkError, SignInNeeded
from listener.store.base import Row, Tx
from responders.channels.base import Barred, Channel, Refused, Withdrawn
from responders.ledger import audit, cases, deliveries, drafts, incidents, moves
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState
from responders.sending.endings import Sending
from responders.sending.means import Means

_TIMEOUT = 30.0
_AGAIN = timedelta(seconds=60)


async def withdraw(means: Means, row: Row) -> Sending:
    """Ask the network to take one answer away, and record what came of it."""
    delivery = await means.delivery(row)
    channel = means.channels.get(delivery.network)
    if channel is None:
        return await _again(means, delivery, "Earnest is not signed in there", _AGAIN)
    result = await channel.withdraw(delivery, _TIMEOUT)
    if isinstance(result, Withdrawn):
        return await _gone(means, channel, delivery)
    if isinstance(result, Refused):
        return await _end(means, delivery, Arrow.KEEP, f"it could not be taken back: {result.reason}; take it away by hand")
    if isinstance(result, Barred):
        words = f"{delivery.case}: an answer on {delivery.network} cannot be taken back now ({result.reason}); take it away by hand"
        at = means.clock()
        await means.store.awrite(lambda tx: incidents.raise_(tx, _by_hand(delivery), words, at=at))
    rest = 0.0 if isinstance(result, Barred) else getattr(result, "retry_after", 0.0)
    return await _again(means, delivery, result.reason, max(_AGAIN, timedelta(seconds=rest)))


def gone_by_hand(tx: Tx, delivery: Delivery, reason: str, *, at: datetime, who: str) -> None:
    """Record that what a person posted by hand was taken away by hand."""
    moves.move(tx, delivery.id, Arrow.RECALL, reason=reason, at=at)
    _record(tx, delivery, Arrow.WITHDRAW, reason, at, who=who)


async def _again(means: Means, delivery: Delivery, reason: str, rest: timedelta) -> Sending:
    until = means.clock() + rest
    await means.store.awrite(lambda tx: moves.put_off(tx, delivery.id, reason=reason, until=until))
    return Sending(delivery, DeliveryState.WITHDRAWING, reason)


async def _gone(means: Means, channel: Channel, delivery: Delivery) -> Sending:
    """Look once more: where a person gave a mistaken address, another id was asked away than the one it stands under."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            still = await channel.find(delivery)
    except (NetworkError, SignInNeeded, TimeoutError):
        still = None  # the network's own word for it has to do
    if still is None or still.remote_id == delivery.remote_id:  # some networks show for a moment what is gone
        return await _end(means, delivery, Arrow.WITHDRAW, "")
    await means.store.awrite(lambda tx: deliveries.rename(tx, delivery.id, still.remote_id, still.url))
    return await _again(means, delivery, "it still stands there, under another address", timedelta())


async def _end(means: Means, delivery: Delivery, arrow: Arrow, reason: str) -> Sending:
    state = DeliveryState.WITHDRAWN if arrow is Arrow.WITHDRAW else DeliveryState.SENT
    await means.store.awrite(lambda tx: _record(tx, delivery, arrow, reason, means.clock()))
    return Sending(delivery, state, reason)


def _by_hand(delivery: Delivery) -> str:
    """Return the name of the incident that an answer has to be taken away by hand."""
    return f"withdrawal {delivery.id}"


def _record(tx: Tx, delivery: Delivery, arrow: Arrow, reason: str, at: datetime, *, who: str = audit.DAEMON) -> None:
    if not moves.move(tx, delivery.id, arrow, reason=reason, at=at):
        return
    case_id = cases.id_of(delivery.case)
    if arrow is Arrow.WITHDRAW:
        drafts.withdraw(tx, delivery.draft_id, "its words were taken back from the network", at=at)
        cases.set_state(tx, case_id, "open", at=at)
        incidents.end(tx, _by_hand(delivery), at=at)
        audit.record(tx, who, "withdrawn", at=at, case_id=case_id, kind=delivery.kind.value)
        return
    incidents.raise_(tx, _by_hand(delivery), f"{delivery.case}: an answer on {delivery.network} {reason}", at=at)
    audit.record(tx, audit.DAEMON, "not withdrawn", at=at, case_id=case_id, kind=delivery.kind.value, reason=reason)
