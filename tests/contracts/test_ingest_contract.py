"""P4, for every kind of source, into a store on disk: what was served is stored once, or told as a gap; nothing else is stored.

Each kind is asked on its own server (tests/contracts/places.py) by the real watcher. What the network serves after the first poll is
counted: stored + told = served. A post is told of where the time of a gap that the source itself reported covers it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import count, permutations
from pathlib import Path

import pytest
from apprise.decorators import notify

from listener import plugins
from listener.clock import from_text, now
from listener.errors import NetworkError
from listener.model import Account, Page
from listener.polling import Ear
from listener.sources.base import Source
from listener.store import mentions as ledger
from listener.store.base import Row
from listener.store.sqlite import SqliteStore
from listener.watching import Watcher
from responders.alerts import Alerts
from responders.house import channel_kind, open_store
from responders.pipeline import Mind
from tests.contracts.places import BOOK, PLACES, Place, packed
from tests.dying import ENDED, WORDS
from tests.program import Program

PLACES_BY_KIND = {"bluesky stream": "bluesky"}
A_YEAR = timedelta(days=365)


class Held:
    """A source that keeps a page it has fetched until it is let go."""

    def __init__(self, source: Source) -> None:
        self.name, self.network = source.name, source.network
        self.fetched, self.let_go = asyncio.Event(), asyncio.Event()
        self._source = source

    async def identify(self) -> Account | None:
        return await self._source.identify()

    async def fetch(self, cursor: str | None) -> Page:
        page = await self._source.fetch(cursor)
        self.fetched.set()
        await self.let_go.wait()
        return page

    async def close(self) -> None:
        await self._source.close()


class Aged(Held):
    """A source whose posts are a year older."""

    async def fetch(self, cursor: str | None) -> Page:
        page = await self._source.fetch(cursor)
        return replace(page, posts=tuple(replace(post, created_at=post.created_at - A_YEAR) for post in page.posts))


@dataclass
class Listener:
    """A store, and whoever listens on a place into it."""

    place: Place
    folder: Path
    store: SqliteStore
    end: AsyncExitStack
    ear: Ear
    rung: list[str]

    def watcher(self, source: Source | None = None) -> Watcher:
        """Return a new process's watcher."""
        watched = source or self.place.source()
        self.end.push_async_callback(watched.close)
        return Watcher(watched, lambda: self.ear, self.store, now, every=60, heard=lambda _: None)

    async def hear(self) -> None:
        await self.watcher().round()

    def rows(self, sql: str) -> list[Row]:
        return self.store.read().all(sql)

    @property
    def stored(self) -> set[str]:
        return {str(row["id"]) for row in self.rows("SELECT id FROM posts WHERE own = 0")}

    def accounted(self) -> set[str]:
        """Stored + told = served: return what is told of only. What is stored was served, once, as one mention."""
        stored, served = self.stored, self.place.served
        assert stored <= served.keys(), "what was never said is stored"
        assert len(self.rows("SELECT 1 FROM mentions")) == len(stored), "each is one mention"
        missed = served.keys() - stored
        told = {one for one in missed if any(_covers(gap, served[one].at.timestamp()) for gap in self.rows("SELECT * FROM gaps"))}
        assert len(stored) + len(told) == len(served), f"lost without a word: {missed - told}"
        return told

    async def told(self) -> list[str]:
        """Return what the team heard of gaps by now, which is to stand in `earnest status` too."""
        await Alerts(self.store, lambda: BOOK, now).round()
        program = Program(self.store.url, self.folder / "rules.yaml", {})
        shown = program("status").out
        for gap in self.rows("SELECT reason FROM gaps"):
            assert str(gap["reason"])[:60] in shown
        assert "something may have been missed" in shown
        (source,) = [one for one in program.status()["sources"] if one["name"] == self.place.name]
        assert source["gaps"] == len(self.rows("SELECT 1 FROM gaps"))
        return self.rung


def _covers(gap: Row, at: float) -> bool:
    since, until = (from_text(str(gap[end])).timestamp() if gap[end] else None for end in ("since", "until"))
    return (since is None or since <= at) and (until is None or at <= until)


@cache
def _bell_rope() -> list[str]:
    """Add an alert service, which the library takes once only; return what it heard."""
    heard: list[str] = []

    @notify(on="gapbell")  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def ring(body: str, *_: object, **__: object) -> None:
        heard.append(body)

    return heard


def _bell() -> list[str]:
    _bell_rope().clear()
    return _bell_rope()


