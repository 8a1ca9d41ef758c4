"""Times and foreign words as the commands say them to people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from listener.clock import from_text, in_words
from listener.store.base import Row, text
from listener.text import visible

_RECENT = timedelta(days=2)
_SAME_MOMENT = timedelta(seconds=2)


def ago(moment: datetime | None, at: datetime) -> str:
    """Say when something was: "42 min ago", or the local date and time of what is older than two days."""
    if moment is None:
        return "never"
    past = at - moment
    if timedelta(0) > past > -_SAME_MOMENT:  # another machine's clock, or the database's, is a little ahead
        past = timedelta(0)
    if past < timedelta(0):
        return f"in {in_words(past)}"
    return f"{in_words(past)} ago" if past < _RECENT else local(moment)


def local(moment: datetime) -> str:
    """Write a moment as a person reads it on this machine: "2026-11-22 10:42:07"."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def due(moment: datetime | None, at: datetime) -> str:
    """Say how long is left: "18 min", "5 min late", or "-" where no clock runs."""
    if moment is None:
        return "-"
    return in_words(moment - at) if moment >= at else f"{in_words(at - moment)} late"


def moment_of(row: Row, column: str) -> datetime | None:
    """Read a moment from a row; NULL is None."""
    return from_text(text(row, column)) if row[column] else None


def quoted(words: str, indent: str = "   ") -> Iterator[str]:
    """Yield foreign words line by line, safe to show, each set in so that no line of theirs passes for one of ours."""
    for line in visible(words).replace("\t", " ").split("\n"):
        yield f"{indent}{line}".rstrip()


def counted(number: int, one: str, many: str = "") -> str:
    """Say how many: "1 draft", "3 drafts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
