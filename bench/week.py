"""A week in a clock of its own: does the daemon, left alone with a few mentions an hour, stay as it was on the second day?

Usage: python bench/week.py [--days 7] [--an-hour 6] [--step 30]

The real daemon hears a Mastodon server on loopback, in an event loop whose time goes on by itself, `--step` seconds at a time, whenever
nothing is under way: no answer of the server, no write to the store. Its ticks of half a second and of a second fall together in such a
step; polls, deadlines and clocks come when they come. With `--step 0` every tick of the week happens, which takes an hour.

Told at the end of each day: memory, open files, tasks, timers, Python's objects, how large the log of the store (WAL) is, threads, and
mentions decided; then how much each grew from the second day to the last. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import selectors
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import house
import workload
from aiohttp import web
from figures import figure, memory, say

from listener.store.sqlite import SqliteStore, path_of
from responders.daemon import Daemon, Event
from responders.house import open_store
from responders.pipeline import Noted

BEGIN = datetime(2026, 11, 16, tzinfo=UTC)
_GRACE = 0.003  # seconds in which something may still come from a thread that nobody counts


class Busy:
    """How much is under way outside the event loop."""

    def __init__(self) -> None:
        """Nothing is."""
        self._lock = threading.Lock()
        self.jobs = 0

    def begin(self) -> None:
        """One more."""
        with self._lock:
            self.jobs += 1

    def end(self, *_: object) -> None:
        """One less."""
        with self._lock:
            self.jobs -= 1


class Leap(selectors.DefaultSelector):
    """Waits for the network, but not for time: where nothing is under way, the time that would be waited for is over at once."""

    def __init__(self, busy: Busy, step: float) -> None:
        """Begin at the time 0; `step` is how many seconds pass at least where any do."""
        super().__init__()
        self._busy, self._step = busy, step
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; with nothing ready and nothing under way, let the time pass."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._busy.jobs or timeout is None:
            return super().select(0.02)
        if not (ready := super().select(_GRACE)):
            self.passed += max(timeout, self._step)
        return ready


class Counted(ThreadPoolExecutor):
    """Threads that say when they are at work."""

    def __init__(self, busy: Busy) -> None:
        """Keep whom to tell."""
        super().__init__(max_workers=4)
        self._busy = busy

    def submit(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        """Run something; see `Executor.submit`."""
        self._busy.begin()
        job = super().submit(*args, **kwargs)  # type: ignore[arg-type]
        job.add_done_callback(self._busy.end)
        return job


def slow_store(url: str, busy: Busy) -> SqliteStore:
    """Open a store whose writes count as under way."""
    store = open_store(url, create=True)
    write = store.awrite

    async def awrite(work: Callable[..., object]) -> object:
        busy.begin()
        try:
            return await write(work)
        finally:
            busy.end()

    store.awrite = awrite  # type: ignore[method-assign,assignment]
    return store


class Hours:
    """A server whose posts come so many an hour of the loop's own time."""

    def __init__(self, now: Callable[[], datetime], an_hour: float, most: int) -> None:
        """Make up the posts."""
        self._now, self._an_hour = now, an_hour
        self._texts = list(islice(workload.texts(3, cries=50), most))

    async def timeline(self, request: web.Request) -> web.Response:
        """Answer as the timeline of a hashtag does."""
        there = min(int((self._now() - BEGIN).total_seconds() / 3_600 * self._an_hour), len(self._texts))
        low = int(request.query.get("min_id", request.query.get("since_id", "113000000000000000"))) - 113_000_000_000_000_000
        high = int(request.query.get("max_id", str(113_000_000_000_000_000 + there + 1))) - 113_000_000_000_000_000
        rows = []
        for number in range(max(1, low + 1), min(there + 1, high)):
            text, language, _ = self._texts[number - 1]
            at = BEGIN + timedelta(hours=number / self._an_hour)
            rows.append({**workload.status(number, text, language, at), "tags": [{"name": "acme", "url": ""}]})
        return web.json_response(rows[:40][::-1])

    async def start(self) -> tuple[str, web.AppRunner]:
        """Listen; return the address and what ends it."""
        app = web.Application()
        app.router.add_get("/api/v1/timelines/tag/{tag}", self.timeline)
        app.router.add_get("/api/v1/statuses", self.again)
        app.router.add_get("/api/v1/statuses/{id}", self.again)
        app.router.add_post("/ring", self.ring)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"127.0.0.1:{runner.addresses[0][1]}", runner

    async def again(self, request: web.Request) -> web.Response:
        """Give posts once more, as they are."""
        asked = [request.match_info["id"]] if "id" in request.match_info else request.query.getall("id[]", [])
        rows = []
        for one in asked:
            number = int(one) - 113_000_000_000_000_000
            text, language, _ = self._texts[number - 1]
            at = BEGIN + timedelta(hours=number / self._an_hour)
            rows.append({**workload.status(number, text, language, at), "tags": [{"name": "acme", "url": ""}]})
        return web.json_response(rows if "id" not in request.match_info else rows[0])

    async def ring(self, _request: web.Request) -> web.Response:
        """Take an alert."""
        return web.Response()