@pytest.fixture(params=[*PLACES])
async def listener(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    monkeypatch.setenv("EARNEST_SECRET_ONCALL", "gapbell://here")
    async with PLACES[request.param](monkeypatch) as place, AsyncExitStack() as end:
        store = open_store(f"sqlite:///{tmp_path}/earnest.db", create=True)
        end.callback(store.close)
        yield Listener(place, tmp_path, store, end, Ear(store, BOOK, now), _bell())


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
class TestIngestContract:
    """Stored + told as gaps = served, whatever happens between the network and the store."""

    async def test_bursts_restarts_and_an_outage_lose_nothing(self, listener: Listener) -> None:
        place, watcher = listener.place, listener.watcher()
        await place.say("before listening began")
        await watcher.round()
        for number in range(45):
            await place.say(f"in a burst {number}")
        await watcher.round()
        place.breaks()
        for number in range(3):
            await place.say(f"in an outage {number}")
            with pytest.raises(NetworkError):
                await watcher.round()
        place.mends()
        await place.say("after it")
        await listener.hear()
        await watcher.round()
        assert listener.accounted() == set()
        assert listener.rows("SELECT * FROM gaps") == [], "and no false alarm"

    async def test_the_same_page_a_hundred_times_is_one_page(self, listener: Listener) -> None:
        for number in range(3):
            await listener.place.say(f"words {number}")
        source = listener.place.source()
        listener.end.push_async_callback(source.close)
        page = await source.fetch(None)
        for number in range(100):
            taken = await listener.ear.take(source.name, page, network=source.network)
            assert len(taken.mentions) == (0 if number else 3)
            listener.store.write(lambda tx: ledger.mark_decided(tx, range(101)))
        assert listener.accounted() == set()
        assert not ledger.waits(listener.store.read())

    async def test_pages_that_overlap_may_come_in_any_order(self, listener: Listener) -> None:
        place, source = listener.place, listener.place.source()
        listener.end.push_async_callback(source.close)
        first = await source.fetch(None)
        pages = []
        cursors = [first.cursor]
        for number in range(3):
            await place.say(f"words {number}")
            await place.say(f"and more {number}")
            pages += [await source.fetch(cursors[-1]), await source.fetch(first.cursor)]
            cursors.append(pages[-2].cursor)
        for order in [*permutations(pages[-4:])][::5]:
            for page in (*order, pages[1]):
                await listener.ear.take(source.name, page, network=source.network)
            await listener.hear()
            assert listener.accounted() == set()

    async def test_two_who_poll_at_once_undo_nothing_of_each_other(self, listener: Listener) -> None:
        """The slower one's page is older than what is stored by now: it is not stored, and what is new is asked for again."""
        place = listener.place
        await listener.hear()
        post = await place.say("lovely")
        held = Held(place.source())
        slow = asyncio.create_task(listener.watcher(held).round())
        await held.fetched.wait()
        words = "lovely"
        if place.edit:
            words = "awful, it burned my hand"
            await place.edit(post.id, words)
        await place.say("meanwhile")
        await listener.hear()
        held.let_go.set()
        await slow
        stored = ledger.post(listener.store.read(), held.network, post.id)
        assert stored
        assert words in stored.text
        await asyncio.gather(*(listener.hear() for _ in range(2)))
        assert listener.accounted() == set()

    async def test_a_process_may_die_at_every_step(self, listener: Listener) -> None:
        """Between fetch, store and cursor, at each statement and around each commit: the next process loses and doubles nothing."""
        place = listener.place
        await listener.hear()
        command = [sys.executable, "-m", "tests.dying", place.name, packed(place.options), listener.store.url]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        assert process.stdin
        assert process.stdout
        for step in count(1):
            if listener.stored == place.served.keys():
                await place.say(WORDS)
                await place.say(WORDS)
            process.stdin.write(f"{step}\n".encode())
            code = int(await process.stdout.readline())
            if code != ENDED:
                break
            assert listener.stored <= place.served.keys()
        process.stdin.close()
        assert (code, await process.wait()) == (0, 0)
        assert step > 8, "it died before and after asking, at each change, before and after each commit"
        await listener.hear()
        assert listener.accounted() == set()
        assert listener.rows("SELECT * FROM gaps") == []
        with closing(sqlite3.connect(listener.store.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    async def test_a_cursor_that_cannot_be_read_is_told_once_and_hearing_goes_on(self, listener: Listener) -> None:
        place = listener.place
        await listener.hear()
        for _ in range(3):
            for number in range(45):
                await place.say(f"unheard {number}")
            listener.store.write(lambda tx: ledger.move_cursor(tx, place.name, '{"not": ["a place"', at=now()))
            await listener.hear()
            await listener.told()
        await place.say("after it")
        await listener.hear()
        assert next(reversed(place.served)) in listener.stored
        listener.accounted()
        assert len(listener.rows("SELECT * FROM gaps")) == 3
        assert len(await listener.told()) == 1, "three gaps within the hour are one alarm"
        assert place.name in listener.rung[0]

    async def test_more_than_can_be_read_is_told_and_counted(self, listener: Listener) -> None:
        place = listener.place
        await place.say("heard")
        await listener.hear()
        await place.flood()
        await listener.hear()
        lost = listener.accounted()
        assert bool(lost) == place.forgets
        assert bool(listener.rows("SELECT * FROM gaps")) == place.forgets
        if lost:
            (words,) = await listener.told()
            assert "may have missed posts" in words
        await place.say("after it")
        await listener.hear()
        assert listener.accounted() == lost

    async def test_a_first_poll_of_the_past_is_heard_and_never_answered(self, listener: Listener) -> None:
        for number in range(20):
            await listener.place.say(f"hello {number}, one thing")
        await listener.watcher(Aged(listener.place.source())).round()
        kinds = {one: found for one in (listener.place.source().network,) if (found := channel_kind(one))}
        mind = Mind(listener.store, BOOK, now, kinds, undo=BOOK.boundaries.answer_within)
        await mind.round()
        assert len(listener.stored) == 20
        assert listener.rows("SELECT * FROM drafts") + listener.rows("SELECT * FROM deliveries") == []

    async def test_our_own_words_and_boosts_are_no_mentions(self, listener: Listener) -> None:
        await listener.hear()
        await listener.place.say("is on sale, they say")
        if listener.place.own:
            await listener.place.own("is on sale")
        await listener.hear()
        assert listener.accounted() == set()
        own = listener.rows("SELECT * FROM mentions m JOIN posts p ON p.network = m.network AND p.id = m.post_id WHERE p.own = 1")
        assert own == []


def test_every_kind_of_source_is_asked() -> None:
    """A webhook is no network that could be polled again: it answers each delivery once that is stored, and its own tests count those."""
    assert {PLACES_BY_KIND.get(one, one) for one in PLACES} == set(plugins.names("listener.sources", "earnest.sources")) - {"webhook"}
