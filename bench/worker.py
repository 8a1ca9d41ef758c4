"""What a daemon does with pages, as the benches of mentions a second let it work: hearing and deciding at a time."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import house
from pydantic import TypeAdapter

from listener.judging import Judges
from listener.mastodon_wire import NETWORK, WireStatus, post_of
from listener.model import Page, Post
from listener.polling import Ear
from listener.resting import first_of
from listener.store.base import Store
from responders.house import channel_kind, open_store, speaking_networks
from responders.pipeline import Mind

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
_PATIENCE = 0.05  # seconds without a bell until it is looked all the same
_statuses = TypeAdapter(list[WireStatus])


def read(page: bytes) -> tuple[Post, ...]:
    """Read a page as the source does."""
    return tuple(post_of(status, status.id, own=False) for status in _statuses.validate_python(json.loads(page)))


class Worker:
    """One process at work: an ear for a source of its own, and a mind for whatever waits."""

    def __init__(self, url: str, name: str, judges: int, sources: int = 1) -> None:
        """Open the store and make them; `judges` processes beside this one judge pages, which come from so many `sources` at a time."""
        self._sources = sources
        self.store: Store = open_store(url, create=True)
        book = house.rules()
        kinds = {network: kind for network in speaking_networks() if (kind := channel_kind(network))}
        self._name = name
        self._judges = Judges(judges)
        self._ear = Ear(self.store, book, self._now, judges=self._judges)
        self._mind = Mind(self.store, book, self._now, kinds, undo=timedelta(seconds=10))

    @staticmethod
    def _now() -> datetime:
        return BEGIN + timedelta(minutes=10)

    async def work(self, pages: list[bytes]) -> None:
        """Hear pages and decide meanwhile, until all that was heard here is heard and nothing waits any more."""
        loop, woken, heard = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        with self.store.bells(lambda _bell: loop.call_soon_threadsafe(woken.set)):
            await asyncio.gather(self._hear_all(pages, woken, heard), self._decide(woken, heard))

    async def _hear_all(self, pages: list[bytes], woken: asyncio.Event, heard: asyncio.Event) -> None:
        await asyncio.gather(*(self._hear(f"{self._name}-{one}", pages[one :: self._sources], woken) for one in range(self._sources)))
        heard.set()

    async def _hear(self, source: str, pages: list[bytes], woken: asyncio.Event) -> None:
        for place, page in enumerate(pages):
            await self._ear.take(source, Page(read(page), str(place)), network=NETWORK)
            woken.set()

    async def _decide(self, woken: asyncio.Event, heard: asyncio.Event) -> None:
        while True:
            woken.clear()
            over = heard.is_set()
            if await self._mind.round():
                continue
            if over:
                return
            await first_of(_PATIENCE, woken.wait())

    async def end(self) -> None:
        """Let go of everything."""
        await self._judges.end()
        self.store.close()
