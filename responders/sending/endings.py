"""How a delivery ends, for everything that hangs on it: its case, its draft, what was to follow it, and the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from listener.store.base import Row, Tx, number
from responders.channels.base import Sent
from responders.ledger import audit, cases, deliveries, drafts, incidents, moves
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState

_ON_THE_NETWORK = {arrow.source: arrow for arrow in (Arrow.SEND, Arrow.FIND, Arrow.FIND_LATE, Arrow.CONFIRM, Arrow.POST)}


@dataclass(frozen=True, slots=True)
class Sending:
    """How one delivery stands after a step, for logs and whoever watches."""

    delivery: Delivery
    state: DeliveryState
    reason: str
    url: str = ""


def sent(tx: Tx, delivery: Delivery, found: Sent, reason: str, *, at: datetime, who: str = audit.DAEMON) -> bool:
    """Record that it is surely on the network, wherever the row stands by now; return whether that is news."""
    state = moves.state_of(tx, delivery.id)
    arrow = _ON_THE_NETWORK.get(state)
    remote = (found.remote_id, found.url)
    if arrow is None or not moves.move(tx, delivery.id, arrow, reason=reason, remote=remote, at=at):
        return False
    cases.answer(tx, cases.id_of(delivery.case), delivery.parent.id, at=at)
    if arrow is Arrow.CONFIRM:
        incidents.end(tx, incidents.parked(delivery.id), at=at)
        _let_other_half_wait(tx, delivery, at)
    if arrow is Arrow.POST:
        incidents.end(tx, incidents.by_hand(delivery.id), at=at)
    if arrow is Arrow.SEND:
        incidents.end(tx, incidents.account(delivery.network), at=at)  # whatever kept the account silent, it speaks again
    _log(tx, delivery, DeliveryState.SENT, reason, at=at, who=who)
    return True


def _let_other_half_wait(tx: Tx, delivery: Delivery, at: datetime) -> None:
    """After a doubt is over: where the other half was held back for it, let the draft wait for a yes again."""
    case_id = cases.id_of(delivery.case)
    if any(one.state is DeliveryState.HELD and one.draft_id == delivery.draft_id for one in deliveries.of_case(tx, case_id)):
        drafts.reopen(tx, delivery.draft_id, f"the {delivery.kind.value} answer is there; the other half was held back")
        cases.set_state(tx, case_id, "waiting", at=at)


def refuse(tx: Tx, delivery: Delivery, reason: str, *, at: datetime) -> DeliveryState:
    """Record a refusal: nothing of it is there, so other words may be tried. After an earlier doubt that is not sure: a person looks."""
    if tx.one("SELECT 1 FROM deliveries WHERE id = :id AND first_attempt_at < last_attempt_at AND resent_at IS NULL", id=delivery.id):
        doubted = moves.move(tx, delivery.id, Arrow.DOUBT, reason=reason, attempt=delivery.attempts, at=at)
        return park(tx, delivery, f"an earlier try broke off, and now: {reason}", at=at) if doubted else DeliveryState.UNKNOWN
    if not moves.move(tx, delivery.id, Arrow.REFUSE, reason=reason, attempt=delivery.attempts, at=at):
        return DeliveryState.UNKNOWN
    _hold_followers(tx, delivery.id, reason, at)
    drafts.reopen(tx, delivery.draft_id, reason)
    cases.set_state(tx, cases.id_of(delivery.case), "waiting", at=at)
    _log(tx, delivery, DeliveryState.REFUSED, reason, at=at)
    return DeliveryState.REFUSED


def hold(tx: Tx, row: Row, why: str, *, at: datetime) -> DeliveryState:
    """Keep a ready delivery back: its draft waits again, unless an attempt may have published it, which a person must look at."""
    delivery = deliveries.read(tx, row)
    if delivery.first_attempt_at is not None:
        reason = f"we cannot tell whether it is there, and it may not be sent again ({why}); look at the post and decide"
        return _park(tx, delivery, Arrow.PARK_LATE, reason, at)
    moves.move(tx, delivery.id, Arrow.HOLD, reason=why, at=at)
    _hold_followers(tx, delivery.id, why, at)
    drafts.reopen(tx, delivery.draft_id, why)
    cases.set_state(tx, number(row, "case_id"), "waiting", at=at)
    _log(tx, delivery, DeliveryState.HELD, why, at=at)
    return DeliveryState.HELD


def park(tx: Tx, delivery: Delivery, reason: str, *, at: datetime) -> DeliveryState:
    """Leave a delivery in doubt to a person: it is never sent again by itself."""
    return _park(tx, delivery, Arrow.PARK, f"we cannot tell whether it is there ({reason}); look at the post and decide", at)


def _park(tx: Tx, delivery: Delivery, arrow: Arrow, reason: str, at: datetime) -> DeliveryState:
    moves.move(tx, delivery.id, arrow, reason=reason, at=at)
    _hold_followers(tx, delivery.id, "the private message it speaks of is in doubt", at)
    cases.set_state(tx, cases.id_of(delivery.case), "open", at=at)
    what = f"our {delivery.kind.value} answer is on {delivery.network}"
    words = f"{delivery.case}: whether {what} cannot be told; look: earnest show {delivery.case}"
    incidents.raise_(tx, incidents.parked(delivery.id), words, at=at)
    _log(tx, delivery, DeliveryState.PARKED, reason, at=at)
    return DeliveryState.PARKED


def lapse(tx: Tx, delivery: Delivery, why: str, *, at: datetime, who: str = audit.DAEMON) -> DeliveryState:
    """Ask a person no longer to post an answer by hand: its draft waits again."""
    if not moves.move(tx, delivery.id, Arrow.LAPSE, reason=why, at=at):
        return moves.state_of(tx, delivery.id) or DeliveryState.HELD
    incidents.end(tx, incidents.by_hand(delivery.id), at=at)
    drafts.reopen(tx, delivery.draft_id, why)
    cases.set_state(tx, cases.id_of(delivery.case), "waiting", at=at)
    _log(tx, delivery, DeliveryState.HELD, why, at=at, who=who)
    return DeliveryState.HELD


def expire(tx: Tx, *, at: datetime) -> int:
    """End drafts that nobody decided in time; return how many."""
    ended = drafts.expire(tx, at=at)
    for case_id in ended:
        cases.set_state(tx, case_id, "open", at=at)
        audit.record(tx, audit.DAEMON, "expired", at=at, case_id=case_id)
    return len(ended)


def _hold_followers(tx: Tx, delivery_id: int, why: str, at: datetime) -> None:
    for row in tx.all("SELECT id FROM deliveries WHERE after_id = :id AND state = 'ready'", id=delivery_id):
        moves.move(tx, number(row, "id"), Arrow.HOLD, reason=f"what goes before it did not leave: {why}", at=at)


def _log(tx: Tx, delivery: Delivery, state: DeliveryState, reason: str, *, at: datetime, who: str = audit.DAEMON) -> None:
    why = audit.unquoted(reason)
    audit.record(tx, who, state.value, at=at, case_id=cases.id_of(delivery.case), kind=delivery.kind.value, reason=why)
