"""The claim: everything that may speak against an answer is asked again, and the answer taken, in one transaction.

The outbox claims before it sends; whoever tries rules out on the past claims the same way and sends nothing.
"""

from __future__ import annotations

from listener.store import following
from listener.store.base import Row, Tx, number, text
from responders import brakes, lowering
from responders.channels.base import Parent
from responders.ledger import deliveries, machines, moves, people
from responders.model import Delivery, DeliveryState
from responders.sending import endings
from responders.sending.endings import Sending
from responders.sending.lastlook import LastLook
from responders.sending.means import Means


def claim(tx: Tx, means: Means, delivery: Delivery, parent: Parent) -> Delivery | Sending:
    """Ask everything again and take the delivery in the same transaction; or return what became of it instead."""
    at = means.clock()
    row = tx.one("SELECT * FROM deliveries WHERE id = :id AND state = 'ready'", id=delivery.id)
    if row is None:  # taken back, or seen to be there, while we looked
        return Sending(delivery, moves.state_of(tx, delivery.id) or DeliveryState.HELD, "it is not waiting to leave any more")
    fresh = deliveries.read(tx, row)
    if row["automatic"]:
        lowering.check(tx, means.book(), at=at)  # what people said meanwhile counts against it too
    if not parent.there:
        following.look_soon(tx, fresh.network, fresh.parent.id, at=at)
    if why := LastLook(tx, fresh, row, means.book(), at).objection(parent, means.kinds.get(fresh.network)):
        return Sending(fresh, endings.hold(tx, row, why, at=at), why)
    if why := _not_yet(tx, means, row):
        return Sending(fresh, DeliveryState.READY, why)
    if not moves.claim(tx, delivery.id, at=at, span=means.claim):
        return Sending(fresh, DeliveryState.READY, "it is not due yet")
    taken = tx.one("SELECT * FROM deliveries WHERE id = :id", id=delivery.id)
    return deliveries.read(tx, taken) if taken else fresh


def _not_yet(tx: Tx, means: Means, row: Row) -> str:
    """Say why it must wait where it is, or "": a pause, a brake, a word of its author, other rules, an account that rests, the pace."""
    at, network = means.clock(), text(row, "network")
    brakes.check(tx, means.book(), at=at)
    if pause := people.paused(tx, at=at):
        return f"sending is paused: {pause.reason}"
    if moves.author_waits(tx, row):  # heard while we looked
        return "what its author wrote meanwhile is not decided yet"
    if row["automatic"] and (why := machines.differing(tx)):
        return why
    if rest := people.resting(tx, at=at).get(network):
        return f"our account rests: {rest.reason}"
    room = means.room(tx, (network,), at=at)
    urgent = number(row, "points") >= means.urgent
    return "" if network in room.free or (urgent and network in room.urgent_only) else "we would be going too fast for the network"
