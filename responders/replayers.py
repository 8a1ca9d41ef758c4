"""Two replays at once, each in a process of its own, so that comparing takes no longer than one of them.

What is short is played in this process, one after the other: a new one takes a second to start.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Self

from listener.errors import EarnestError
from responders.ledger.bygone import Span
from responders.replaying import Story, count, replay
from responders.rulefile import load_text


class Text(NamedTuple):
    """A text of rules, the name shown in problems, and the folder of the written answers that go with it."""

    words: str
    filename: str
    answers: Path | None = None


_SHORT = 3_000  # posts
_NOW_AND_THEN = 200  # posts between two words about progress


def play_both(
    url: str,
    after: Text,
    before: Text | None,
    span: Span,
    *,
    progress: Callable[[int, int], None] = lambda _played, _of: None,
    short: int = _SHORT,
) -> tuple[Story, Story | None]:
    """Play a span by the rules that are tried, and by those that stand where there are any; return both stories.

    `progress` is told how many posts were played, and of how many. Up to `short` posts nothing else is started.

    Raises:
        RulesWrong: one of the texts cannot be used.
        Unreachable: the store cannot be read.
    """
    whole = count(url, span) * (2 if before else 1)
    book = load_text(*after)
    if before is None:
        return replay(url, book, span, progress=lambda played: progress(played, whole)), None
    load_text(*before)  # what is wrong with it is said before anything is played
    if whole <= 2 * short:
        new = replay(url, book, span, progress=lambda played: progress(played, whole))
        old = replay(url, load_text(*before), span, progress=lambda played: progress(whole // 2 + played, whole))
        return new, old
    with _Other(url, before, span) as other:
        new = replay(url, book, span, progress=lambda played: progress(played + other.played(), whole))
        return new, other.story(lambda played: progress(whole // 2 + played, whole))


class _Other:
    """A replay in another process."""

    def __init__(self, url: str, rules: Text, span: Span) -> None:
        method = multiprocessing.get_context("spawn")  # a copy of this process would share its database connections
        self._ours, theirs = method.Pipe(duplex=False)
        self._process = method.Process(target=_play, args=(theirs, url, rules, span), daemon=True)
        with _no_interrupts():
            self._process.start()
        theirs.close()
        self._played = 0
        self._ended: Story | EarnestError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._process.terminate()
        self._process.join()
        self._ours.close()

    def played(self) -> int:
        """Return how many posts it has played so far."""
        while self._ended is None and self._ours.poll():
            self._take()
        return self._played

    def _take(self) -> None:
        try:
            found = self._ours.recv()
        except EOFError:
            found = EarnestError("the second replay ended before it was done", "try again; earnest doctor looks at the store")
        if isinstance(found, int):
            self._played = found
        else:
            self._ended = found

    def story(self, progress: Callable[[int], None]) -> Story:
        """Wait for its end and return what it found.

        Raises:
            EarnestError: it could not be played.
        """
        while self._ended is None:
            self._take()
            progress(self._played)
        if isinstance(self._ended, EarnestError):
            raise self._ended
        return self._ended


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back; what is started meanwhile never hears it, since whoever started it ends it."""
    resource_tracker.ensure_running()  # starting it lets interrupts through again
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)


def _play(pipe: Connection, url: str, rules: Text, span: Span) -> None:
    """Play in the other process; what it finds goes through the pipe."""

    def tell(played: int) -> None:
        if played % _NOW_AND_THEN == 0:
            pipe.send(played)

    with suppress(BrokenPipeError):  # whoever asked is gone
        try:
            pipe.send(replay(url, load_text(*rules), span, progress=tell))
        except EarnestError as problem:
            pipe.send(EarnestError(problem.message, problem.hint))
