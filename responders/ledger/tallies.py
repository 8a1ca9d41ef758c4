"""Tallies: how many mentions of a kind were written, in steps of ten seconds. Brakes and conditions count by them.

A sum over a span reads as many rows as the span has steps, whatever is stored and however many mentions came. `epoch` numbers the
stretches between two trips of a brake, so that what was written before a person resumed can be told from what came later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from listener.clock import from_text, to_text
from listener.store.base import Reader, Tx, Value, number, text

STEP = timedelta(seconds=10)
KEPT = timedelta(days=9)
_WEEK = 7


def _step(moment: datetime) -> str:
    seconds = int(STEP.total_seconds())
    return to_text(moment.replace(second=moment.second // seconds * seconds, microsecond=0))


def add(tx: Tx, name: str, moment: datetime, *, epoch: int) -> None:
    """Count one more of `name` at a moment; with the first of a step, steps older than nine days are dropped."""
    found: dict[str, Value] = {"name": name, "step": _step(moment), "epoch": epoch}
    if tx.run("UPDATE tallies SET n = n + 1 WHERE name = :name AND step = :step AND epoch = :epoch", **found):
        return
    tx.run("INSERT INTO tallies (name, step, epoch, n) VALUES (:name, :step, :epoch, 1)", **found)
    tx.run("DELETE FROM tallies WHERE name = :name AND step < :old", name=name, old=_step(moment - KEPT))


def count(reader: Reader, name: str, *, since: datetime, until: datetime, epoch: int | None = None) -> int:
    """Return how many of `name` there were between two moments; a step that only reaches into the span counts whole."""
    row = reader.one(
        """SELECT SUM(n) AS n FROM tallies WHERE name = :name AND step >= :since AND step <= :until
        AND (:epoch IS NULL OR epoch = :epoch)""",
        name=name,
        since=_step(since),
        until=to_text(until),
        epoch=epoch,
    )
    return number(row, "n") if row else 0


def usual(reader: Reader, name: str, within: timedelta, at: datetime, *, zone: str = "UTC") -> float | None:
    """Return the mean of `name` in the same span of the last seven days, of those on which it was counted already; else None.

    The span ends at the same time of the day in `zone`: also where a clock was put forward or back in between.
    """
    began, local = _first(reader, name), at.astimezone(ZoneInfo(zone))
    ends = [(local - timedelta(days=day)).astimezone(UTC) for day in range(1, _WEEK + 1)]
    counts = [count(reader, name, since=end - within, until=end) for end in ends if began is not None and began <= end - within]
    return sum(counts) / len(counts) if counts else None


def _first(reader: Reader, name: str) -> datetime | None:
    """Return when counting of `name` began, as far as it is kept; None where nothing was counted yet."""
    row = reader.one("SELECT MIN(step) AS step FROM tallies WHERE name = :name", name=name)
    return from_text(text(row, "step")) if row and row["step"] else None
