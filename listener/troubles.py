"""What fails again and again is said once, then every minute with how often it was, and once more when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from listener.errors import EarnestError

_AGAIN = 60.0  # seconds between two lines about the same trouble
_LONG = 5.0  # seconds: whose failing lasted for less needs no word that it is over


@dataclass(slots=True)
class _Trouble:
    """Something that fails: when it was said last, and how often it came since."""

    said: float
    since: int = 0


class Troubles:
    """The failures of the loops of one part, for its log.

    A store that is away fails all of them several times a second: that is one trouble. What is no error of ours is told apart by loop,
    since only its kind is known.
    """

    def __init__(self, log: structlog.typing.FilteringBoundLogger, event: str, now: Callable[[], float] = time.monotonic) -> None:
        """Speak to `log`, of `event`; `now` is a clock that only goes forward."""
        self._log = log
        self._event = event
        self._now = now
        self._troubles: dict[tuple[str, str], _Trouble] = {}
        self._failing: set[str] = set()
        self._begun = 0.0

    def failed(self, name: str, problem: Exception, **more: str) -> None:
        """Note that a round of `name` failed; what is said names it by `more`."""
        now = self._now()
        if not self._failing:
            self._begun = now
        self._failing.add(name)
        ours = isinstance(problem, EarnestError)
        words = (
            {"problem": problem.message, "hint": problem.hint} if isinstance(problem, EarnestError) else {"problem": type(problem).__name__}
        )
        self._troubles = {key: one for key, one in self._troubles.items() if now - one.said < 2 * _AGAIN}
        key = ("" if ours else name, words["problem"])
        known = self._troubles.get(key)
        if known and now - known.said < _AGAIN:
            known.since += 1
            return
        again = {"times_since": known.since + 1} if known and known.since else {}
        self._troubles[key] = _Trouble(now)
        self._log.error(self._event, **more, **words, **again)

    def worked(self, name: str) -> None:
        """Note that a round of `name` went well."""
        if name not in self._failing:
            return
        self._failing.discard(name)
        lasted = self._now() - self._begun
        if not self._failing and lasted >= _LONG:
            self._log.warning("it goes on again", after_s=round(lasted))
            self._troubles.clear()
