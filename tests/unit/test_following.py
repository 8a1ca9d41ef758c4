"""Following known posts: when each is read again, by whom, what an edit and a deletion do to the store, and that no failure does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from listener import cleaning
from listener.errors import Malformed, NetworkError, RateLimited
from listener.following import EVERY, MOST_REQUESTS, Follower, followers
from listener.model import Page, Post
from listener.polling import Ear, Taken
from listener.sources.base import Looked
from listener.store import following
from listener.store import mentions as ledger
from tests.asking import Asking
from tests.mouth import NETWORK, House

SLOWEST = timedelta(days=7)


class Paper:
    """A source that shows what stands in `posts` now, and fails as `trouble` says."""

    network = NETWORK
    most_at_once = 3
    slowest = SLOWEST

    def __init__(self, name: str = NETWORK, *, everywhere: bool = True) -> None:
        self.name = name
        self.ids_everywhere = everywhere
        self.posts: dict[str, Post] = {}
        self.asked: list[tuple[str, ...]] = []
        self.left: tuple[str, ...] = ()
        self.trouble: Exception | None = None

    async def identify(self) -> None:
        return None

    async def fetch(self, cursor: str | None) -> Page:
        return Page((), cursor)

    async def look_again(self, ids: Sequence[str]) -> Looked:
        assert len(ids) <= self.most_at_once
        self.asked.append(tuple(ids))
        if self.trouble:
            raise self.trouble
        there = tuple(self.posts[each] for each in ids if each in self.posts)
        return Looked(there, tuple(each for each in ids if each not in self.posts and each not in self.left), self.left)

    async def close(self) -> None:
        return None


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def paper() -> Paper:
    return Paper()


def follower(house: House, *sources: Paper, heard: Callable[[Taken], None] = lambda _taken: None) -> Follower:
    (made,) = followers(sources, lambda: Ear(house.store, house.book, house.clock), house.store, house.clock, heard)
    return made


def always(_name: str) -> bool:
    return True


async def hear(house: House, paper: Paper, *words: str, source: str = NETWORK) -> list[str]:
    posts = [house.post(f"p{number}", text, age=0.0) for number, text in enumerate(words)]
    paper.posts |= {post.id: post for post in posts}
    await Ear(house.store, house.book, house.clock).take(source, Page(tuple(posts), "c"), network=NETWORK)
    return [post.id for post in posts]


def shown(house: House, post_id: str) -> tuple[str, bool, bool]:
    post, fate = ledger.post(house.store.read(), NETWORK, post_id), following.fate(house.store.read(), NETWORK, post_id)
    assert post is not None
    return post.text, fate.edited_at is not None, fate.deleted_at is not None


async def test_a_young_post_is_read_often_and_an_old_one_seldom(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    one, moments, begun = follower(house, paper), [], house.clock()
    while house.clock() - begun < timedelta(days=30):
        house.clock.forward(minutes=5)
        await one.round(always)
        if len(paper.asked) > len(moments):
            moments.append(house.clock() - begun)
    rests = [later - earlier for earlier, later in pairwise(moments)]
    assert moments[0] == timedelta(minutes=10)
    assert rests[:4] == [timedelta(minutes=10)] * 4
    assert timedelta(hours=1) in rests
    assert timedelta(hours=6) in rests
    assert rests[-1] == SLOWEST
    assert len(moments) < 70


async def test_on_a_network_that_wants_it_no_look_is_a_day_late(house: House, paper: Paper) -> None:
    paper.slowest = timedelta(hours=20)
    await hear(house, paper, "@acme hello")
    one = follower(house, paper)
    for _ in range(24 * 12):
        house.clock.forward(hours=1)
        await one.round(always)
    last = len(paper.asked)
    paper.posts.clear()
    for _ in range(24):
        house.clock.forward(hours=1)
        await one.round(always)
    assert len(paper.asked) in {last + 1, last + 2}
    assert shown(house, "p0") == ("", False, True)


async def test_what_is_due_survives_a_restart_and_is_not_asked_twice(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    house.clock.forward(minutes=10)
    await follower(house, paper).round(always)
    await follower(house, paper).round(always)
    assert paper.asked == [("p0",)]


async def test_a_round_asks_in_bounded_batches(house: House, paper: Paper) -> None:
    ids = await hear(house, paper, *(f"@acme number {number}" for number in range(20)))
    house.clock.forward(minutes=10)
    one = follower(house, paper)
    await one.round(always)
    assert [len(batch) for batch in paper.asked] == [3] * MOST_REQUESTS
    await one.round(always)
    assert sorted(each for batch in paper.asked for each in batch) == sorted(ids)


async def test_an_edit_is_heard_and_told(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    paper.posts["p0"] = replace(paper.posts["p0"], text="@acme my order burned my hand", version="2", thread_id="elsewhere")
    house.clock.forward(minutes=10)
    told: list[Taken] = []
    await follower(house, paper, heard=told.append).round(always)
    assert shown(house, "p0") == ("@acme my order burned my hand", True, False)
    assert [one.post.id for taken in told for one in taken.mentions] == ["p0"]
    assert told[0].mentions[0].post.thread_id == "p0", "its place in the thread is the one that was known"


async def test_only_sources_that_are_heard_well_are_asked(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    house.clock.forward(minutes=10)
    await follower(house, paper).round(lambda _name: False)
    assert paper.asked == []


@pytest.mark.parametrize("trouble", [NetworkError("502"), RuntimeError("a mistake")])
async def test_a_failure_changes_nothing_and_asks_less_and_less_often(house: House, paper: Paper, trouble: Exception) -> None:
    await hear(house, paper, "@acme hello")
    house.clock.forward(minutes=10)
    paper.trouble = trouble
    one = follower(house, paper)
    rests = [await one.round(always) for _ in range(6)]
    assert rests[0] >= EVERY
    assert rests[-1] >= 450
    assert shown(house, "p0") == ("@acme hello", False, False)
    paper.trouble = None
    assert await one.round(always) == EVERY
    assert len(paper.asked) == 7, "it was still due"


async def test_asked_to_wait_it_waits(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    house.clock.forward(minutes=10)
    paper.trouble = RateLimited("too fast", 850.0)
    assert await follower(house, paper).round(always) >= 850


async def test_one_odd_post_keeps_no_other_from_being_followed(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    house.clock.forward(minutes=10)
    paper.trouble = Malformed("nonsense")
    one = follower(house, paper)
    await one.round(always)
    await one.round(always)
    assert paper.asked == [("p0",)]


async def test_what_was_not_asked_for_stays_due(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello", "@acme again")
    paper.left = ("p1",)
    del paper.posts["p1"]
    house.clock.forward(minutes=10)
    one = follower(house, paper)
    await one.round(always)
    await one.round(always)
    assert paper.asked == [("p0", "p1"), ("p1",)]
    assert shown(house, "p1")[2] is False


async def test_a_source_that_fails_keeps_no_other_of_its_network_waiting(house: House) -> None:
    first, second = Paper("here", everywhere=False), Paper("there", everywhere=False)
    await hear(house, first, "@acme hello", source="here")
    second.posts["q"] = house.post("q", "@acme hi", age=0.0)
    await Ear(house.store, house.book, house.clock).take("there", Page((second.posts["q"],), "c"), network=NETWORK)
    house.clock.forward(minutes=10)
    first.trouble = NetworkError("502")
    await follower(house, first, second).round(always)
    assert (first.asked, second.asked) == ([("p0",)], [("q",)])


@pytest.mark.parametrize(("everywhere", "asked"), [(True, [("p0",)]), (False, [])])
async def test_a_source_that_was_renamed_is_followed_by_another_where_ids_mean_the_same(
    house: House, *, everywhere: bool, asked: list[tuple[str, ...]]
) -> None:
    paper = Paper("renamed", everywhere=everywhere)
    await hear(house, paper, "@acme hello", source="before")
    house.clock.forward(minutes=10)
    await follower(house, paper).round(always)
    assert paper.asked == asked


async def test_it_ends_when_asked(house: House, paper: Paper) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(follower(house, paper).run(stop, always))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_what_is_gone_leaves_no_words_and_does_not_come_back(house: House, paper: Paper) -> None:
    await hear(house, paper, "@acme hello")
    still = paper.posts.pop("p0")
    house.clock.forward(minutes=10)
    await follower(house, paper).round(always)
    assert shown(house, "p0") == ("", False, True)
    await house.hear(still)
    await house.hear(replace(still, text="@acme I am back", version="9"))
    assert shown(house, "p0") == ("", False, True)
    house.clock.forward(days=30)
    await follower(house, paper).round(always)
    assert len(paper.asked) == 1, "what is gone is not asked for again"


async def test_a_deletion_heard_before_its_post_keeps_the_post_out(house: House) -> None:
    ear = Ear(house.store, house.book, house.clock)
    await ear.take(NETWORK, Page((), "c", gone=("p1", "p2")))
    await house.hear(house.post("p1", "@acme too late"))
    assert ledger.post(house.store.read(), NETWORK, "p1") is None
    house.clock.forward(hours=3)
    await ear.take(NETWORK, Page((), "c", gone=("p3",)))
    assert [row["post_id"] for row in house.rows("SELECT post_id FROM tombstones")] == ["p3"], "marks are not kept for ever"


async def test_two_sources_that_count_versions_otherwise_bring_nothing_new(house: House) -> None:
    post = house.post("p1", "@acme hello", version="1")
    await house.hear(post)
    assert len(await house.think()) == 1
    for version in ("a", "1", "a", "1"):
        await house.hear(replace(post, version=version))
        assert await house.think() == []
    assert shown(house, "p1") == ("@acme hello", False, False)


@pytest.mark.in_a_file
async def test_every_question_has_its_index(house: House, paper: Paper) -> None:
    await hear(house, paper, *(f"@acme number {number}" for number in range(5)))
    at = house.clock() + timedelta(minutes=10)

    def work(tx: Asking) -> list[str]:
        following.hearers(tx, NETWORK)
        following.due(tx, NETWORK, NETWORK, at=at, limit=3)
        following.looked(tx, NETWORK, "p0", at=at, slowest=SLOWEST)
        following.look_soon(tx, NETWORK, "p1", at=at)
        following.edit(tx, replace(paper.posts["p1"], text="other", version="2"), "", at=at)
        following.mark_gone(tx, NETWORK, ["p2", "nobody"], at=at)
        following.fate(tx, NETWORK, "p2")
        following.fates(tx, NETWORK, "p2")
        return tx.slow()

    assert house.store.write(lambda tx: work(Asking(tx))) == []


async def test_files_are_cleaned_once_the_voice_has_taken_its_words_out_or_an_hour_has_passed(house: House, paper: Paper) -> None:
    assert not await cleaning.clean(house.store, house.clock)
    await hear(house, paper, "@acme hello")
    house.store.write(lambda tx: following.mark_gone(tx, NETWORK, ["p0"], at=house.clock()))
    assert not await cleaning.clean(house.store, house.clock)
    house.clock.forward(hours=2)
    assert await cleaning.clean(house.store, house.clock)
    assert not await cleaning.clean(house.store, house.clock), "once is enough"
