"""A store that tells how long each write took, from asking for it to its being durable."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from listener.store.base import Reader, Store, Tx

T = TypeVar("T")


class Timed:
    """Another store, with a clock beside it."""

    def __init__(self, store: Store, took: Callable[[float], None]) -> None:
        """Pass everything on to `store`; `took` is told of each write that did not fail, in seconds."""
        self._store = store
        self._took = took
        self.url = store.url
        self.shared = store.shared

    def read(self) -> Reader:
        """See `Store.read`."""
        return self._store.read()

    async def aread(self, question: Callable[[Reader], T]) -> T:
        """See `Store.aread`."""
        return await self._store.aread(question)

    def read_within(self, question: Callable[[Reader], T], seconds: float) -> T:
        """See `Store.read_within`."""
        return self._store.read_within(question, seconds)

    def hold_alone(self) -> None:
        """See `Store.hold_alone`."""
        self._store.hold_alone()

    def held(self) -> bool:
        """See `Store.held`."""
        return self._store.held()

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """See `Store.write`."""
        began = time.perf_counter()
        result = self._store.write(work, alongside=alongside)
        self._took(time.perf_counter() - began)
        return result

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """See `Store.awrite`."""
        began = time.perf_counter()
        result = await self._store.awrite(work, alongside=alongside)
        self._took(time.perf_counter() - began)
        return result

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """See `Store.write_first`."""
        return self._store.write_first(work)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """See `Store.awrite_first`."""
        return await self._store.awrite_first(work)

    def bells(self, heard: Callable[[str], object]) -> AbstractContextManager[None]:
        """See `Store.bells`."""
        return self._store.bells(heard)

    def scrub(self) -> bool:
        """See `Store.scrub`."""
        return self._store.scrub()

    def beside(self, ending: str) -> Path:
        """See `Store.beside`."""
        return self._store.beside(ending)

    def close(self) -> None:
        """See `Store.close`."""
        self._store.close()
