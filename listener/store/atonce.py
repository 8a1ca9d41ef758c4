"""Reading in a store that lies in this process or in a file beside it: it answers at once, so nobody needs another thread for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from listener.store.base import Reader

T = TypeVar("T")


class _Readable(Protocol):
    def read(self) -> Reader:
        """Return a reader for this thread."""


class AtOnce:
    """What a store on a server does in another thread, such a store does here and now; see `Store.aread`."""

    async def aread(self: _Readable, question: Callable[[Reader], T]) -> T:
        """Return what `question` finds: a hop to another thread would take longer than most questions."""
        return question(self.read())

    def read_within(self: _Readable, question: Callable[[Reader], T], seconds: float) -> T:  # noqa: ARG002  # it never takes long
        """Return what `question` finds."""
        return question(self.read())
