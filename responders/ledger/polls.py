"""Sources as they were polled last, and whether that still says how they do: a row stays as it was when nobody listens any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from listener.clock import from_text
from listener.store.base import Row, text

_LEAST_PATIENCE = timedelta(minutes=3)
_WELL = "listening"


def overdue(row: Row, *, at: datetime) -> timedelta:
    """Return how long ago a source was polled that did well and should have been polled since; zero where it is not late."""
    if text(row, "state") != _WELL or not row["polled_at"]:
        return timedelta()
    ago = at - from_text(text(row, "polled_at"))
    return ago if ago > max(timedelta(seconds=3 * float(row["every_s"] or 0.0)), _LEAST_PATIENCE) else timedelta()


def stands(row: Row, *, running: bool, at: datetime) -> str:
    """Return how a source does now, in a word or two: as it was found last, unless it did well then and nobody has listened since.

    Then it is "not running" where no daemon works on the store, and "not polled" where one does and this source is `overdue`.
    """
    if text(row, "state") != _WELL:
        return text(row, "state")
    return "not running" if not running else "not polled" if overdue(row, at=at) else _WELL
