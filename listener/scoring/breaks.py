"""Where sentences and clauses end in a text, found once, so that asking for many places takes no longer."""

from __future__ import annotations

import re
from bisect import bisect_left

SENTENCE = re.compile(r"[.!?\n。！？]")  # noqa: RUF001 - Japanese marks
CLAUSE = re.compile(r"[.!?;:,\n。！？、]")  # noqa: RUF001 - Japanese marks


class Breaks:
    """The marks of one kind in a text."""

    def __init__(self, text: str, kind: re.Pattern[str]) -> None:
        """Find them all."""
        self._text = text
        self._at = [found.start() for found in kind.finditer(text)]

    def between(self, start: int, end: int) -> bool:
        """Whether one of them stands from `start` up to `end`."""
        first = bisect_left(self._at, start)
        return first < len(self._at) and self._at[first] < end

    def next(self, start: int) -> str:
        """Return the first of them from `start` on, "" where there is none."""
        first = bisect_left(self._at, start)
        return self._text[self._at[first]] if first < len(self._at) else ""
