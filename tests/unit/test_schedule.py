"""The clock inside one process: a tick that takes long is left to finish, in silence."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from structlog.testing import capture_logs

from listener.errors import Unreachable
from listener.schedule import Schedule


async def test_a_tick_that_is_still_at_work_at_its_next_turn_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    skipped, done, begun = asyncio.Event(), asyncio.Event(), 0

    async def job() -> None:
        nonlocal begun
        begun += 1
        await done.wait()

    schedule = Schedule()
    schedule._scheduler.add_listener(lambda _event: skipped.set(), EVENT_JOB_MAX_INSTANCES)  # noqa: SLF001  # nothing else tells of it
    schedule.every(0.01, "slow", job)
    schedule.start()
    await skipped.wait()
    done.set()
    schedule.stop()

    assert (begun, caplog.records) == (1, [])


async def test_a_tick_that_fails_says_why_in_words_and_runs_again() -> None:
    runs = 0
    again = asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs > 1:
            again.set()
        message = "the store is away"
        raise Unreachable(message, "start it")

    with capture_logs() as said:
        schedule = Schedule()
        schedule.every(0.01, "crew", job)
        schedule.start()
        await again.wait()
        schedule.stop()

    assert (said[0]["tick"], said[0]["problem"], said[0]["hint"]) == ("crew", "the store is away", "start it")


async def test_a_tick_that_is_under_way_at_the_end_is_broken_off_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    schedule = Schedule()
    schedule.every(0.01, "slow", job)
    schedule.start()
    await begun.wait()
    schedule.stop()
    await over.wait()
    await asyncio.sleep(0)  # the library looks at how it ended

    assert caplog.records == []


async def test_a_tick_that_was_due_and_had_not_begun_at_the_end_is_dropped_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def job() -> None:
        begun.set()

    schedule = Schedule()
    schedule.every(3_600, "due", job)
    schedule.start()
    (due,) = schedule._scheduler.get_jobs()  # noqa: SLF001  # it falls due in the very moment in which the clock is told to end
    due.modify(next_run_time=datetime.now(UTC))
    schedule.stop()
    schedule._scheduler._process_jobs()  # noqa: SLF001
    for _ in range(5):
        await asyncio.sleep(0)

    assert not begun.is_set()
    assert caplog.records == []
