"""How deciding shares a machine with hearing: in a storm what is critical is decided at once, and the rest when all is heard.

It goes by what this very process hears: one that only thinks takes nothing from the hearing of another machine, and decides everything.
"""

from __future__ import annotations

from collections.abc import Callable

EVERY = 1.0
"""Seconds between two rounds of all else while hearing is behind: enough for brakes and watches to see the storm."""


class Share:
    """Says, round by round, whether only what is critical is to be decided: a cry for help may stand in what was not heard yet."""

    def __init__(self, behind: Callable[[], bool]) -> None:
        """Ask `behind` whether networks bring more than is stored at once."""
        self._behind = behind
        self._last = -EVERY

    def critical_only(self, now: float) -> bool:
        """Return whether a round that begins `now` (seconds of a clock that never goes back) leaves all else for later."""
        if self._behind() and now - self._last < EVERY:
            return True
        self._last = now
        return False
