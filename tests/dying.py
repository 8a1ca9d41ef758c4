"""A listener in processes of its own, each of which ends at a step it is told: between fetching a page, storing it and moving the cursor.

python -m tests.dying KIND OPTIONS STORE    then a number a line: end at that step (0: never); the exit code comes back, a line each

One process loads everything and stays without threads, so that it can be forked; each child hears one round.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

import listener.reddit_praw  # noqa: F401 - so that no child has to load it again
from listener.clock import now
from listener.model import Account, Author, Page, Post
from listener.polling import Ear
from listener.sources.base import Source, kind
from listener.store.base import Tx
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore
from listener.watching import Watcher
from responders.ledger.schema import MIGRATIONS as ANSWERING
from tests.contracts.places import BOOK

T = TypeVar("T")
ENDED = 77
WORDS = "it does not work, why?"


class _Steps:
    """The end of the process at the k-th step."""

    def __init__(self, last: int) -> None:
        self._steps = count(1)
        self._last = last

    def __call__(self) -> None:
        if next(self._steps) == self._last:
            os._exit(ENDED)


class _Tx:
    """A transaction with a step before each change."""

    def __init__(self, tx: Tx, step: Callable[[], None]) -> None:
        self._tx = tx
        self._step = step

    def run(self, *words: Any, **values: Any) -> int:  # noqa: ANN401 - whatever the real one takes
        self._step()
        return self._tx.run(*words, **values)

    def insert(self, *words: Any, **values: Any) -> int:  # noqa: ANN401
        self._step()
        return self._tx.insert(*words, **values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._tx, name)


class _Store(SqliteStore):
    """A store with steps: before each change, before the commit, and after it."""

    step: Callable[[], None]

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        def stepping(tx: Tx) -> T:
            done = work(_Tx(tx, self.step))  # type: ignore[arg-type]  # it is one, but for what it does before
            self.step()
            return done

        done = await super().awrite(stepping)
        self.step()
        return done


class _Source:
    """A source with a step before and after it asks."""

    def __init__(self, source: Source, step: Callable[[], None]) -> None:
        self.name, self.network = source.name, source.network
        self._source = source
        self._step = step

    async def identify(self) -> Account | None:
        return await self._source.identify()

    async def fetch(self, cursor: str | None) -> Page:
        self._step()
        page = await self._source.fetch(cursor)
        self._step()
        return page

    async def close(self) -> None:
        await self._source.close()


class _Lent:
    """The store of whichever process asks, so that one ear, which takes a second to make, serves all children."""

    store: SqliteStore

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self.store, name)


def _ear(lent: _Lent, url: str) -> Ear:
    """Make an ear and let it judge once, so that all it needs is loaded; no thread stays behind."""
    lent.store = SqliteStore(url, (HEARING, ANSWERING))
    ear = Ear(lent, BOOK, now)
    ear.judge_past("x", [Post("x", "1", f"@acme {WORDS}", Author("x", "a", "a"), now(), "1")], "acme")
    lent.store.close()
    return ear


async def _hear(source: _Source, ear: Ear, store: SqliteStore, step: Callable[[], None]) -> None:
    watcher = Watcher(source, lambda: ear, store, now, every=60, heard=lambda _: step())
    try:
        await watcher.round()
    finally:
        await watcher.close()
        store.close()


def _live(name: str, options: dict[str, object], lent: _Lent, ear: Ear, step: Callable[[], None]) -> None:
    store = _Store(lent.store.url, (HEARING, ANSWERING))
    store.step, lent.store = step, store
    asyncio.run(_hear(_Source(kind(name).make(name, options, BOOK), step), ear, store, step))


def main(name: str, options: str, url: str) -> None:
    """Hear one round in a child for each line."""
    lent = _Lent()
    ear = _ear(lent, url)
    made = json.loads(options)
    kind(name)
    for line in sys.stdin:
        assert threading.active_count() == 1, "a process with threads cannot be forked safely"
        child = os.fork()
        if not child:
            _live(name, made, lent, ear, _Steps(int(line)))
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