class Week:
    """The days, and what was seen at the end of each."""

    def __init__(self, store: SqliteStore, now: Callable[[], datetime]) -> None:
        """Look at this store."""
        self._store, self._now = store, now
        self.decided = 0
        self.days: list[dict[str, float]] = []

    def tell(self, event: Event) -> None:
        """Count."""
        self.decided += isinstance(event, Noted)

    def look(self, day: int) -> None:
        """Look at the end of a day."""
        gc.collect()
        wal = Path(f"{path_of(self._store.url)}-wal")
        seen = {
            "memory MiB": memory(),
            "open files": float(len(os.listdir("/proc/self/fd"))),  # noqa: PTH208 - names are enough
            "tasks": float(len(asyncio.all_tasks())),
            "timers": float(len(getattr(asyncio.get_running_loop(), "_scheduled", ()))),
            "objects": float(len(gc.get_objects())),
            "WAL MiB": wal.stat().st_size / 1_048_576 if wal.exists() else 0.0,
            "threads": float(threading.active_count()),
        }
        self.days.append(seen)
        rounded = {name: round(value, 2) for name, value in seen.items()}
        figure("week", f"day {day}", self.decided, "mentions decided", **rounded)

    async def live(self, an_hour: float, days: int) -> None:
        """Let the daemon work for so many days."""
        server, runner = await Hours(self._now, an_hour, int(an_hour * 24 * days) + 1).start()
        house.reach(server)
        book, stop = house.rules(f"http://{server}", "60s"), asyncio.Event()
        running = asyncio.create_task(Daemon(self._store, book, self._now, tell=self.tell).run(stop))
        began = time.monotonic()
        for day in range(1, days + 1):
            until = BEGIN + timedelta(days=day)
            while self._now() < until:  # noqa: ASYNC110 - time rings nobody
                await asyncio.sleep((until - self._now()).total_seconds())
            self.look(day)
            say(f"day {day} was over after {time.monotonic() - began:.0f} s")
        stop.set()
        await running
        await runner.cleanup()


def run(main: Callable[[], Coroutine[object, object, None]], selector: Leap, executor: Executor) -> None:
    """Run in an event loop of the selector's own time."""
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.passed  # type: ignore[method-assign]
    loop.set_default_executor(executor)  # type: ignore[arg-type]
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="A week of the daemon in a clock of its own.")
    arguments.add_argument("--days", type=int, default=7)
    arguments.add_argument("--an-hour", type=float, default=6.0)
    arguments.add_argument("--step", type=float, default=30.0)
    given = arguments.parse_args()
    busy = Busy()
    leap = Leap(busy, given.step)

    def now() -> datetime:
        return BEGIN + timedelta(seconds=leap.passed)

    with tempfile.TemporaryDirectory() as folder:
        store = slow_store(f"sqlite:///{folder}/week.db", busy)
        week = Week(store, now)
        began = time.process_time()
        run(lambda: week.live(given.an_hour, given.days), leap, Counted(busy))
        figure("week", "processor time a day", (time.process_time() - began) / given.days, "s")
        if len(week.days) > 1:
            second, last = week.days[1], week.days[-1]
            for name in second:
                figure(
                    "week", f"growth from day 2 to day {given.days}: {name}", last[name] - second[name], "", day_2=round(second[name], 2)
                )
        store.close()


if __name__ == "__main__":
    main()
