"""Two people, or a person and the sender, act on one case at the same moment, a thousand times: one outcome, and the slower one is told.

Both sides have a store object of their own on one file, as two processes have, and start from one barrier.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from listener.errors import EarnestError
from listener.store.sqlite import SqliteStore
from responders.approvals import Desk
from responders.dispatch import Dispatch
from responders.house import channel_kind, open_store
from responders.ledger import deliveries, drafts
from responders.ledger.drafts import Draft
from responders.model import Delivery, DeliveryState, DraftState
from responders.outbox import Outbox
from tests.mouth import NETWORK, House, kind

TIMES = 250  # for each of the four pairs
OTHER_WORDS = "What happened, and when? ^Jo"
HEADSTART = 3_000  # steps of a loop; about the length of one act

Act = Callable[[str, Draft], object]


@dataclass
class Race:
    """How both sides fared with one case: what each was told."""

    case: str
    jo: object
    kim: object

    @property
    def lost(self) -> list[EarnestError]:
        return [one for one in (self.jo, self.kim) if isinstance(one, EarnestError)]


class Pair:
    """One house, and a terminal for each of two people."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.terminals = {name: open_store(self.house.store.url) for name in ("jo", "kim")}
        self._barrier = Barrier(2)
        self._chance = random.Random(7)  # noqa: S311  # the same headstarts every time
        self._pool = ThreadPoolExecutor(2)

    def close(self) -> None:
        self._pool.shutdown()
        for store in (*self.terminals.values(), self.house.store):
            store.close()

    async def cases(self, many: int = TIMES) -> list[str]:
        """Let a draft wait in each of many cases."""
        await self.house.hear(*(self.house.post(f"p{n}", "@acme hello there", f"a{n}") for n in range(many)))
        found: list[str] = []
        while noted := await self.house.think():
            found += [one.case for one in noted]
        assert len(found) == many
        return found

    def desk(self, who: str) -> Desk:
        return Desk(self.terminals[who], self.house.book, self.house.clock, channel_kind, who=who, undo=timedelta())

    def draft(self, case: str) -> Draft:
        found = drafts.newest(self.house.store.read(), int(case.removeprefix("A-")))
        assert found
        return found

    def deliveries(self, case: str) -> list[Delivery]:
        return deliveries.of_case(self.house.store.read(), int(case.removeprefix("A-")))

    def said(self, case: str) -> list[str]:
        return [word.verdict for word in drafts.words(self.house.store.read(), self.draft(case).id)]

    def race(self, case: str, jo: Act, kim: Act) -> Race:
        """Let both act at once on what both have read."""
        seen = self.draft(case)
        starts = [self._chance.randrange(HEADSTART) for _ in range(2)]
        told = [self._pool.submit(self._start, act, case, seen, start) for act, start in zip((jo, kim), starts, strict=True)]
        return Race(case, told[0].result(), told[1].result())

    def _start(self, act: Act, case: str, seen: Draft, behind: int) -> object:
        self._barrier.wait()
        for _ in range(behind):
            pass
        try:
            return act(case, seen)
        except EarnestError as told:
            return told


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.close()


async def test_of_two_who_approve_one_does_and_the_other_hears_who(pair: Pair) -> None:
    jo, kim = pair.desk("jo"), pair.desk("kim")
    faster = {"jo": 0, "kim": 0}
    for case in await pair.cases():
        race = pair.race(case, lambda name, _: jo.approve(name), lambda name, _: kim.approve(name))
        (told,) = race.lost
        winner = "kim" if told is race.jo else "jo"
        faster[winner] += 1
        assert f"{case} is approved already, by {winner}" in told.message
        assert pair.draft(case).state is DraftState.APPROVED
        assert pair.said(case) == ["yes"]
        assert len(pair.deliveries(case)) == 1
    assert min(faster.values()) > 0, "both orders happened"


