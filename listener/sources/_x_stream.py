"""X's filtered stream, kept open beside the lists: what it brings is heard at once, and what it misses the lists bring.

So nothing rests on it: it may be away for hours. How long to wait before it is begun again follows docs.x.com, "handling
disconnections" (August 2026): at once after one that stood, then longer and longer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from listener import logs
from listener.decoding import decoded
from listener.errors import EarnestError, Malformed, NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.model import Post
from listener.x_stream import Agreed, Rule, StreamClient, WireStreamed, streamed

_log = logs.get("x")
_LONGEST_REST = 900.0


@dataclass(frozen=True, slots=True)
class Rests:
    """How long to rest before the stream is begun again, in seconds; a stream that lived `stood` seconds is begun again at once."""

    stood: float = 20.0
    unreached: float = 0.25  # more each time
    refused: float = 5.0  # twice as long each time
    limited: float = 60.0  # twice as long each time
    shut: float = _LONGEST_REST

    def after(self, problem: EarnestError, failures: int) -> float:
        """Return how long to rest after the `failures`-th failure in a row; 0 is the end of a stream that stood."""
        twice = 2.0 ** min(max(failures - 1, 0), 10)
        if isinstance(problem, SignInNeeded):
            return self.shut
        if isinstance(problem, RateLimited):
            return min(max(problem.retry_after, self.limited * twice), _LONGEST_REST)
        if isinstance(problem, NotConnected):
            return min(self.unreached * failures, 16.0)
        return min(self.refused * twice, 320.0) if failures else 0.0


class XStream:
    """The stream of one source. `away` says why it is not heard, and `behind` that the lists may know more than it brought."""

    def __init__(
        self, name: str, client: StreamClient, read: Callable[[WireStreamed], Post | None], *, rests: Rests = Rests(), held: int = 1000
    ) -> None:
        """Keep what is needed; nothing is opened yet. `read` makes a post of a line; `held` is how many posts may wait."""
        self.away = ""
        self.behind = False
        self._name = name
        self._client = client
        self._read = read
        self._rests = rests
        self._held = held
        self._waiting: deque[Post] = deque()
        self._handed: tuple[Post, ...] = ()
        self._mark = ""
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._odd = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, rules: Sequence[Rule], prefix: str) -> None:
        """Keep the stream open from now on, with these rules; where it is open already, nothing happens."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(rules, prefix), name=f"stream {self._name}")

    async def stir(self) -> None:
        """Return once a post waits, or the lists should be asked."""
        await self._news.wait()

    def take(self, stored: str) -> tuple[tuple[Post, ...], str]:
        """Return what waits, and a mark to store with it.

        `stored` is the mark that was stored last: what was handed over with another one was not stored, so it is handed over again.
        """
        kept = () if stored == self._mark else self._handed
        self._handed = (*kept, *self._waiting)
        self._waiting.clear()
        self._news.clear()
        self._room.set()
        if self._handed:
            self._mark = self._handed[-1].version
        return self._handed, self._mark

    async def close(self) -> None:
        """Let go of the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._client.close()

    async def _run(self, rules: Sequence[Rule], prefix: str) -> None:
        failures, clock = 0, asyncio.get_running_loop().time
        while True:
            begun = clock()
            problem = await self._hear(rules, prefix)
            failures = 0 if clock() - begun >= self._rests.stood else failures + 1
            self._tell(problem)
            await asyncio.sleep(self._rests.after(problem, failures))

    async def _hear(self, rules: Sequence[Rule], prefix: str) -> EarnestError:
        """Hear until it ends, and return why."""
        try:
            agreed = await self._client.agree(rules, prefix)
            if not agreed.ids:
                return NetworkError(f"X takes none of its rules: {agreed.refused[0]}")
            flow = await self._client.listen()
            try:
                self._opened(agreed)
                while True:
                    self._take_in(await flow.line(), agreed.ids)
                    await self._wait_for_room()
            finally:
                flow.close()
        except EarnestError as problem:
            return problem
        except Exception as problem:  # noqa: BLE001  # a mistake here must not end the stream for ever
            return NetworkError(f"unexpected {type(problem).__name__} while hearing the stream")

    def _opened(self, agreed: Agreed) -> None:
        """What was said while it was away, only the lists know."""
        self.away = f"X does not take one of its rules: {agreed.refused[0]}" if agreed.refused else ""
        self._ask_lists()

    def _tell(self, problem: EarnestError) -> None:
        words = f"{problem.message}. {problem.hint}".strip(" .")
        if words != self.away:
            _log.warning("the stream is away", source=self._name, problem=problem.message)
            self.away = words
            self._ask_lists()

    def _ask_lists(self) -> None:
        self.behind = True
        self._news.set()

    def _take_in(self, line: bytes, ids: frozenset[str]) -> None:
        """Keep the post in a line, where one of our rules brought it. What cannot be read is left to the lists.

        Raises:
            NetworkError: X says that it ends the stream.
        """
        if not line.strip():
            return
        try:
            told = streamed.validate_python(decoded(line))
            post = self._read(told) if ids & {one.id for one in told.matching_rules} else None
        except (ValueError, Malformed):
            if not self._odd:
                self._odd = True
                _log.warning("the stream brings what cannot be read; it is left to the lists", source=self._name)
            return
        if told.ending:
            message = f"X ended the stream: {told.ending.words}"
            raise NetworkError(message)
        if post is not None:
            self._waiting.append(post)
            self._news.set()

    async def _wait_for_room(self) -> None:
        """Read nothing more while all places are taken; X then lets us go, and the lists bring the rest."""
        while len(self._waiting) >= self._held:
            self._room.clear()
            await self._room.wait()
