"""Tallies: how many mentions of a kind were written, in steps of ten seconds. Brakes and conditions count by them.

A sum over a span reads as many rows as the span has steps, whatever is stored and however many mentions came. `epoch` numbers the
stretches between two trips of a brake, so that what was written before a person resumed can be told from what came later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from listener.clock import from_text, to_text
from listener.store.base import Reader, Tx, Value, number, text

STEP = timedelta(seconds=10)
_SECONDS = int(STEP.total_seconds())
KEPT = timedelta(days=9)
_WEEK = 7
_Asked = tuple[str, str, str, int | None]


def _step(moment: datetime) -> str:
    return to_text(moment.replace(second=moment.second // _SECONDS * _SECONDS, microsecond=0))


class Counting:
    """The tallies of a store with what is added to them, which counts at once and is written all together, by `write`.

    A row that was written stays locked until the transaction ends, and others count as well: so it is done late, and always in one order.
    """

    def __init__(self, reader: Reader) -> None:
        """Add to the tallies that `reader` sees. Nobody else adds to them meanwhile."""
        self._reader = reader
        self._more: dict[str, Counter[tuple[str, int]]] = {}
        self._oldest: dict[str, str] = {}  # of each name the oldest step that is still kept
        self._stored: dict[_Asked, int] = {}
        self._begun: dict[tuple[str, str], str] = {}

    def add(self, name: str, moment: datetime, *, epoch: int) -> None:
        """Count one more of `name` at a moment; with the first of a step, steps older than nine days are dropped."""
        step, more = _step(moment), self._more.get(name)
        if more is None:
            more = self._more[name] = Counter[tuple[str, int]]()
        if (step, epoch) not in more:
            self._oldest[name] = max(self._oldest.get(name, ""), _step(moment - KEPT))
        more[step, epoch] += 1

    def count(self, name: str, *, since: datetime, until: datetime, epoch: int | None = None) -> int:
        """Return how many of `name` there were between two moments; a step that only reaches into the span counts whole."""
        first, last = max(_step(since), self._oldest.get(name, "")), to_text(until)
        asked = (name, first, last, epoch)
        if asked not in self._stored:
            self._stored[asked] = self._count(*asked)
        more: Mapping[tuple[str, int], int] = self._more.get(name, {})
        return self._stored[asked] + sum(n for (step, of), n in more.items() if first <= step <= last and epoch in {None, of})

    def _count(self, name: str, first: str, last: str, epoch: int | None) -> int:
        row = self._reader.one(
            """SELECT SUM(n) AS n FROM tallies WHERE name = :name AND step >= :since AND step <= :until
            AND (:epoch IS NULL OR epoch = :epoch)""",
            name=name,
            since=first,
            until=last,
            epoch=epoch,
        )
        return number(row, "n") if row else 0

    def usual(self, name: str, within: timedelta, at: datetime, *, zone: str = "UTC") -> float | None:
        """Return the mean of `name` in the same span of the last seven days, of those on which it was counted already; else None.

        The span ends at the same time of the day in `zone`: also where a clock was put forward or back in between.
        """
        began, local = self._first(name), at.astimezone(ZoneInfo(zone))
        ends = [(local - timedelta(days=day)).astimezone(UTC) for day in range(1, _WEEK + 1)]
        counts = [self.count(name, since=end - within, until=end) for end in ends if began is not None and began <= end - within]
        return sum(counts) / len(counts) if counts else None

    def _first(self, name: str) -> datetime | None:
        """Return when counting of `name` began, as far as it is kept; None where nothing was counted yet."""
        oldest = self._oldest.get(name, "")
        if (name, oldest) not in self._begun:
            row = self._reader.one("SELECT MIN(step) AS step FROM tallies WHERE name = :name AND step >= :oldest", name=name, oldest=oldest)
            self._begun[name, oldest] = text(row, "step") if row else ""
        stored = filter(None, [self._begun[name, oldest]])
        first = min((*stored, *(step for step, _ in self._more.get(name, {}) if step >= oldest)), default="")
        return from_text(first) if first else None

    def write(self, tx: Tx) -> None:
        """Write what was added."""
        if not self._more:
            return
        rows: list[dict[str, Value]] = [
            {"name": name, "step": step, "epoch": epoch, "n": n}
            for name, more in sorted(self._more.items())
            for (step, epoch), n in sorted(more.items())
        ]
        tx.run_many(
            """INSERT INTO tallies (name, step, epoch, n) VALUES (:name, :step, :epoch, :n)
            ON CONFLICT (name, step, epoch) DO UPDATE SET n = tallies.n + excluded.n""",
            rows,
        )
        old: list[dict[str, Value]] = [{"name": name, "old": self._oldest[name]} for name in sorted(self._more)]
        tx.run_many("DELETE FROM tallies WHERE name = :name AND step < :old", old)
        self._more.clear()
        self._stored.clear()
        self._begun.clear()


def add(tx: Tx, name: str, moment: datetime, *, epoch: int) -> None:
    """Count one more of `name` at a moment; see `Counting.add`."""
    counting = Counting(tx)
    counting.add(name, moment, epoch=epoch)
    counting.write(tx)


def count(reader: Reader, name: str, *, since: datetime, until: datetime, epoch: int | None = None) -> int:
    """Return how many of `name` there were between two moments; see `Counting.count`."""
    return Counting(reader).count(name, since=since, until=until, epoch=epoch)


def usual(reader: Reader, name: str, within: timedelta, at: datetime, *, zone: str = "UTC") -> float | None:
    """Return how many of `name` are usual at that hour; see `Counting.usual`."""
    return Counting(reader).usual(name, within, at, zone=zone)
