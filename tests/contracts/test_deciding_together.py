"""Several machines decide at once: each mention by one of them, a person's in the order they came, and one unbroken log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from string import ascii_letters

import pytest

from listener.model import Page
from listener.polling import Ear
from listener.store import queueing
from listener.store.base import Store, Tx
from responders.house import channel_kind, open_store
from responders.ledger import audit
from responders.pipeline import Mind
from tests import keeping
from tests.mouth import House
from tests.street import RULES

pytestmark = pytest.mark.on_a_server

PEOPLE, EACH, MACHINES = 60, 6, 4
_NAMES = count()


@dataclass
class Fleet:
    """Some machines on one database, and a house that knows how posts are made."""

    house: House
    stores: list[Store]

    def minds(self) -> list[Mind]:
        kinds = {"mastodon": kind} if (kind := channel_kind("mastodon")) else {}
        return [Mind(store, self.house.book, self.house.clock, kinds, undo=timedelta(seconds=10)) for store in self.stores]

    def ears(self) -> list[Ear]:
        return [Ear(store, self.house.book, self.house.clock) for store in self.stores]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    name = f"together_{next(_NAMES)}"
    url = keeping.server().make(name)
    stores = [open_store(url, create=True) for _ in range(MACHINES)]
    house = House(tmp_path, routes=RULES["routes"])
    yield Fleet(house, stores)
    house.store.close()
    for store in stores:
        store.close()
    keeping.server().drop(name)


def pages(house: House) -> list[Page]:
    """Everybody writes several times, in turn: whoever decides a page has a bit of everybody in it."""
    words = (
        "@acme you charged me twice",
        "@acme hello?",
        "@acme the charger burned my hand",
        "@acme love them, thank you!",
        "@acme stop writing to me",
    )
    posts = [
        house.post(f"{turn}-{person}", words[(turn + person) % len(words)], f"p{person}", thread=f"t{person}", age=600 - turn)
        for turn in range(EACH)
        for person in range(PEOPLE)
    ]
    return [Page(tuple(posts[begin : begin + 30]), f"{begin}") for begin in range(0, len(posts), 30)]


async def _decide_all(mind: Mind) -> int:
    done = 0
    while found := await mind.round(20):
        done += len(found)
    return done


async def test_each_mention_is_decided_once_and_a_persons_in_their_order(fleet: Fleet) -> None:
    for page in pages(fleet.house):
        await fleet.ears()[0].take("mastodon", page)
    done = await asyncio.gather(*(_decide_all(mind) for mind in fleet.minds()))
    reader = fleet.stores[0].read()
    while reader.one("SELECT 1 FROM mentions WHERE decided = 0"):  # whoever found everything taken by others went home
        done.append(await _decide_all(fleet.minds()[0]))
    assert sum(done) == PEOPLE * EACH
    rows = reader.all("SELECT d.post_id, c.author_id FROM decisions d JOIN cases c ON c.id = d.case_id ORDER BY d.id")
    assert len(rows) == PEOPLE * EACH
    assert len({row["post_id"] for row in rows}) == PEOPLE * EACH
    for person in range(PEOPLE):
        theirs = [str(row["post_id"]) for row in rows if row["author_id"] == f"id-p{person}"]
        assert theirs == [f"{turn}-{person}" for turn in range(EACH)]
    assert len(reader.all("SELECT id FROM cases")) == PEOPLE
    assert audit.broken_at(reader) is None


async def test_one_post_that_several_hear_at_once_is_one_mention(fleet: Fleet) -> None:
    (page, *_) = pages(fleet.house)
    taken = await asyncio.gather(*(ear.take(f"source-{n}", page) for n, ear in enumerate(fleet.ears())))
    assert sorted(len(one.mentions) for one in taken) == [0, 0, 0, 30]
    assert len(fleet.stores[0].read().all("SELECT seq FROM mentions")) == 30


async def test_what_is_heard_while_others_decide_is_decided_too(fleet: Fleet) -> None:
    ears, minds = fleet.ears(), fleet.minds()

    async def hear(machine: int) -> None:
        for number, page in enumerate(pages(fleet.house)):
            if number % 2 == machine:
                await ears[machine].take(f"source-{machine}", page)

    await asyncio.gather(hear(0), hear(1), *(_decide_all(mind) for mind in minds))
    await _decide_all(minds[0])
    reader = fleet.stores[0].read()
    assert len(reader.all("SELECT id FROM decisions")) == PEOPLE * EACH
    assert audit.broken_at(reader) is None


async def test_a_person_whose_first_words_are_passed_over_is_left_alone_to_the_end(fleet: Fleet) -> None:
    house, (busy, free, *_) = fleet.house, fleet.stores
    crowd = house.post("0", "@acme hello?", "somebody", thread="crowded")
    first = house.post("1", "@acme stop writing to me", "kim", thread="crowded")
    second, other = house.post("2", "@acme hello?", "kim"), house.post("3", "@acme hello?", "sam")
    await fleet.ears()[0].take("mastodon", Page((first, second, other), "1"))

    def look(tx: Tx) -> list[int]:
        queueing.lock(tx, [crowd])
        return free.write(lambda tx: queueing.claim(tx, 10), alongside=True)

    assert busy.write(look, alongside=True) == [3], "kim's second words, before those in which another machine is busy"


async def test_a_page_is_heard_though_the_names_in_it_are_too_long_to_be_kept(fleet: Fleet) -> None:
    ear, house = fleet.ears()[0], fleet.house
    noise = "".join(random.Random(7).choices(ascii_letters, k=20_000))  # noqa: S311  # what no compression makes short
    fine = house.post("1", "@acme the charger burned my hand", "kim")
    author = replace(fine.author, id=noise, handle=noise)
    long = replace(fine, id=f"2{noise}", thread_id=f"2{noise}", parent_id=f"1{noise}", parent_author_id=noise, author=author)
    half = replace(fine, id="3\0\ud800", thread_id="3\0\ud800", author=replace(author, id="\ud800", handle="k\0m"))
    assert len((await ear.take("mastodon", Page((fine, long, half), "1"))).mentions) == 3
    assert (await ear.take("mastodon", Page((fine, long, half), "2"))).mentions == (), "the same ones again"
    assert len(await fleet.minds()[0].round()) == 3
