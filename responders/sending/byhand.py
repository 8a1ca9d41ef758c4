"""What people post by hand: Earnest makes no request for it, but sees to it that nobody posts what should not be said any more.

Looked at every half minute: our account's answer that was heard there is taken for the one that waited; what speaks against an answer takes
it back from the people; half-way through `answer_within` somebody is reminded, and at its end nobody is asked any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from listener.clock import Clock, from_text, in_words, to_text
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Row, Store, Tx, text
from responders.channels.base import ChannelKind, Sent
from responders.ledger import audit, deliveries, incidents, moves
from responders.model import Delivery, DeliveryState
from responders.sending import endings
from responders.sending.endings import Sending
from responders.sending.lastlook import LastLook

_CLOCKS_APART = timedelta(minutes=10)  # how far a network's clock may be from ours


async def look_after(store: Store, book: Rulebook, clock: Clock, kinds: Mapping[str, ChannelKind]) -> list[Sending]:
    """Look at all that waits for a hand, and return what changed."""
    if not await store.aread(moves.by_hand):
        return []
    return await store.awrite(lambda tx: settle(tx, book, kinds, at=clock()))


def settle(tx: Tx, book: Rulebook, kinds: Mapping[str, ChannelKind], *, at: datetime) -> list[Sending]:
    """Look once at all that waits for a hand, inside a transaction, and return what changed."""
    found = (_settle(tx, row, book, kinds, at) for row in moves.by_hand(tx))
    return [one for one in found if one]


def _settle(tx: Tx, row: Row, book: Rulebook, kinds: Mapping[str, ChannelKind], at: datetime) -> Sending | None:
    this = deliveries.read(tx, row)
    if there := _heard(tx, row, this):
        endings.sent(tx, this, there, "our account's answer was heard there", at=at)
        return Sending(this, DeliveryState.SENT, "our account's answer was heard there", there.url)
    waited = at - from_text(text(row, "approved_at"))
    why = objection(tx, row, this, book, kinds.get(this.network), at=at)
    if waited > book.boundaries.answer_within:
        why = why or f"nobody posted it within {in_words(book.boundaries.answer_within)}"
    if why:
        return Sending(this, endings.lapse(tx, this, why, at=at), why)
    if waited > book.boundaries.answer_within / 2:
        words = f"{this.case}: an answer was approved {in_words(waited)} ago and nobody has posted it by hand: earnest show {this.case}"
        if incidents.raise_(tx, incidents.by_hand(this.id), words, at=at):
            audit.record(tx, audit.DAEMON, "reminded", at=at, of="posting by hand", case=this.case)
    return None


def objection(reader: Reader, row: Row, this: Delivery, book: Rulebook, kind: ChannelKind | None, *, at: datetime) -> str:
    """Say why a person should not post this by hand (any more), or "", as far as the store knows."""
    gone = reader.one(
        "SELECT 1 FROM posts WHERE network = :network AND id = :id AND deleted_at IS NOT NULL", network=this.network, id=this.parent.id
    )
    return LastLook(reader, this, row, book, at).objection_by_hand(kind, there=gone is None)


def _heard(reader: Reader, row: Row, this: Delivery) -> Sent | None:
    """Return the answer of our own account below the post that was heard since the approval, if there is one."""
    found = reader.one(
        """SELECT id, url FROM posts WHERE network = :network AND thread_id = :thread AND parent_id = :parent AND own = 1
        AND created_at >= :since AND id NOT IN (SELECT remote_id FROM deliveries WHERE network = :network) ORDER BY id LIMIT 1""",
        network=this.network,
        thread=this.parent.thread_id,
        parent=this.parent.id,
        since=to_text(from_text(text(row, "approved_at")) - _CLOCKS_APART),
    )
    return Sent(text(found, "id"), text(found, "url")) if found else None
