"""A webhook source as the daemon hears it, and what it stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from listener.polling import Ear
from listener.sources.webhook import Webhook
from listener.store.base import Row
from listener.watching import Watcher
from tests.mouth import House

FORMS: dict[str, dict[str, object]] = {
    "github": {"signature": {"style": "github", "id_header": "X-GitHub-Delivery"}},
    "hex": {"signature": {"style": "hex", "header": "X-Signature"}},
    "base64": {"signature": {"style": "base64", "header": "X-Signature"}},
    "stripe": {"signature": {"style": "stripe"}},
    "standard": {"signature": {"style": "standard"}},
}
TIMED = ("stripe", "standard")


@asynccontextmanager
async def watched(house: House, source: Webhook) -> AsyncIterator[None]:
    """Let a source be heard as the daemon does, all the while."""
    ear, stop = Ear(house.store, house.book, house.clock), asyncio.Event()
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=3600, heard=lambda _taken: None)
    await watcher.round()
    running = asyncio.create_task(watcher.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)
        await watcher.close()


def stored(house: House) -> list[Row]:
    return house.rows("SELECT id, text, deleted_at FROM posts ORDER BY rowid")
