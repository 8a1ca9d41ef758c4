"""One supervised task per source: hear, rest, hear again; back off where it fails, and end cleanly when asked.

A source that does not know our own account does not start: it could not tell our own posts from a customer's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress

from listener import logs
from listener.clock import Clock
from listener.errors import EarnestError, RateLimited, SignInNeeded
from listener.polling import Ear, Taken
from listener.sources.base import Remarking, Source, Stirring
from listener.store import mentions as ledger
from listener.store.base import Store

_log = logs.get("watching")
_LONGEST_REST = 900.0
_SIGN_IN_REST = 300.0
_PAGES_A_ROUND = 50
_LEAST_REST = 0.2  # a busy stream is taken in portions, not word by word


class Watcher:
    """Keeps one source heard."""

    def __init__(
        self, source: Source, ear: Callable[[], Ear], store: Store, clock: Clock, *, every: float, heard: Callable[[Taken], None]
    ) -> None:
        """Watch `source` every `every` seconds; `heard` is told of each page, `ear` gives the ear of the rules in force."""
        self._source = source
        self._ear = ear
        self._store = store
        self._clock = clock
        self._every = every
        self._heard = heard
        self._known = False
        self._failures = 0

    @property
    def name(self) -> str:
        """The source's name in rules.yaml."""
        return self._source.name

    async def round(self) -> None:
        """Hear all that waits now.

        Raises:
            EarnestError: the network could not be heard; what came before is stored.
        """
        if not self._known:
            account = await self._source.identify()
            if account:
                await self._store.awrite(lambda tx: ledger.record_account(tx, account, at=self._clock()))
            self._known = True
        for _ in range(_PAGES_A_ROUND):
            stood = ledger.cursor(self._store.read(), self.name)
            page = await self._source.fetch(stood[1])
            taken = await self._ear().take(self.name, page, network=self._source.network, stood=stood)
            self._heard(taken)
            if not page.more and not taken.stale:
                break
        self._failures = 0
        await self._record("listening", self._source.remark if isinstance(self._source, Remarking) else "", heard=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Hear until `stop` is set. Nothing a network does ends this task."""
        while not stop.is_set():
            rest = await self._attempt()
            await self._rest(stop, rest)

    async def _rest(self, stop: asyncio.Event, rest: float) -> None:
        """Wait until the next poll is due; a source that is told of news, and was heard just now, is asked for them sooner."""
        if self._failures or not isinstance(self._source, Stirring):
            await _first_of(rest, stop.wait())
            return
        await _first_of(_LEAST_REST, stop.wait())
        await _first_of(rest, stop.wait(), self._source.stir())

    async def _attempt(self) -> float:
        try:
            await self.round()
        except SignInNeeded as problem:
            await self._trouble("sign-in", problem)
            return _SIGN_IN_REST
        except RateLimited as problem:
            await self._trouble("waiting", problem)
            return problem.retry_after
        except EarnestError as problem:
            await self._trouble("failing", problem)
            return self._back_off()
        except Exception as problem:  # noqa: BLE001  # a mistake in one source must not silence it for ever
            await self._trouble("failing", EarnestError(f"unexpected {type(problem).__name__} while listening"))
            return self._back_off()
        return self._every

    async def _trouble(self, state: str, problem: EarnestError) -> None:
        self._failures += 1
        _log.warning("cannot hear", source=self.name, state=state, problem=problem.message)
        with suppress(Exception):  # where the store itself is the trouble, the daemon says so; this task must never end
            await self._record(state, f"{problem.message}. {problem.hint}".strip(), heard=False)

    async def _record(self, state: str, detail: str, *, heard: bool) -> None:
        await self._store.awrite(
            lambda tx: ledger.record_source(
                tx, self.name, self._source.network, state, detail, every=self._every, at=self._clock(), heard=heard
            )
        )

    def _back_off(self) -> float:
        longest = min(_LONGEST_REST, self._every * 2 ** min(self._failures, 10))
        return random.uniform(longest / 2, longest)  # noqa: S311  # spreads the load, guards nothing

    async def close(self) -> None:
        """Let go of the source."""
        await self._source.close()


async def _first_of(seconds: float, *waits: Coroutine[object, object, object]) -> None:
    """Wait until one of them ends, however it ends, and at most so many seconds."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
