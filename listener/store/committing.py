"""One thread that writes: many small jobs, each whole or not at all, are stored by one commit.

A commit waits for the disk. Jobs that come meanwhile are stored together by the next one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from listener.errors import EarnestError, Unreachable
from listener.store.base import Tx

T = TypeVar("T")
_Job = tuple[Callable[[Tx], object], "Future[object]"]
_Result = tuple["Future[object]", object]
_BATCH = 256


def closed() -> Unreachable:
    """Return what is said to whoever writes in a store that was closed."""
    return Unreachable("the store is closed", "this is a mistake in Earnest: report it")


class Hand(Protocol):
    """What writes in one database, for one thread."""

    def begin(self) -> Tx:
        """Begin a transaction beside which nobody else writes."""

    def mark(self) -> None:
        """Mark where one job begins."""

    def settle(self) -> None:
        """Keep what was done since the mark, as far as the transaction is kept."""

    def undo_to_mark(self) -> None:
        """Undo what was done since the mark."""

    def commit(self) -> None:
        """Store all of it, durably."""

    def undo(self) -> None:
        """Undo all of it; raises nothing."""

    def ends_all(self, problem: BaseException) -> bool:
        """Return whether what went wrong in a job ends the transaction, with all its jobs."""

    def told(self, problem: BaseException) -> EarnestError:
        """Return what went wrong as a person is told it."""


class Committer:
    """The thread that writes."""

    def __init__(self, hand: Hand) -> None:
        """Start it. From now on nobody else uses the hand."""
        self._hand = hand
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._door = threading.Lock()  # so that nothing comes behind the end
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        """Have a job done; return its future.

        Raises:
            Unreachable: the store was closed; nobody would do the job, and whoever waits for it would wait for ever.
        """
        future: Future[T] = Future()
        with self._door:
            if self._closed:
                raise closed()
            self._jobs.put((work, future))  # type: ignore[arg-type]  # the queue holds jobs of every result type
        return future

    def close(self) -> None:
        """Finish what is queued, and end the thread."""
        with self._door:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch: list[_Job] = [job]
            stop = False
            while len(batch) < _BATCH and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    stop = True
                    break
                batch.append(following)
            self._commit(batch)
            if stop:
                return

    def _commit(self, batch: list[_Job]) -> None:
        results: list[_Result] = []
        try:
            tx = self._hand.begin()
            for work, future in batch:
                self._run_one(tx, work, future, results)
            self._hand.commit()
        except Exception as problem:  # noqa: BLE001  # a thread that ended would leave everybody waiting
            self._hand.undo()
            for _, future in batch:
                if not future.done():
                    future.set_exception(self._hand.told(problem))
            return
        for future, result in results:
            if not future.cancelled():
                future.set_result(result)

    def _run_one(self, tx: Tx, work: Callable[[Tx], object], future: Future[object], results: list[_Result]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        self._hand.mark()
        try:
            result = work(tx)
            self._hand.settle()
        except BaseException as problem:  # whatever it is, it belongs to the one who asked
            if self._hand.ends_all(problem):
                raise
            self._hand.undo_to_mark()
            future.set_exception(problem)
        else:
            results.append((future, result))