async def test_of_one_who_approves_and_one_who_rejects_the_faster_decides(pair: Pair) -> None:
    jo, kim = pair.desk("jo"), pair.desk("kim")
    ends = dict.fromkeys((DraftState.APPROVED, DraftState.REJECTED), 0)
    for case in await pair.cases():
        race = pair.race(case, lambda name, _: jo.approve(name), lambda name, _: kim.reject(name, "too late"))
        (told,) = race.lost
        state, winner = (DraftState.REJECTED, "kim") if told is race.jo else (DraftState.APPROVED, "jo")
        ends[state] += 1
        assert f"{case} is {state.value} already, by {winner}" in told.message
        assert pair.draft(case).state is state
        assert len(pair.said(case)) == 1
        assert len(pair.deliveries(case)) == (state is DraftState.APPROVED)
    assert min(ends.values()) > 0, "both orders happened"


async def test_of_one_who_edits_and_one_who_approves_what_they_read_the_slower_does_nothing(pair: Pair) -> None:
    jo, kim = pair.desk("jo"), pair.desk("kim")
    edited = 0
    for case in await pair.cases():
        before = pair.draft(case)
        race = pair.race(
            case, lambda name, seen: jo.edit(name, public=OTHER_WORDS, seen=seen), lambda name, seen: kim.approve(name, seen=seen)
        )
        (told,) = race.lost
        now = pair.draft(case)
        if told is race.kim:
            edited += 1
            assert "jo" in told.message
            assert (now.state, len(pair.deliveries(case))) == (DraftState.WAITING, 0)
            assert OTHER_WORDS in (now.public or "")
        else:
            assert "kim" in told.message
            assert (now.state, now.public) == (DraftState.APPROVED, before.public)
            assert [one.text for one in pair.deliveries(case)] == [before.public]
    assert 0 < edited < TIMES, "both orders happened"


async def test_what_is_approved_unread_leaves_in_the_words_of_the_moment(pair: Pair) -> None:
    jo, kim = pair.desk("jo"), pair.desk("kim")
    for case in await pair.cases(50):
        before = pair.draft(case)
        race = pair.race(case, lambda name, _: jo.edit(name, public=OTHER_WORDS), lambda name, _: kim.approve(name))
        now = pair.draft(case)
        assert now.state is DraftState.APPROVED
        assert (now.public == before.public) == bool(race.lost)
        assert [one.text for one in pair.deliveries(case)] == [now.public]


async def test_of_one_who_takes_back_and_the_sender_the_faster_decides(pair: Pair) -> None:
    approving, house = pair.desk("kim"), pair.house
    back = Dispatch(pair.terminals["jo"], house.clock, channel_kind, who="jo")
    sender = _sender(pair.terminals["kim"], house)
    taken = 0
    for case in await pair.cases():
        approving.approve(case)
        house.clock.forward(seconds=2)  # no network takes so many at once
        published = len(house.mouth.published)
        race = pair.race(case, lambda name, _: back.take_back(name), lambda *_: asyncio.run(_one_round(sender)))
        left = len(house.mouth.published) - published
        if race.lost:
            assert race.lost == [race.jo]
            assert "cannot be taken back: it has left, or may have" in race.lost[0].message
            assert (left, [one.state for one in pair.deliveries(case)]) == (1, [DeliveryState.SENT])
        else:
            taken += 1
            assert (left, pair.deliveries(case), pair.draft(case).state) == (0, [], DraftState.WAITING)
    assert 0 < taken < TIMES, "both orders happened"
    house.clock.forward(minutes=5)
    await sender.round()
    assert len({one.parent.id for one in house.mouth.published}) == len(house.mouth.published) == TIMES - taken


def _sender(store: SqliteStore, house: House) -> Outbox:
    return Outbox(store, lambda: house.book, house.clock, house.channels, {NETWORK: kind()})


async def _one_round(sender: Outbox) -> None:
    await sender.round(1)
