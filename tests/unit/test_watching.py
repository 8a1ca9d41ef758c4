"""One source, watched: a source that is told of news is heard at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from listener.model import Account, Page
from listener.polling import Ear
from listener.watching import Watcher
from tests.mouth import ALONE, House

HOUR = 3600


class Bell:
    """A source that is told of news by hand."""

    name = "bell"
    network = "bell"

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.heard: asyncio.Queue[int] = asyncio.Queue()
        self.polls = 0

    async def identify(self) -> Account | None:
        return None

    async def fetch(self, cursor: str | None) -> Page:
        self.polls += 1
        self.heard.put_nowait(self.polls)
        return Page((), cursor)

    async def stir(self) -> None:
        await self.rung.wait()
        self.rung.clear()

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Bell]:
    house, bell, stop = House(tmp_path, **ALONE), Bell(), asyncio.Event()
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(bell, lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: None)
    running = asyncio.create_task(watcher.run(stop))
    yield bell
    stop.set()
    await asyncio.wait_for(running, 10)
    house.store.close()


async def test_news_are_heard_long_before_the_next_poll(watched: Bell) -> None:
    for round_ in (1, 2, 3):
        assert await asyncio.wait_for(watched.heard.get(), 10) == round_
        watched.rung.set()


async def test_a_storm_is_heard_to_its_end_before_anybody_rests(tmp_path: Path) -> None:
    class Storm(Bell):
        async def fetch(self, cursor: str | None) -> Page:
            page = int(cursor or 0) + 1
            self.heard.put_nowait(page)
            return Page((), f"{page}", more=page < 170)

        async def stir(self) -> None:
            await asyncio.Event().wait()

    house, storm, stop = House(tmp_path, **ALONE), Storm(), asyncio.Event()
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(storm, lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: None)
    running = asyncio.create_task(watcher.run(stop))
    for page in range(1, 171):
        assert await asyncio.wait_for(storm.heard.get(), 10) == page
    stop.set()
    await asyncio.wait_for(running, 10)
    house.store.close()


async def test_a_network_that_promises_more_and_gives_nothing_is_left_alone_for_a_while(tmp_path: Path) -> None:
    class Liar(Bell):
        async def fetch(self, cursor: str | None) -> Page:
            self.polls += 1
            return Page((), cursor, more=True)

    house, liar = House(tmp_path, **ALONE), Liar()
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(liar, lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: None)
    assert not await watcher.round()
    assert liar.polls < 1_000
    house.store.close()


async def test_what_a_source_has_to_say_of_itself_stands_beside_it(tmp_path: Path) -> None:
    class Remarker(Bell):
        remark = "the stream is away"

    house, bell = House(tmp_path, **ALONE), Remarker()
    ear = Ear(house.store, house.book, house.clock)
    watcher = Watcher(bell, lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: None)
    await watcher.round()
    row = house.store.read().one("SELECT state, detail FROM sources WHERE name = 'bell'")
    assert row is not None
    assert (row["state"], row["detail"]) == ("listening", "the stream is away")
    house.store.close()
