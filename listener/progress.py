"""Is everything that should go round still going round? Every loop tells when a round of it ended, and who asks learns which did not.

A loop that hangs, that died, or whose turn never comes looks the same from here, as it should: nothing of it was heard in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stalled:
    """A loop that ended no round in time: how many seconds ago it last did, and within how many it should have."""

    name: str
    quiet: float
    within: float


class Progress:
    """When each loop last ended a round, and by when it is to end its next one.

    Times are seconds of a clock that only goes forward, so turning the wall clock stalls nothing. It may be asked from any thread.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Expect nothing yet; `now` is the clock."""
        self.now = now
        self._marks: dict[str, tuple[float, float]] = {}

    def mark(self, name: str, within: float) -> None:
        """Note that a round of `name` ended now (or that it begins), and that the next one is to end within so many seconds."""
        self._marks[name] = (self.now(), within)

    def forget(self, name: str) -> None:
        """Expect nothing of `name` any more: it ended as it should."""
        self._marks.pop(name, None)

    def pardon(self, seconds: float) -> None:
        """Count so many seconds against nobody: the whole program stood still, and not one of its loops."""
        self._marks = {name: (ended + seconds, within) for name, (ended, within) in self._marks.copy().items()}

    def quiet(self, name: str) -> float:
        """Return how many seconds ago a round of `name` ended; 0.0 where nothing is expected of it."""
        known = self._marks.get(name)
        return 0.0 if known is None else self.now() - known[0]

    def stalled(self, at: float | None = None) -> tuple[Stalled, ...]:
        """Return the loops that ended no round in time, by name; `at` is a moment of the same clock, now unless said otherwise."""
        moment = self.now() if at is None else at
        known = sorted(self._marks.copy().items())
        return tuple(Stalled(name, moment - ended, within) for name, (ended, within) in known if moment - ended > within)

    def names(self) -> tuple[str, ...]:
        """Return everything that is expected to go round, by name."""
        return tuple(sorted(self._marks.copy()))
