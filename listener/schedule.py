"""The clock inside one process: small jobs at fixed distances. The only file that imports apscheduler.

Deadlines, reminders and follow-ups are rows in the store, found again by these ticks; a missed tick costs a moment, never a deadline.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from listener import logs
from listener.progress import Progress
from listener.troubles import Troubles

_log = logs.get("schedule")
_LONGEST_JOB = 900.0  # seconds: signing in everywhere, or weighing an edit by a day of posts, may take minutes

# A tick that is still at work when its next turn comes is left to finish, which is as it should be; the library would say so each time, in
# words of its own on the terminal.
logging.getLogger("apscheduler").setLevel(logging.ERROR)
# What goes wrong in a job is told below; of one that was broken off before it began, at the end, the library says an error.
logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)


class Schedule:
    """Runs jobs every so often on the running event loop."""

    def __init__(self, progress: Progress | None = None) -> None:
        """Prepare; nothing runs before `start`. `progress` is told whenever a job has ended, well or not."""
        # The default grace time drops a job that is late by a second; None lets it run late instead.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._progress = progress or Progress()
        self._names: list[str] = []
        self._troubles = Troubles(_log, "tick failed")
        self._scheduler = AsyncIOScheduler(jobstores={"default": MemoryJobStore()}, job_defaults=defaults, timezone="UTC")

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run `job` every `seconds`; a job that fails is logged and runs again at its next turn."""

        async def guarded() -> None:
            try:
                await job()
                self._troubles.worked(name)
            except asyncio.CancelledError:  # the clock has ended; the library would log it as an error
                return
            except Exception as problem:  # noqa: BLE001  # a tick must never end the clock
                self._troubles.failed(name, problem, tick=name)
            self._progress.mark(f"tick {name}", seconds + _LONGEST_JOB)

        self._names.append(f"tick {name}")
        self._scheduler.add_job(guarded, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        """Begin."""
        for name in self._names:
            self._progress.mark(name, _LONGEST_JOB)
        self._scheduler.start()

    def stop(self) -> None:
        """End; a job under way is broken off."""
        for name in self._names:
            self._progress.forget(name)
        self._scheduler.shutdown(wait=False)
