"""Sending, at most once: look, claim, one POST, record; and after doubt, look again instead of repeating.

Approval is not immunity. Whether the person asked us to stop, whether sending is paused, whether the post is still there, unchanged
and unanswered, and whether the words are still the approved ones is asked again here, just before the one POST. What cannot be
answered means "do not send". docs/architecture.md draws the states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError, NetworkError, RateLimited, SignInNeeded
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Row, Store, Tx, number, text
from responders import guard
from responders.channels.base import Channel, ChannelKind, Parent, Refused, SendResult, Sent, Unsent
from responders.ledger import audit, cases, deliveries, drafts, people
from responders.model import Delivery, DeliveryState, DraftState

_log = logs.get("outbox")
_TIMEOUT = 30.0
_LOOK_AGAIN = timedelta(seconds=60)
_GIVE_UP_LOOKING = timedelta(minutes=10)
_REST = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sending:
    """How one delivery ended this time, for logs and whoever watches."""

    delivery: Delivery
    state: DeliveryState
    reason: str
    url: str = ""


class Outbox:
    """Sends what may be sent, by the channels given."""

    def __init__(
        self,
        store: Store,
        book: Callable[[], Rulebook],
        clock: Clock,
        channels: Mapping[str, Channel],
        kinds: Mapping[str, ChannelKind],
    ) -> None:
        """Send on `channels`, by the rules that `book` returns at the moment of sending."""
        self._store = store
        self._book = book
        self._clock = clock
        self._channels = channels
        self._kinds = kinds

    async def recover(self) -> int:
        """After a start: whatever was being sent when we stopped is unknown; return how many that are."""
        return await self._store.awrite(lambda tx: deliveries.lost(tx, at=self._clock(), everything=True))

    async def round(self, limit: int = 20) -> list[Sending]:
        """Settle what is in doubt, then send what is ready, the most urgent first; at most `limit` deliveries."""
        await self._store.awrite(lambda tx: deliveries.lost(tx, at=self._clock(), everything=False))
        done = [await self._settle_doubt(row) for row in deliveries.in_doubt(self._store.read(), at=self._clock())]
        for _ in range(limit):
            row = deliveries.due(self._store.read(), at=self._clock(), networks=tuple(self._channels))
            if row is None or people.paused(self._store.read(), at=self._clock()):
                break
            done.append(await self._send(deliveries.read(self._store.read(), row)))
        return [one for one in done if one]

    async def _send(self, delivery: Delivery) -> Sending:
        channel = self._channels[delivery.network]
        try:
            parent = await channel.look(delivery.parent)
        except (NetworkError, SignInNeeded) as problem:
            return await self._later(delivery, problem)
        claimed = await self._store.awrite(lambda tx: self._claim(tx, delivery, parent))
        if isinstance(claimed, str):
            return Sending(delivery, DeliveryState.HELD, claimed)
        timeout = min(_TIMEOUT, deliveries.CLAIM.total_seconds() / 2)
        result = await channel.send(claimed, timeout)
        return await self._record(claimed, result)

    def _claim(self, tx: Tx, delivery: Delivery, parent: Parent) -> Delivery | str:
        """Ask every gate again and take the delivery in the same transaction; text says why it was held instead."""
        at = self._clock()
        row = tx.one("SELECT * FROM deliveries WHERE id = :id AND state = 'ready'", id=delivery.id)
        if row is None:
            return "somebody took it back"
        fresh = deliveries.read(tx, row)
        why = self._why_not(tx, fresh, row, parent)
        if why:
            self._hold(tx, fresh, why)
            return why
        if not deliveries.claim(tx, delivery.id, at=at):
            return "sending is paused"
        return fresh

    def _why_not(self, tx: Tx, delivery: Delivery, row: Row, parent: Parent) -> str:
        post = delivery.parent
        bound = deliveries.bind(delivery.account, delivery.network, post.id, delivery.visibility.value, delivery.text)
        if bound != delivery.bound:
            return "the text, the account or the visibility is not what was approved"
        account = next((known for known in heard_ledger.accounts(tx) if known.network == delivery.network), None)
        if account is None or account.id != delivery.account:
            return "the account that would speak is not the one that was approved"
        if words := people.suppressed(tx, delivery.network, post.author.id):
            return f'@{post.author.handle} asked us to stop: "{words}"'
        if not parent.there:
            return parent.reason or "the post is gone"
        # A private message may follow our own public word about it, and the other way round; only a retry finds itself.
        if parent.answered_by_us and not number(row, "attempts") and not self._own_other_half(tx, delivery):
            return "somebody already answered this post for us"
        draft = drafts.get(tx, delivery.draft_id)
        if (parent.version and post.version and parent.version != post.version) or (parent.text and parent.text != draft.parent_text):
            return "the post was changed after the answer was approved"
        problems = guard.check(delivery.text, kind=delivery.kind, book=self._book(), post=post)
        return "; ".join(problems)

    def _own_other_half(self, tx: Tx, delivery: Delivery) -> bool:
        row = tx.one(
            "SELECT 1 FROM deliveries WHERE draft_id = :draft AND id <> :id AND state = 'sent'",
            draft=delivery.draft_id,
            id=delivery.id,
        )
        return row is not None

    def _hold(self, tx: Tx, delivery: Delivery, why: str) -> None:
        at = self._clock()
        deliveries.settle(tx, delivery.id, DeliveryState.HELD, reason=why, at=at)
        self._hold_followers(tx, delivery, why)
        drafts.reopen(tx, delivery.draft_id, why)
        case_id = cases.id_of(delivery.case)
        cases.set_state(tx, case_id, "waiting", at=at)
        audit.record(tx, audit.DAEMON, "held", at=at, case_id=case_id, kind=delivery.kind.value, reason=why)

    def _hold_followers(self, tx: Tx, delivery: Delivery, why: str) -> None:
        tx.run(
            "UPDATE deliveries SET state = 'held', reason = :why WHERE after_id = :id AND state = 'ready'",
            why=f"the {delivery.kind.value} message it speaks of did not leave: {why}",
            id=delivery.id,
        )

    async def _later(self, delivery: Delivery, problem: EarnestError) -> Sending:
        rest = timedelta(seconds=problem.retry_after) if isinstance(problem, RateLimited) else _REST
        at = self._clock()
        await self._store.awrite(
            lambda tx: deliveries.settle(tx, delivery.id, DeliveryState.READY, reason=problem.message, not_before=at + rest, at=at)
        )
        return Sending(delivery, DeliveryState.READY, problem.message)

    async def _record(self, delivery: Delivery, result: SendResult) -> Sending:
        if isinstance(result, Sent):
            return await self._finish(delivery, DeliveryState.SENT, "", result)
        if isinstance(result, Refused):
            return await self._finish(delivery, DeliveryState.REFUSED, result.reason)
        at = self._clock()
        if isinstance(result, Unsent):
            rest = timedelta(seconds=max(result.retry_after, _REST.total_seconds()))
            return await self._move(delivery, DeliveryState.READY, result.reason, at + rest)
        settle = timedelta(seconds=self._kinds[delivery.network].settle_after)
        return await self._move(delivery, DeliveryState.UNKNOWN, result.reason, at + settle)

    async def _settle_doubt(self, row: Row) -> Sending | None:
        delivery = deliveries.read(self._store.read(), row)
        channel = self._channels.get(delivery.network)
        if channel is None:
            return None
        try:
            found = await channel.find(delivery)
            keyed = found is None and await channel.keyed()
        except (NetworkError, SignInNeeded) as problem:
            return await self._look_again(delivery, f"the look failed: {problem.message}", keyed=False)
        if found:
            return await self._finish(delivery, DeliveryState.SENT, "found on the network after doubt", found)
        return await self._look_again(delivery, text(row, "reason"), keyed=keyed)

    async def _look_again(self, delivery: Delivery, reason: str, *, keyed: bool) -> Sending:
        """Not found, or not to be seen: wait while an accepted post may still be hidden, then repeat with the key, or park."""
        at = self._clock()
        first = delivery.first_attempt_at or at
        kind = self._kinds[delivery.network]
        if at - first < timedelta(seconds=kind.settle_after):
            return await self._move(delivery, DeliveryState.UNKNOWN, reason, first + timedelta(seconds=kind.settle_after))
        if keyed and (kind.key_lifetime is None or at - first < timedelta(seconds=kind.key_lifetime)):
            return await self._move(delivery, DeliveryState.READY, "sending again with the same key, which cannot double", at)
        if "look failed" in reason and at - first < _GIVE_UP_LOOKING:
            return await self._move(delivery, DeliveryState.UNKNOWN, reason, at + _LOOK_AGAIN)
        why = f"we cannot tell whether it is there ({reason}); look at the post and decide"
        return await self._finish(delivery, DeliveryState.PARKED, why)

    async def _move(self, delivery: Delivery, state: DeliveryState, reason: str, not_before: datetime) -> Sending:
        at = self._clock()
        await self._store.awrite(lambda tx: deliveries.settle(tx, delivery.id, state, reason=reason, not_before=not_before, at=at))
        return Sending(delivery, state, reason)

    async def _finish(self, delivery: Delivery, state: DeliveryState, reason: str, sent: Sent | None = None) -> Sending:
        def write(tx: Tx) -> None:
            at = self._clock()
            case_id = cases.id_of(delivery.case)
            deliveries.settle(
                tx,
                delivery.id,
                state,
                reason=reason,
                remote_id=sent.remote_id if sent else "",
                remote_url=sent.url if sent else "",
                at=at,
            )
            if state is DeliveryState.SENT:
                cases.set_state(tx, case_id, "answered", at=at)
            else:
                self._hold_followers(tx, delivery, reason)
                cases.set_state(tx, case_id, "open", at=at)
            audit.record(tx, audit.DAEMON, state.value, at=at, case_id=case_id, kind=delivery.kind.value, reason=reason)

        await self._store.awrite(write)
        _log.info("delivery", case=delivery.case, kind=delivery.kind.value, state=state.value, network=delivery.network)
        return Sending(delivery, state, reason, sent.url if sent else "")


async def expire(store: Store, clock: Clock) -> int:
    """End drafts that nobody decided in time; return how many."""

    def work(tx: Tx) -> int:
        at = clock()
        ended = drafts.expire(tx, at=at)
        for case_id in ended:
            cases.set_state(tx, case_id, "open", at=at)
            audit.record(tx, audit.DAEMON, DraftState.EXPIRED.value, at=at, case_id=case_id)
        return len(ended)

    return await store.awrite(work)
