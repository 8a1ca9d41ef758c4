"""Playing: what the daemon would make of posts, on a store in memory and a clock that is moved by what happens.

Posts go through the daemon's own ear and mind; what would leave by itself is claimed as the outbox claims it, with every last look, limit
and brake, and then counts as sent. There is no channel, no alert and no network: nothing here could reach anybody.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.clock import to_text
from listener.model import Account, Author, Mention, Page, Post
from listener.polling import NOTHING_KNOWN, Ear, Judged, Known
from listener.rules.rulebook import Rulebook
from listener.scoring.learned import NONE, Adjustments
from listener.store import mentions as heard_ledger
from listener.store.base import Row, Tx, number, text
from listener.store.mentions import Undecided
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.scratch import Scratch
from responders import brakes, earning
from responders.approvals import UNDO
from responders.channels.base import ChannelKind, Parent, Sent
from responders.keptworld import KeptWorld
from responders.ledger import cases, deliveries, drafts, lowered, moves, people
from responders.ledger.caseload import open_case
from responders.ledger.lowered import Lowered
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.model import Delivery, DeliveryState, DraftState, Kind, Proposal
from responders.orders import Undelivered, order
from responders.pipeline import Mind, Noted
from responders.sending import claiming, endings
from responders.sending.means import Means

_PACE = timedelta(seconds=30)  # until what would go too fast for a network is tried again
_EXPIRING = timedelta(seconds=30)  # as often as the daemon looks for drafts that nobody decided
RemoteIds = Mapping[tuple[str, str, str], str]
_BATCH = 100
_NO_IDS: RemoteIds = {}
OURS = "ours"
"""The id of an account that stands for ours where no store names one."""


@dataclass(slots=True)
class Moved:
    """A clock that stands where it was last moved to."""

    moment: datetime

    def __call__(self) -> datetime:
        """Return the moment, in UTC."""
        return self.moment


@dataclass(frozen=True, slots=True)
class Left:
    """Something that would have left by itself, and when."""

    delivery: Delivery
    at: datetime


class Play:
    """One rulebook at work on a store of its own. `left` holds what left by itself so far."""

    def __init__(
        self,
        book: Rulebook,
        kinds: Mapping[str, ChannelKind],
        *,
        begins: datetime,
        remote_ids: RemoteIds = _NO_IDS,
        unread: bool = False,
        adjustments: Adjustments = NONE,
    ) -> None:
        """Make everything ready; nothing has been heard, and our accounts are unknown.

        `kinds` says what is known of speaking on each network. `remote_ids` names answers of ours as the network did, by network, id of
        the post that is answered, and kind. `unread` says that nobody will look at what is wrong with drafts that wait. `adjustments` are
        what people's corrections taught, elsewhere.
        """
        self.store = Scratch((HEARING, ANSWERING))
        self.store.index("CREATE INDEX drafts_expiring ON drafts (expires_at) WHERE state = 'waiting'")
        self.clock = Moved(begins)
        self.left: list[Left] = []
        self.book, self._kinds, self._remote_ids = book, kinds, remote_ids
        self._ear = Ear(self.store, book, self.clock, adjustments=adjustments)
        self._mind = Mind(self.store, book, self.clock, kinds, undo=UNDO, unread=unread, look=KeptWorld(self.store))
        self._unread = unread
        self._means = Means(self.store, lambda: book, self.clock, {}, kinds)
        self.begin(begins)

    @property
    def judge(self) -> str:
        """The name of who judges posts here."""
        return self._ear.judge

    def begin(self, at: datetime) -> None:
        """Forget everything, and stand at a moment."""
        self.store.clear()
        self.clock.moment = at
        self.left.clear()
        self._due: list[datetime] = []
        self._ends: list[datetime] = []
        self._last = 0
        self._ours: tuple[tuple[int, ...], tuple[Account, ...]] = ((), ())
        self._expired_at = at

    def close(self) -> None:
        """Let the store go."""
        self.store.close()

    def take(self, table: str, rows: Iterable[Row]) -> None:
        """Begin with rows of a table that stood elsewhere."""
        self.store.take(table, rows)

    def own(self, accounts: Mapping[str, Account]) -> None:
        """Say which accounts are ours; on a network without one, an account that nobody has stands for it."""
        for network in self._kinds:
            account = accounts.get(network) or Account(network, OURS, self._handle(network))
            self.store.write(lambda tx, account=account: heard_ledger.record_account(tx, account, at=self.clock()))  # type: ignore[misc]

    def _handle(self, network: str) -> str:
        return next((brand.handles[network] for brand in self.book.brands.values() if network in brand.handles), OURS)

    def forward(self, until: datetime) -> None:
        """Let time go by: what is due leaves at its moment, and drafts that nobody decided end."""
        while self._due and self._due[0] <= until:
            self.clock.moment = max(self.clock.moment, heapq.heappop(self._due))
            while self._due and self._due[0] <= self.clock.moment:
                heapq.heappop(self._due)
            self.store.write(self._leave)
        self.clock.moment = max(self.clock.moment, until)
        if self._ends and self._ends[0] < self.clock.moment and self.clock.moment - self._expired_at >= _EXPIRING:
            self._expired_at = self.clock.moment
            while self._ends and self._ends[0] < self.clock.moment:
                heapq.heappop(self._ends)
            self.store.write(lambda tx: endings.expire(tx, at=self.clock()))

    def finish(self) -> None:
        """Let leave what is about to: ten seconds, and as much longer as a network's pace asks for."""
        for _ in range(1_000):
            if not self._due:
                return
            self.forward(self._due[0])

    def hear(self, source: str, page: Page, *, at: datetime, network: str = "", known: Known = NOTHING_KNOWN) -> list[Noted]:
        """Hear a page at a moment and decide it; return what became of each mention."""
        self.forward(at)
        return self.store.write(lambda tx: self._hear(tx, source, page, network, known))

    def _hear(self, tx: Tx, source: str, page: Page, network: str, known: Known) -> list[Noted]:
        heard = self._ear.hear(tx, source, page, network=network, known=known, own=self._own(tx)).mentions
        if not heard:
            return []
        noted: list[Noted] = []
        batch = self._mind.decide(tx, _BATCH, self._waiting(tx, heard, page) if self._unread else None)
        noted += batch
        while len(batch) == _BATCH:
            batch = self._mind.decide(tx, _BATCH)
            noted += batch
        for one in noted:
            if one.state == "approved":
                heapq.heappush(self._due, self.clock() + UNDO)
            if one.proposal:
                heapq.heappush(self._ends, self.clock() + self.book.boundaries.answer_within)
        return noted

    def _own(self, tx: Tx) -> tuple[Account, ...]:
        """Return our accounts, read again only where that table was changed."""
        stamp = self.store.stamp(("accounts",))
        if stamp != self._ours[0]:
            self._ours = stamp, heard_ledger.accounts(tx)
        return self._ours[1]

    def _waiting(self, tx: Tx, heard: Sequence[Judged], page: Page) -> list[Undecided] | None:
        """Return what waits undecided without reading again what was just written; None where it is not surely the same."""
        numbers = heard_ledger.undecided_numbers(tx)
        late = frozenset(page.late)
        found = [(mention, one) for one in heard for mention in one.mentions]
        fresh = len(numbers) == len(found) <= _BATCH and numbers[0] > self._last and all(map(_kept_as_it_is, heard))
        self._last = max(self._last, numbers[-1] if numbers else 0)
        if not fresh:
            return None
        return [
            Undecided(seq, mention, one.assessment, mention.post.id in late, edited=one.edited)
            for seq, (mention, one) in zip(numbers, found, strict=True)
            if one.assessment
        ]

    def _leave(self, tx: Tx) -> None:
        """Let everything leave that may: claimed as the outbox claims it, and then sent."""
        while row := self._next(tx):
            delivery = deliveries.read(tx, row)
            post = delivery.parent
            there = Parent(there=True, text=post.text, version=post.version)
            claimed = claiming.claim(tx, self._means, delivery, there)
            if isinstance(claimed, Delivery):
                self._sent(tx, claimed)
                self.left.append(Left(claimed, self.clock()))
            elif claimed.state is DeliveryState.READY:
                break
        if tx.one("SELECT 1 FROM deliveries WHERE state = 'ready' AND not_before <= :at", at=to_text(self.clock())):
            self._later(tx)

    def _next(self, tx: Tx) -> Row | None:
        if self.book.mode == "observe" or people.paused(tx, at=self.clock()):
            return None
        room = self._means.room(tx, tuple(self._kinds), at=self.clock())
        found = moves.due(tx, at=self.clock(), free=room.free, urgent_only=room.urgent_only, urgent=self._means.urgent, busy=())
        return found[0] if found else None

    def _later(self, tx: Tx) -> None:
        """Try again what could not leave: when the pause ends, or soon; while nobody resumes, not at all."""
        pause = people.paused(tx, at=self.clock())
        if pause is None:
            heapq.heappush(self._due, self.clock() + _PACE)
        elif pause.until:
            heapq.heappush(self._due, pause.until)

    def _sent(self, tx: Tx, delivery: Delivery) -> None:
        made_up = f"played-{delivery.id}"
        remote = self._remote_ids.get((delivery.network, delivery.parent.id, delivery.kind.value), made_up)
        endings.sent(tx, delivery, Sent(remote, ""), "", at=self.clock())

    def pause(self, reason: str, *, by: str, until: datetime | None, at: datetime) -> None:
        """Stop all sending, as a person did."""
        self.forward(at)
        self.store.write(lambda tx: people.pause(tx, reason, by=by, until=until, at=at))

    def resume(self, *, at: datetime) -> None:
        """Let sending go on, as a person did; what waited is tried at once."""
        self.forward(at)
        self.store.write(people.resume)
        self.store.write(lambda tx: brakes.settle(tx, at=at))
        heapq.heappush(self._due, at)

    def answer(self, post: Post, brand: str, words: Mapping[Kind, str], *, route: str, automatic: bool, at: datetime) -> bool:
        """Let an answer of ours to a stored post leave now, whoever decided it; return False where that post has one already."""
        self.forward(at)
        return self.store.write(lambda tx: self._answer(tx, Mention(post, brand, (), addressed=True), words, route, automatic=automatic))

    def _answer(self, tx: Tx, mention: Mention, words: Mapping[Kind, str], route: str, *, automatic: bool) -> bool:
        at, post = self.clock(), mention.post
        case = open_case(tx, mention, at=at)
        draft_id = drafts.add(
            tx,
            drafts.row(
                case.id,
                network=post.network,
                post_id=post.id,
                brand=mention.brand,
                route=route,
                rule_version="",
                proposal=Proposal(words.get(Kind.PUBLIC), words.get(Kind.PRIVATE), None, None),
                approvals_needed=1,
                parent_text=post.text,
                at=at,
                expires_at=None,
            ),
        )
        try:
            order(tx, drafts.get(tx, draft_id), post, self._kinds, points=0, automatic=automatic, not_before=at)
        except Undelivered:
            moves.take_back(tx, draft_id)
            drafts.settle(tx, draft_id, DraftState.DROPPED, "answered already", at=at)
            return False
        drafts.settle(tx, draft_id, DraftState.APPROVED, "", at=at)
        for row in tx.all("SELECT * FROM deliveries WHERE draft_id = :draft ORDER BY id", draft=draft_id):
            moves.claim(tx, number(row, "id"), at=at)
            self._sent(tx, deliveries.read(tx, row))
        return True

    def reject(self, post: tuple[str, str], words: tuple[str | None, str | None], reason: str, *, at: datetime) -> bool:
        """Let a person reject what waits for a post (its network and id) in these very words; return False where nothing of it waits."""
        self.forward(at)
        return self.store.write(lambda tx: self._reject(tx, post, words, reason))

    def _reject(self, tx: Tx, post: tuple[str, str], words: tuple[str | None, str | None], reason: str) -> bool:
        row = tx.one(
            "SELECT * FROM drafts WHERE network = :network AND post_id = :id AND state = 'waiting' ORDER BY id DESC LIMIT 1",
            network=post[0],
            id=post[1],
        )
        draft = drafts.read(row) if row else None
        if draft is None or (draft.public, draft.private) != words:
            return False
        drafts.settle(tx, draft.id, DraftState.REJECTED, reason, at=self.clock())
        cases.set_state(tx, draft.case_id, "closed" if reason == "no reply needed" else "open", at=self.clock())
        return True

    def suppress(self, network: str, author_id: str, *, on: bool, at: datetime) -> None:
        """Put somebody on the suppression list by hand, or take them off it."""
        self.forward(at)
        author = Author(network, author_id, "")

        def work(tx: Tx) -> None:
            if not on:
                people.lift(tx, network, author_id, by="", at=at)
                return
            people.suppress(tx, author, "", post_id="", by="", at=at)
            for case_id in drafts.drop_for(tx, network, author_id, "nothing is sent to this person", at=at):
                cases.set_state(tx, case_id, "closed", at=at)

        self.store.write(work)

    def lower(self, fell: Lowered) -> None:
        """Lower a route as it was then, for what people said of its drafts; one that says other things by these rules was not."""
        self.forward(fell.at)
        if any(route.name == fell.route and earning.mark(self.book, route) == fell.mark for route in self.book.routes):
            self.store.write(lambda tx: lowered.lower(tx, fell.route, fell.mark, fell.reason, at=fell.at))

    def restore(self, route: str, *, at: datetime) -> None:
        """Give a lowered route its right back, as a person did."""
        self.forward(at)
        self.store.write(lambda tx: lowered.restore(tx, route, "", by="", at=at))

    def brakes(self) -> Iterator[tuple[str, str]]:
        """Yield when a brake stopped all sending, and why."""
        found = self.store.read().all("SELECT raised_at, words FROM incidents WHERE name = :name ORDER BY id", name=brakes.BY)
        yield from ((text(row, "raised_at"), text(row, "words")) for row in found)


def _kept_as_it_is(one: Judged) -> bool:
    """Return whether a store gives a judgement back as it was; it knows no score that is no number."""
    return one.assessment is not None and math.isfinite(one.assessment.sentiment.score)
