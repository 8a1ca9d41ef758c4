"""Sending, at most once: look, claim, one POST, record; and after doubt, look again instead of repeating.

What speaks against an answer is asked again in the transaction that claims it, and whether it may still leave once more just before the
one POST. What cannot be answered means "do not send". docs/architecture.md draws the states; the parts are in responders/sending/.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError, NetworkError, RateLimited, SignInNeeded, Unreachable
from listener.http import LONGEST_WAIT, ask_first
from listener.rules.rulebook import Rulebook
from listener.store.base import Reader, Row, Store, Tx, number, text
from listener.turns import ALONE, Turns
from responders import flag
from responders.channels.base import Barred, Channel, ChannelKind, Parent, Refused, SendResult, Sent, Unknown, Unsent
from responders.ledger import audit, incidents, moves, people, places
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState, Kind
from responders.sending import claiming, doubt, endings, withdrawals
from responders.sending.endings import Sending
from responders.sending.line import Line
from responders.sending.means import Means

_log = logs.get("outbox")
_TIMEOUT = 30.0
_REST = timedelta(seconds=30)
_LOOK_AGAIN = timedelta(seconds=60)
_BARRED = timedelta(minutes=15)
_FRESH = timedelta(seconds=1)
_AT_ONCE = 5
_Step = Callable[[Row], Awaitable[Sending]]

__all__ = ["Outbox", "Sending", "expire"]


class Outbox:
    """Sends what may be sent, by the channels given."""

    def __init__(
        self,
        store: Store,
        book: Callable[[], Rulebook],
        clock: Clock,
        channels: Mapping[str, Channel],
        kinds: Mapping[str, ChannelKind],
        *,
        turns: Turns = ALONE,
        claim: timedelta = moves.CLAIM,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        """Send on `channels`, by the rules that `book` returns at the moment of sending; of a case, one machine at a time (`turns`).

        `claim` is how long what is being sent is taken for; an attempt has half of it. `step` is told when a delivery is done with.
        """
        self._store = store
        self._clock = clock
        self._channels = channels
        self._means = Means(store, book, clock, channels, kinds, claim)
        self._line = Line(self._means, turns.holder)
        self._busy: set[int] = set()
        self._choosing = asyncio.Lock()
        self._elsewhere: set[int] = set()
        self._turns = turns
        self._finishing = False
        self._step = step

    async def recover(self) -> int:
        """After a start: whatever was being sent when we stopped is unknown; return how many that are."""
        return await self._store.awrite(lambda tx: moves.lost(tx, at=self._clock(), everything=True))

    def finish(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._finishing = True

    async def round(self, limit: int = 20) -> list[Sending]:
        """Settle what is in doubt, take back what is to be withdrawn, then send what is ready, the most urgent first, at most `limit`.

        A few at once, so that a network that hangs keeps no other waiting; of one case never two.
        """
        self._elsewhere.clear()
        at = self._clock()
        if await self._store.aread(moves.any_claimed):  # looked for first, so that nothing is written while nothing happens
            await self._store.awrite(lambda tx: moves.lost(tx, at=self._clock(), everything=False))
        steps = [(row, self._settle) for row in await self._store.aread(partial(moves.in_doubt, at=at))]
        steps += [(row, self._withdraw) for row in await self._store.aread(partial(moves.withdrawals, at=at))]
        waiting = iter(steps)
        done = await _at_once(lambda: self._take(waiting))
        left = iter(range(limit))
        return done + await _at_once(lambda: self._take_next(left))

    async def _take(self, steps: Iterator[tuple[Row, _Step]]) -> Sending | None:
        """Take one of `steps`.

        Raises:
            StopAsyncIteration: none is left.
        """
        for row, step in steps:
            return await self._safely(row, step)
        raise StopAsyncIteration

    async def _take_next(self, left: Iterator[int]) -> Sending | None:
        """Send what may leave now, most urgent first.

        Raises:
            StopAsyncIteration: nothing may, or enough was sent for this round.
        """
        async with self._choosing:  # or two would take the same one
            row = None if self._finishing else await self._line.next(self._busy | self._elsewhere)
            if row is None or next(left, None) is None:
                raise StopAsyncIteration
            case = number(row, "case_id")
            self._busy.add(case)
        try:
            return await self._safely(row, self._send)
        finally:
            self._busy.discard(case)

    async def _settle(self, row: Row) -> Sending:
        return await doubt.settle(self._means, row)

    async def _withdraw(self, row: Row) -> Sending:
        return await withdrawals.withdraw(self._means, row)

    async def _safely(self, row: Row, step: Callable[[Row], Awaitable[Sending]]) -> Sending | None:
        """Take a step with one delivery; where it goes wrong in a way that nobody foresaw, no other has to wait for it.

        Return None where that happened, or another machine is busy with the same case.
        """
        turn = f"case-{row['case_id']}"
        if not await self._turns.mine(turn):
            self._elsewhere.add(number(row, "case_id"))
            return None
        try:
            return await self._in_turn(row, step)
        finally:
            with suppress(Unreachable):  # then the turn runs out by itself
                await self._turns.done(turn, forget=True)

    async def _in_turn(self, row: Row, step: Callable[[Row], Awaitable[Sending]]) -> Sending | None:
        try:
            sending = await step(row)
        except Unreachable:  # the store itself
            raise
        except Exception as problem:  # noqa: BLE001  # a channel may be anybody's
            name = type(problem).__name__
            _log.error("delivery failed", case_id=number(row, "case_id"), network=text(row, "network"), problem=name)
            await self._stumbled(row, f"something unforeseen happened ({name})")
            return None
        finally:
            self._step()
        return sending

    async def _stumbled(self, row: Row, why: str) -> None:
        at, delivery_id = self._clock(), number(row, "id")
        state = await self._store.aread(lambda reader: moves.state_of(reader, delivery_id))
        if state is DeliveryState.READY:
            await self._store.awrite(lambda tx: endings.hold(tx, row, why, at=at))
        elif state is DeliveryState.CLAIMED:
            again = at + _LOOK_AGAIN
            await self._store.awrite(lambda tx: moves.move(tx, delivery_id, Arrow.DOUBT, reason=why, not_before=again, at=at))
        elif state is DeliveryState.UNKNOWN:
            await doubt.stumble(self._means, row, why)
        elif state is DeliveryState.WITHDRAWING:
            await self._store.awrite(lambda tx: moves.put_off(tx, delivery_id, reason=why, until=at + _LOOK_AGAIN))

    async def _send(self, row: Row) -> Sending:
        delivery = await self._means.delivery(row)
        channel, at = self._channels[delivery.network], self._clock()
        if delivery.first_attempt_at and not row["resent_at"] and not self._means.key_holds(delivery, at):
            stale = "it waited too long to be sent again with the same key"
            await self._store.awrite(lambda tx: moves.move(tx, delivery.id, Arrow.STALE, reason=stale, not_before=at, at=at))
            return Sending(delivery, DeliveryState.UNKNOWN, stale)
        try:
            # What was tried before may have come to light since the last look.
            async with asyncio.timeout(doubt.LONGEST_LOOK):
                found = await self._found(channel, delivery)
                parent = Parent(there=True) if found else await channel.look(delivery.parent)
        except TimeoutError:
            return await self._later(delivery, NetworkError("looking at the post took too long"))
        except (NetworkError, SignInNeeded) as problem:
            return await self._later(delivery, problem)
        if found:
            return await self._sent(delivery, found, "found on the network after doubt")
        claimed = await self._store.awrite(lambda tx: claiming.claim(tx, self._means, delivery, parent))
        if not isinstance(claimed, Delivery):
            return claimed
        timeout = min(_TIMEOUT, self._means.claim.total_seconds() / 2)
        may_leave = partial(self._may_leave, claimed, timeout)
        with ask_first(may_leave):
            result = await channel.send(claimed, timeout, may_leave)
        return await self._record(claimed, result)

    async def _found(self, channel: Channel, delivery: Delivery) -> Sent | None:
        """Look for what was tried before; and for private messages always, since a look at the post does not show those."""
        if not delivery.attempts and delivery.kind is not Kind.PRIVATE:
            return None
        found = await channel.find(delivery)
        return None if found and await self._means.is_another(delivery, found) else found

    def _may_leave(self, delivery: Delivery, timeout: float) -> bool:
        """Return whether nobody has stopped sending since the claim, and this very claim outlasts the attempt.

        What the store says counts for a second: where it takes longer to answer, somebody may have said "stop" meanwhile, or taken over.
        """
        begun = self._clock()

        def may(reader: Reader) -> bool:
            # This machine may have slept in a way that its own clock did not see.
            at = max(begun, reader.now()) if self._store.shared else begun
            until = at + timedelta(seconds=timeout) + _FRESH
            ours = moves.still_ours(reader, delivery.id, attempt=delivery.attempts, until=until)
            return ours and self._means.book().mode != "observe" and flag.stopped(self._store, at=at) is None

        try:  # nothing may be awaited between a yes and the POST
            return self._store.read_within(may, _FRESH.total_seconds()) and timedelta() <= self._clock() - begun <= _FRESH
        except TimeoutError:
            return False

    async def _later(self, delivery: Delivery, problem: EarnestError) -> Sending:
        """The network could not be read before sending: wait; where it turns our account away or asks us to wait, all of ours do."""
        if isinstance(problem, SignInNeeded):
            await self._store.awrite(lambda tx: self._bar(tx, delivery.network, problem.message, problem.hint))
        rest = timedelta(seconds=min(problem.retry_after, LONGEST_WAIT)) if isinstance(problem, RateLimited) else _REST
        until = self._clock() + rest
        if isinstance(problem, RateLimited):
            await self._store.awrite(lambda tx: self._rest(tx, delivery.network, problem.message, rest))
        await self._store.awrite(lambda tx: moves.put_off(tx, delivery.id, reason=problem.message, until=until))
        return Sending(delivery, DeliveryState.READY, problem.message)

    async def _sent(self, delivery: Delivery, found: Sent, reason: str) -> Sending:
        await self._store.awrite(lambda tx: endings.sent(tx, delivery, found, reason, at=self._clock()))
        return Sending(delivery, DeliveryState.SENT, reason, found.url)

    async def _record(self, delivery: Delivery, result: SendResult) -> Sending:
        """Write down how the attempt ended. A row that another has taken over meanwhile only learns that it was surely published."""
        if isinstance(result, Sent) and result.remote_id:
            return await self._sent(delivery, result, "")
        if isinstance(result, Refused):
            state = await self._store.awrite(lambda tx: self._refused(tx, delivery, result))
            return Sending(delivery, state, result.reason)
        if not isinstance(result, Unsent | Barred):
            why = result.reason if isinstance(result, Unknown) else "the network's answer names nothing that was published"
            again = self._clock() + self._means.settle_after(delivery.network)
            await self._store.awrite(lambda tx: self._doubt(tx, delivery, why, again))
            return Sending(delivery, DeliveryState.UNKNOWN, why)
        await self._store.awrite(lambda tx: self._unsent(tx, delivery, result))
        return Sending(delivery, DeliveryState.READY, result.reason)

    def _refused(self, tx: Tx, delivery: Delivery, result: Refused) -> DeliveryState:
        """Record a refusal; where a part of the network takes nothing from us, remember that until a person says otherwise."""
        at = self._clock()
        if result.closes and places.close(tx, delivery.network, result.closes, result.reason, by=audit.DAEMON, at=at):
            audit.record(tx, audit.DAEMON, "closed", at=at, network=delivery.network, place=result.closes, reason=result.reason)
        return endings.refuse(tx, delivery, result.reason, at=at)

    def _doubt(self, tx: Tx, delivery: Delivery, reason: str, again: datetime) -> None:
        moves.move(tx, delivery.id, Arrow.DOUBT, reason=reason, attempt=delivery.attempts, not_before=again, at=self._clock())

    def _unsent(self, tx: Tx, delivery: Delivery, result: Unsent | Barred) -> None:
        """Put it back: surely nothing was published. Where the account must wait, all that it would say waits."""
        wait = timedelta(seconds=min(result.retry_after, LONGEST_WAIT)) if isinstance(result, Unsent) else timedelta()
        if isinstance(result, Barred):
            self._bar(tx, delivery.network, result.reason, result.hint)
        elif wait > _REST:
            self._rest(tx, delivery.network, result.reason, wait)
        again = self._clock() + max(wait, _REST)
        moves.unsent(tx, delivery.id, reason=result.reason, not_before=again, attempt=delivery.attempts)

    def _rest(self, tx: Tx, network: str, reason: str, span: timedelta) -> None:
        at = self._clock()
        people.rest(tx, network, reason, by=audit.DAEMON, until=at + span, at=at)

    def _bar(self, tx: Tx, network: str, reason: str, hint: str) -> None:
        """Let our account on a network be silent for a while, and have ops told, once until it speaks again."""
        at = self._clock()
        people.rest(tx, network, reason, by=audit.DAEMON, until=at + _BARRED, at=at)
        words = f"nothing more is sent on {network}: {reason}. {hint}".strip()
        if incidents.raise_(tx, incidents.account(network), words, at=at):
            audit.record(tx, audit.DAEMON, "account paused", at=at, network=network, reason=reason)


async def _at_once(take: Callable[[], Awaitable[Sending | None]]) -> list[Sending]:
    """Take one after another until none is left, a few at once; return what came of each.

    Where one fails, the others finish what they have begun and begin nothing more.
    """
    done: list[Sending] = []
    failed: list[Exception] = []

    async def work() -> None:
        while not failed:
            try:
                one = await take()
            except StopAsyncIteration:
                return
            except Exception as problem:  # noqa: BLE001  # the others finish what they have begun
                failed.append(problem)
                return
            if one:
                done.append(one)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    except BaseExceptionGroup as ended:
        raise ended.exceptions[0] from None
    if failed:
        raise failed[0]
    return done


async def expire(store: Store, clock: Clock) -> int:
    """End drafts that nobody decided in time; return how many."""
    return await store.awrite(lambda tx: endings.expire(tx, at=clock()))
