"""A storm: a hundred thousand mentions at once, with cries for help among them, at the real daemon, and how late its event loop runs.

Usage: python bench/burst.py [--mentions 100000] [--cries 1000] [--every 1] [--patience SECONDS]

One mention in `--cries` is a cry for help. The daemon hears a Mastodon server on loopback that has all of them at once; its alerts go to a
service on loopback. Told are: how long it takes to work all off, the longest time from a cry's arrival (when the storm began) to its alert
in poll intervals of `--every` seconds and from when it was heard, the peak of memory, and by how much the event loop was late. Prints one
JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import house
from aiohttp import ClientSession
from figures import figure, peak_memory, percentile, say

from listener.clock import from_text
from listener.store import mentions
from listener.store.base import Reader, Store, number, text
from responders.daemon import Event
from responders.house import open_store
from responders.pipeline import Noted


class Storm:
    """One storm and what became of it."""

    def __init__(self, store: Store, mentions: int, patience: float) -> None:
        """Count what the daemon has decided, until there are so many `mentions` or `patience` (seconds) is over."""
        self._store, self._mentions, self._patience = store, mentions, patience
        self.decided = 0
        self.began = self.took = 0.0
        self.rings: list[float] = []

    def tell(self, event: Event) -> None:
        """Count decided mentions."""
        self.decided += isinstance(event, Noted)

    async def blow(self, address: str, every: float, folder: Path) -> house.Watch:
        """Let the storm begin and wait until it is worked off and its alerts are told."""
        async with ClientSession() as session, house.at_work(self._store, house.rules(address, f"{every:g}s"), self.tell, folder) as watch:
            while not mentions.cursor(self._store.read(), "mastodon")[0]:  # noqa: ASYNC110 - what was there before is history
                await asyncio.sleep(0.05)
            watch.lags.clear()
            async with session.get(f"{address}/go") as answer:
                self.began = float((await answer.json())["began"])
            told = 0
            while self.decided < self._mentions and time.time() - self.began < self._patience:
                await asyncio.sleep(0.2)
                if self.decided >= told + 10_000:
                    told = self.decided
                    say(f"{self.decided:,} of {self._mentions:,} worked off after {time.time() - self.began:.0f} s")
            self.took = time.time() - self.began
            while self._untold() and time.time() - self.began - self.took < self._patience:  # noqa: ASYNC110 - the store rings nobody
                await asyncio.sleep(0.2)
            async with session.get(f"{address}/rings") as answer:
                self.rings = [float(one["at"]) - self.began for one in await answer.json()]
        return watch

    def _untold(self) -> int:
        row = self._store.read().one("SELECT COUNT(*) AS n FROM escalations WHERE told_at IS NULL")
        return number(row, "n") if row else 0

    def after_hearing(self, reader: Reader) -> list[float]:
        """Return the seconds from when each cry was heard to when its alert was told."""
        rows = reader.all(
            """SELECT p.heard_at, e.told_at FROM escalations e JOIN cases c ON c.id = e.case_id
            JOIN posts p ON p.network = c.network AND p.id = e.post_id WHERE e.told_at IS NOT NULL"""
        )
        return [(from_text(text(row, "told_at")) - from_text(text(row, "heard_at"))).total_seconds() for row in rows]


def lags(bench: str, watch: house.Watch, **more: object) -> None:
    """Print by how much the event loop was late."""
    facts = {"p50": round(percentile(watch.lags, 0.5), 2), "max": round(max(watch.lags), 1), "looks": len(watch.lags)}
    figure(bench, "event loop late", percentile(watch.lags, 0.99), "ms p99", **facts, **more)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="A storm of mentions at the real daemon.")
    arguments.add_argument("--mentions", type=int, default=100_000)
    arguments.add_argument("--cries", type=int, default=1_000)
    arguments.add_argument("--every", type=float, default=1.0)
    arguments.add_argument("--patience", type=float, default=600.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, house.town(given.mentions, cries=given.cries) as address:
        store = open_store(f"sqlite:///{name}/burst.db", create=True)
        storm = Storm(store, given.mentions, given.patience)
        watch = asyncio.run(storm.blow(address, given.every, Path(name)))
        facts = {"mentions": storm.decided, "offered": given.mentions}
        figure("burst", "worked off in", storm.took, "s", rate=round(storm.decided / storm.took), **facts)
        heard = storm.after_hearing(store.read())
        if storm.rings and heard:
            cries = {"cries": len(heard), "seconds": round(max(storm.rings), 1)}
            figure("burst", "longest from a cry's arrival to its alert", max(storm.rings) / given.every, "poll intervals", **cries)
            figure(
                "burst", "longest from hearing a cry to its alert", max(heard), "s", p50=round(percentile(heard, 0.5), 2), cries=len(heard)
            )
        figure("burst", "peak memory", peak_memory(), "MiB", **facts)
        lags("burst", watch, **facts)
        store.close()


if __name__ == "__main__":
    main()
