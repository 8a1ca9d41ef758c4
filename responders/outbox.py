"""Sending, at most once: look, claim, one POST, record; and after doubt, look again instead of repeating.

Approval is not immunity. Whether the person asked us to stop, whether sending is paused, whether the post is still there, unchanged
and unanswered, and whether the words are still the approved ones is asked again here, just before the one POST. What cannot be
answered means "do not send". docs/architecture.md draws the states.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener import logs
from listener.clock import Clock, from_text, in_words
from listener.errors import EarnestError, NetworkError, RateLimited, SignInNeeded
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Row, Store, Tx, number, text
from responders import guard
from responders.channels.base import Channel, ChannelKind, Parent, Refused, SendResult, Sent, Unsent
from responders.ledger import audit, cases, deliveries, drafts, people
from responders.model import Delivery, DeliveryState, DraftState, Mode

_log = logs.get("outbox")
_TIMEOUT = 30.0
_LOOK_AGAIN = timedelta(seconds=60)
_GIVE_UP_LOOKING = timedelta(minutes=10)
_REST = timedelta(seconds=30)
_A_YES_HOLDS = timedelta(hours=2)


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
        done = [await self._safely(row, self._settle_doubt) for row in deliveries.in_doubt(self._store.read(), at=self._clock())]
        for _ in range(limit):
            row = deliveries.due(self._store.read(), at=self._clock(), networks=tuple(self._channels))
            if row is None or people.paused(self._store.read(), at=self._clock()):
                break
            done.append(await self._safely(row, self._send))
        return [one for one in done if one]

    async def _safely(self, row: Row, step: Callable[[Row], Awaitable[Sending]]) -> Sending | None:
        """Take a step with one delivery; where it goes wrong in a way that nobody foresaw, no other has to wait for it."""
        try:
            return await step(row)
        except EarnestError:  # the store itself
            raise
        except Exception as problem:  # noqa: BLE001  # a channel may be anybody's
            name = type(problem).__name__
            _log.error("delivery failed", case_id=number(row, "case_id"), network=text(row, "network"), problem=name)
            await self._store.awrite(lambda tx: self._stumbled(tx, number(row, "id"), f"something unforeseen happened ({name})"))
            return None

    def _stumbled(self, tx: Tx, delivery_id: int, why: str) -> None:
        row = tx.one("SELECT * FROM deliveries WHERE id = :id AND state IN ('ready', 'claimed', 'unknown')", id=delivery_id)
        if row is None:
            return
        at = self._clock()
        first = from_text(text(row, "first_attempt_at")) if row["first_attempt_at"] else None
        if text(row, "state") == DeliveryState.READY or (first and at - first >= _GIVE_UP_LOOKING):
            self._hold(tx, row, why)
        else:
            deliveries.settle(tx, delivery_id, DeliveryState.UNKNOWN, reason=why, not_before=at + _LOOK_AGAIN, at=at)

    async def _send(self, row: Row) -> Sending:
        delivery = deliveries.read(self._store.read(), row)
        channel, at = self._channels[delivery.network], self._clock()
        if delivery.first_attempt_at and not self._key_holds(delivery, at):
            return await self._move(delivery, DeliveryState.UNKNOWN, "it waited too long to be sent again with the same key", at)
        try:
            # It may have come to light since the last look.
            found = await channel.find(delivery) if delivery.first_attempt_at else None
            parent = Parent(there=True) if found else await channel.look(delivery.parent)
        except (NetworkError, SignInNeeded) as problem:
            return await self._later(delivery, problem)
        if found:
            return await self._finish(delivery, DeliveryState.SENT, "found on the network after doubt", found)
        claimed = await self._store.awrite(lambda tx: self._claim(tx, delivery, parent))
        if not isinstance(claimed, Delivery):
            return claimed
        timeout = min(_TIMEOUT, deliveries.CLAIM.total_seconds() / 2)
        result = await channel.send(claimed, timeout, lambda: self._may_leave(claimed, timeout))
        return await self._record(claimed, result)

    def _may_leave(self, delivery: Delivery, timeout: float) -> bool:
        """Return whether nobody has paused sending since the claim, and the claim outlasts the attempt."""
        reader, at = self._store.read(), self._clock()
        ours = deliveries.still_ours(reader, delivery.id, until=at + timedelta(seconds=timeout))
        return ours and people.paused(reader, at=at) is None

    def _claim(self, tx: Tx, delivery: Delivery, parent: Parent) -> Delivery | Sending:
        """Ask every gate again and take the delivery in the same transaction; or return what became of it instead."""
        row = tx.one("SELECT * FROM deliveries WHERE id = :id AND state = 'ready'", id=delivery.id)
        if row is None:
            return Sending(delivery, DeliveryState.HELD, "somebody took it back")
        fresh = deliveries.read(tx, row)
        why = self._why_not(tx, fresh, parent) or self._why_not_any_more(tx, fresh, row)
        if why:
            return Sending(fresh, self._hold(tx, row, why), why)
        if not deliveries.claim(tx, delivery.id, at=self._clock()):
            return Sending(fresh, DeliveryState.READY, "sending is paused")
        return fresh

    def _why_not(self, tx: Tx, delivery: Delivery, parent: Parent) -> str:
        """Say what about the person, the post or the words forbids it, or ""."""
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
        # A private message may follow our own public word about it, and the other way round.
        if parent.answered_by_us and not self._own_other_half(tx, delivery):
            return "somebody already answered this post for us"
        draft = drafts.get(tx, delivery.draft_id)
        if (parent.version and post.version and parent.version != post.version) or (parent.text and parent.text != draft.parent_text):
            return "the post was changed after the answer was approved"
        problems = guard.check(delivery.text, kind=delivery.kind, book=self._book(), post=post)
        return "; ".join(problems)

    def _why_not_any_more(self, tx: Tx, delivery: Delivery, row: Row) -> str:
        """Say why a yes that was given does not count any more, or ""."""
        draft, waited = drafts.get(tx, delivery.draft_id), self._clock() - delivery.created_at
        if draft.state is not DraftState.APPROVED:
            return "the approval was taken back"
        if waited > _A_YES_HOLDS:
            return f"it was approved {in_words(waited)} ago; say yes again if it still fits"
        if row["automatic"] and not _leaves_by_itself(self._book(), draft.route):
            return "the rules do not let it leave by itself any more"
        return ""

    def _own_other_half(self, tx: Tx, delivery: Delivery) -> bool:
        row = tx.one(
            "SELECT 1 FROM deliveries WHERE draft_id = :draft AND id <> :id AND state = 'sent'",
            draft=delivery.draft_id,
            id=delivery.id,
        )
        return row is not None

    def _hold(self, tx: Tx, row: Row, why: str) -> DeliveryState:
        """Keep a delivery back: its draft waits again, unless an attempt may have published it, which a person must look at."""
        at, case_id, doubt = self._clock(), number(row, "case_id"), row["first_attempt_at"] is not None
        state = DeliveryState.PARKED if doubt else DeliveryState.HELD
        reason = f"we cannot tell whether it is there, and it may not be sent again ({why}); look at the post and decide" if doubt else why
        deliveries.settle(tx, number(row, "id"), state, reason=reason, at=at)
        self._hold_followers(tx, row, why)
        if not doubt:
            drafts.reopen(tx, number(row, "draft_id"), why)
        cases.set_state(tx, case_id, "open" if doubt else "waiting", at=at)
        audit.record(tx, audit.DAEMON, state.value, at=at, case_id=case_id, kind=text(row, "kind"), reason=why)
        return state

    def _hold_followers(self, tx: Tx, row: Row, why: str) -> None:
        tx.run(
            "UPDATE deliveries SET state = 'held', reason = :why WHERE after_id = :id AND state = 'ready'",
            why=f"the {text(row, 'kind')} message it speaks of did not leave: {why}",
            id=number(row, "id"),
        )

    async def _later(self, delivery: Delivery, problem: EarnestError) -> Sending:
        rest = timedelta(seconds=problem.retry_after) if isinstance(problem, RateLimited) else _REST
        return await self._move(delivery, DeliveryState.READY, problem.message, self._clock() + rest)

    async def _record(self, delivery: Delivery, result: SendResult) -> Sending:
        if isinstance(result, Sent):
            return await self._finish(delivery, DeliveryState.SENT, "", result)
        if isinstance(result, Refused):
            return await self._finish(delivery, DeliveryState.REFUSED, result.reason)
        at = self._clock()
        if isinstance(result, Unsent):
            again = at + timedelta(seconds=max(result.retry_after, _REST.total_seconds()))
            await self._store.awrite(lambda tx: deliveries.unsent(tx, delivery.id, reason=result.reason, not_before=again))
            return Sending(delivery, DeliveryState.READY, result.reason)
        return await self._move(delivery, DeliveryState.UNKNOWN, result.reason, at + self._settle_after(delivery))

    async def _settle_doubt(self, row: Row) -> Sending:
        delivery = deliveries.read(self._store.read(), row)
        channel = self._channels.get(delivery.network)
        if channel is None:
            return await self._look_again(delivery, "Earnest is not signed in there")
        try:
            found = await channel.find(delivery)
            keyed = found is None and await channel.keyed()
        except (NetworkError, SignInNeeded) as problem:
            return await self._look_again(delivery, f"the look failed: {problem.message}")
        if found:
            return await self._finish(delivery, DeliveryState.SENT, "found on the network after doubt", found)
        return await self._look_again(delivery, text(row, "reason"), looked=True, keyed=keyed)

    def _settle_after(self, delivery: Delivery) -> timedelta:
        kind = self._kinds.get(delivery.network)
        return timedelta(seconds=kind.settle_after) if kind else timedelta()

    def _key_holds(self, delivery: Delivery, at: datetime) -> bool:
        """Return whether the key of the first attempt in doubt still means the same post."""
        kind = self._kinds.get(delivery.network)
        age = at - (delivery.first_attempt_at or at)
        return kind is not None and (kind.key_lifetime is None or age < timedelta(seconds=kind.key_lifetime))

    async def _look_again(self, delivery: Delivery, reason: str, *, looked: bool = False, keyed: bool = False) -> Sending:
        """Not found (`looked`), or nobody could look: wait while a post may still be hidden, then repeat with the key, or park."""
        at = self._clock()
        first, rest = delivery.first_attempt_at or at, self._settle_after(delivery)
        if at - first < rest:
            return await self._move(delivery, DeliveryState.UNKNOWN, reason, first + rest)
        if keyed and self._key_holds(delivery, at):
            return await self._move(delivery, DeliveryState.READY, "sending again with the same key, which cannot double", at)
        if not looked and at - first < _GIVE_UP_LOOKING:
            return await self._move(delivery, DeliveryState.UNKNOWN, reason, at + _LOOK_AGAIN)
        why = f"we cannot tell whether it is there ({reason}); look at the post and decide"
        return await self._finish(delivery, DeliveryState.PARKED, why)

    async def _move(self, delivery: Delivery, state: DeliveryState, reason: str, not_before: datetime) -> Sending:
        at = self._clock()
        await self._store.awrite(lambda tx: deliveries.settle(tx, delivery.id, state, reason=reason, not_before=not_before, at=at))
        return Sending(delivery, state, reason)

    async def _finish(self, delivery: Delivery, state: DeliveryState, reason: str, sent: Sent | None = None) -> Sending:
        await self._store.awrite(lambda tx: self._end(tx, delivery, state, reason, sent))
        _log.info("delivery", case=delivery.case, kind=delivery.kind.value, state=state.value, network=delivery.network)
        return Sending(delivery, state, reason, sent.url if sent else "")

    def _end(self, tx: Tx, delivery: Delivery, state: DeliveryState, reason: str, sent: Sent | None) -> None:
        at, case_id = self._clock(), cases.id_of(delivery.case)
        where = (sent.remote_id, sent.url) if sent else ("", "")
        deliveries.settle(tx, delivery.id, state, reason=reason, remote_id=where[0], remote_url=where[1], at=at)
        if state is DeliveryState.SENT:
            cases.answer(tx, case_id, delivery.parent.id, at=at)
        else:
            self._hold_followers(tx, {"id": delivery.id, "kind": delivery.kind.value}, reason)
            if state is DeliveryState.REFUSED:  # nothing of it is there, so other words may be tried
                drafts.reopen(tx, delivery.draft_id, reason)
            cases.set_state(tx, case_id, "waiting" if state is DeliveryState.REFUSED else "open", at=at)
        audit.record(tx, audit.DAEMON, state.value, at=at, case_id=case_id, kind=delivery.kind.value, reason=reason)


def _leaves_by_itself(book: Rulebook, name: str) -> bool:
    """Return whether the rules in force let the route's answers leave without a person."""
    route = next((one for one in book.routes if one.name == name), None)
    modes = {book.mode, route.mode or book.mode} if route else set()
    return route is not None and route.approval == "none" and modes == {Mode.SEND}


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
