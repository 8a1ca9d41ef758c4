"""Posts that Mastodon's stream says were edited or deleted, read once more: only the server's own page says what became of them.

A "delete" on the stream of our account may also mean that a post no longer belongs on its home page, so it is never taken at its word.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from listener.errors import NetworkError, SignInNeeded
from listener.mastodon_wire import WireStatus

MARK = "changed"
"""The cursor's part that says up to which change posts were read again."""

_MOST_CHANGES = 1_000
_MOST_AGAIN = 20  # posts read again in one fetch

Look = Callable[[Sequence[str]], Awaitable[tuple[list[WireStatus], list[str], list[str]]]]
"""Reads posts once more: those that are there, the ids of those that are gone, and those that were not asked for."""


@dataclass(frozen=True, slots=True)
class Again:
    """What became of posts that changed: those that are there, the ids of those that are not, how far that was read, and if more waits."""

    statuses: tuple[WireStatus, ...] = ()
    gone: tuple[str, ...] = ()
    mark: str = ""
    more: bool = False


class Changes:
    """Ids of posts that changed, each once, until what became of them is stored."""

    def __init__(self, most: int = _MOST_CHANGES) -> None:
        """Keep at most so many; beyond that the oldest are let go."""
        self._most = most
        self._run = uuid4().hex[:8]
        self._count = 0
        self._waiting: dict[str, int] = {}

    def add(self, post_id: str) -> None:
        """Remember that a post changed, as the latest that did."""
        self._waiting.pop(post_id, None)
        self._count += 1
        self._waiting[post_id] = self._count
        if len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]

    def since(self, mark: str) -> list[tuple[str, str]]:
        """Return the ids that changed since `mark`, oldest first, each with the mark behind it; what came up to `mark` is let go of."""
        run, _, number = mark.partition("-")
        at = int(number) if run == self._run and number.isdecimal() else 0
        self._waiting = {post_id: count for post_id, count in self._waiting.items() if count > at}
        return [(post_id, f"{self._run}-{count}") for post_id, count in self._waiting.items()]

    async def read(self, mark: str, look: Look) -> Again:
        """Read what changed since `mark`, some posts at most. What cannot be read now comes last another time, in nobody's way."""
        waiting = self.since(mark)
        ids = [post_id for post_id, _ in waiting[:_MOST_AGAIN]]
        if not ids:
            return Again(mark=mark)
        behind = waiting[len(ids) - 1][1]
        try:
            there, gone, left = await look(ids)
        except (NetworkError, SignInNeeded):
            self._put_back(ids)
            return Again(mark=behind)
        self._put_back(left)
        return Again(tuple(there), tuple(gone), behind, more=len(waiting) > len(ids) or bool(left))

    def _put_back(self, ids: Sequence[str]) -> None:
        for post_id in ids:
            self.add(post_id)
