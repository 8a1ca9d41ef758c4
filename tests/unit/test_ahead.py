"""Pages that are asked for and judged while those before them are stored: the same is stored, only sooner."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from listener.ahead import MOST_PAGES, MOST_POSTS, MOST_TEXT, Ahead
from listener.errors import EarnestError, NetworkError
from listener.model import Account, Gap, Page, Post
from listener.polling import Ear, Taken
from listener.store import mentions as ledger
from listener.store.base import Tx
from listener.turns import ALONE as ALONE_HERE
from listener.turns import Alone, Turns
from listener.watching import Watcher
from tests.mouth import ALONE, House

NAME = "mastodon"
CRY = "@acme the charger burned my daughter's hand"
STORED = (
    "SELECT network, id, thread_id, text, deleted_at IS NOT NULL AS gone, version, late FROM posts ORDER BY id",
    "SELECT post_id, brand, because, addressed, pressing FROM mentions ORDER BY post_id",
    "SELECT post_id, mood, score, level, points, intent, record FROM assessments ORDER BY post_id",
    "SELECT reason FROM gaps ORDER BY reason",
    "SELECT source, cursor FROM cursors",
)


class Pages:
    """A source with so many pages; its cursor is how many of them were given."""

    name = network = NAME

    def __init__(self, pages: Sequence[Page], *, ahead: bool = True, each: Callable[[int], None] = lambda _: None) -> None:
        self.pages = pages
        self.ahead = ahead
        self.asked: asyncio.Queue[int] = asyncio.Queue()
        self.each = each

    async def identify(self) -> Account | None:
        return None

    async def fetch(self, cursor: str | None) -> Page:
        place = int(cursor or 0)
        self.asked.put_nowait(place)
        self.each(place)
        page = self.pages[place] if place < len(self.pages) else Page((), cursor)
        return replace(page, cursor=f"{place + 1}", more=place + 1 < len(self.pages), ahead=self.ahead)

    async def close(self) -> None:
        """Nothing is open."""


class Overtaken(Alone):
    """Another machine hears the source after so many pages."""

    def __init__(self, pages: int) -> None:
        self.left = pages

    async def mine(self, name: str) -> bool:  # noqa: ARG002
        return self.left > 0

    def holds(self, tx: Tx, name: str) -> bool:  # noqa: ARG002
        self.left -= 1
        return self.left > 0


def watcher(house: House, source: Pages, heard: Callable[[Taken], None] = lambda _: None, turns: Turns = ALONE_HERE) -> Watcher:
    ear = Ear(house.store, house.book, house.clock)
    return Watcher(source, lambda: ear, house.store, house.clock, every=3600, heard=heard, turns=turns)


def house_in(folder: Path) -> House:
    folder.mkdir()
    return House(folder, **ALONE)


def storm(house: House, pages: int, each: int = 40) -> list[Page]:
    return [Page(tuple(house.post(f"{p:03}-{n:02}", f"@acme hello {p} {n}", f"who{p}-{n}") for n in range(each)), "") for p in range(pages)]


def told(house: House) -> list[Page]:
    """Return pages in which everything happens that pages must wait for each other for."""
    pages = storm(house, 12, each=3)
    say: Callable[..., Post] = house.post
    pages[2] = Page((say("q", "@acme my charger burned my hand, please help!", "kim", thread="t", age=9),), "")
    pages[3] = Page((say("r", "@acme hello? any answer?", "kim", thread="t", parent_id="q", age=8),), "")
    pages[4] = Page((say("000-01", "@acme now I am angry", "who0-1", version="2"), say("new", CRY, "lee")), "")
    pages[5] = Page((say("s", "@acme gone in a moment"),), "", gap=Gap("a page could not be read", until=house.clock()))
    pages[6] = Page((), "", gone=("s", "000-02"))
    pages[7] = Page((say("old", "@acme from before", age=9e6),), "", late=("old",))
    pages[8] = Page(
        (say("u", "@acme and again", "kim", thread="t", parent_id="r", age=7), say("q", "@acme my charger is cold", "kim", version="2")), ""
    )
    return pages


async def test_the_same_is_stored_as_if_each_page_waited_for_the_one_before_it(tmp_path: Path) -> None:
    stored = []
    for ahead in (False, True):
        house = house_in(tmp_path / f"{ahead}")
        assert not await watcher(house, Pages(told(house), ahead=ahead)).round()
        stored.append([house.rows(sql) for sql in STORED])
        house.store.close()
    assert stored[0] == stored[1]
    assert "asked before: @acme my charger burned" in str(stored[1][2])
    posts, mentions, assessments, gaps, sources = stored[1]
    assert len(posts) == len(mentions) == len(assessments) == 5 * 3 + 6
    assert (len(gaps), [dict(row) for row in sources]) == (1, [{"source": NAME, "cursor": "12"}])


async def test_pages_are_asked_for_while_one_is_stored_but_not_without_end(tmp_path: Path) -> None:
    """Here nothing can be stored for a while; a network is then not asked for more than a handful of pages."""
    house, let_go, held = house_in(tmp_path / "h"), threading.Event(), threading.Event()

    def hold(_: object) -> None:
        held.set()
        let_go.wait(30)

    source = Pages(storm(house, 3 * MOST_PAGES))
    holding = threading.Thread(target=house.store.write, args=(hold,))
    holding.start()
    await asyncio.to_thread(held.wait, 30)
    hearing = asyncio.create_task(watcher(house, source).round())
    for place in range(MOST_PAGES):
        assert await asyncio.wait_for(source.asked.get(), 30) == place
    assert ledger.cursor(house.store.read(), NAME) == (False, None), "none of them is stored yet"
    assert not hearing.done()
    for _ in range(1000):
        await asyncio.sleep(0)
    assert source.asked.qsize() <= MOST_PAGES + 2, "one is being stored, some are judged, some wait for that, and one has no room"
    let_go.set()
    await asyncio.wait_for(hearing, 30)
    holding.join()
    assert len(house.rows("SELECT 1 FROM posts")) == 3 * MOST_PAGES * 40
    house.store.close()


async def test_many_pages_are_stored_at_once_but_no_more_than_a_few_hundred_posts(tmp_path: Path) -> None:
    house, sizes = house_in(tmp_path / "h"), list[int]()
    await watcher(house, Pages(storm(house, 15, each=60)), lambda taken: sizes.append(len(taken.mentions))).round()
    assert sum(sizes) == 15 * 60
    assert 60 < max(sizes) <= MOST_POSTS
    house.store.close()


async def test_pages_full_of_words_are_not_heaped_up(tmp_path: Path) -> None:
    house = house_in(tmp_path / "h")
    ear = Ear(house.store, house.book, house.clock)
    source = Pages([Page((house.post(f"{n}", "a" * (MOST_TEXT + 1)),), "") for n in range(4)])
    ahead, cursor = Ahead(source.fetch, lambda: ear), None
    for asked in range(1, 5):
        cursor = (await ahead.after(cursor)).page.cursor
        await asyncio.sleep(0)
        assert (source.asked.qsize(), cursor) == (asked, f"{asked}")
    house.store.close()


async def test_a_source_that_takes_a_cursor_for_a_receipt_is_asked_only_when_all_before_is_stored(tmp_path: Path) -> None:
    house = house_in(tmp_path / "h")

    def stored(place: int) -> None:
        assert ledger.cursor(house.store.read(), NAME)[1] == (f"{place}" if place else None)

    await watcher(house, Pages(storm(house, 12), ahead=False, each=stored)).round()
    assert len(house.rows("SELECT 1 FROM posts")) == 12 * 40
    house.store.close()


async def test_what_came_before_a_failure_is_stored_and_the_rest_is_asked_for_again(tmp_path: Path) -> None:
    house, failing = house_in(tmp_path / "h"), [True]

    def fail(place: int) -> None:
        if place == 7 and failing:
            failing.clear()
            message = "the network is away"
            raise NetworkError(message)

    hearing = watcher(house, Pages(storm(house, 12), each=fail))
    with pytest.raises(EarnestError, match="the network is away"):
        await hearing.round()
    assert not hearing.behind
    assert ledger.cursor(house.store.read(), NAME)[1] == "7"
    assert len(house.rows("SELECT 1 FROM posts")) == 7 * 40
    assert not await hearing.round()
    assert len(house.rows("SELECT 1 FROM posts")) == 12 * 40
    house.store.close()


async def test_where_somebody_else_has_gone_on_what_was_asked_for_ahead_is_let_go_of(tmp_path: Path) -> None:
    house = house_in(tmp_path / "h")
    ear, source = Ear(house.store, house.book, house.clock), Pages(storm(house, 12))
    ahead = Ahead(source.fetch, lambda: ear)
    assert (await ahead.after(None)).page.cursor == "1"
    assert (await ahead.after("9")).page.posts == source.pages[9].posts
    assert (await ahead.after("10")).page.posts[:40] == source.pages[10].posts
    ahead.drop()
    assert not ahead.behind
    await asyncio.sleep(0)
    assert [*asyncio.all_tasks()] == [asyncio.current_task()]
    house.store.close()


async def test_what_follows_a_page_that_takes_posts_away_is_judged_when_that_is_stored(tmp_path: Path) -> None:
    """A deleted post is no part of its thread any more: an answer to it is not judged by its words."""
    house = house_in(tmp_path / "h")
    pages = storm(house, 4)
    pages[2] = replace(pages[2], gone=("000-00",))
    ear, source = Ear(house.store, house.book, house.clock), Pages(pages)
    ahead = Ahead(source.fetch, lambda: ear)
    ready = [await ahead.after(cursor) for cursor in (None, "1", "2", "3")]
    assert [one.page.posts for one in ready] == [page.posts for page in pages]
    assert [one.judged is not None for one in ready] == [False, True, True, False]
    house.store.close()


async def test_whose_turn_is_over_asks_for_nothing_more_and_is_behind_no_more(tmp_path: Path) -> None:
    house = house_in(tmp_path / "h")
    hearing = watcher(house, Pages(storm(house, 60)), turns=Overtaken(3))
    assert not await hearing.round()
    assert not hearing.behind
    await asyncio.sleep(0)
    assert [*asyncio.all_tasks()] == [asyncio.current_task()]
    house.store.close()


async def test_who_is_told_to_end_takes_the_page_under_way_and_no_more(tmp_path: Path) -> None:
    house, stop, pages = house_in(tmp_path / "h"), asyncio.Event(), list[Taken]()

    def heard(taken: Taken) -> None:
        pages.append(taken)
        stop.set()

    await watcher(house, Pages(storm(house, 60)), heard).run(stop)
    assert len(pages) == 1
    await asyncio.sleep(0)
    assert [*asyncio.all_tasks()] == [asyncio.current_task()]
    assert len(house.rows("SELECT 1 FROM posts")) == sum(len(taken.mentions) for taken in pages)
    house.store.close()
