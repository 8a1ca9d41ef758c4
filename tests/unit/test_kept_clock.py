"""Machines that work on one store go by its time, whatever their own clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from listener import clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_again() -> Iterator[None]:
    yield
    clock.let_go()


def test_this_machines_clock_counts_until_another_is_kept_to() -> None:
    with time_machine.travel(NOON - timedelta(hours=3), tick=False):
        assert clock.now() == NOON - timedelta(hours=3)
        clock.keep_to(lambda: NOON)
        assert NOON <= clock.now() < NOON + timedelta(minutes=1)
        clock.let_go()
        assert clock.now() == NOON - timedelta(hours=3)


def test_setting_this_machines_clock_changes_nothing_that_is_kept() -> None:
    clock.keep_to(lambda: NOON)
    for wrong in (timedelta(days=-400), timedelta(days=400)):
        with time_machine.travel(NOON + wrong, tick=False):
            assert NOON <= clock.now() < NOON + timedelta(minutes=1)


def test_time_goes_on_and_not_back() -> None:
    clock.keep_to(lambda: NOON)
    before = clock.now()
    while clock.now() == before:
        pass
    assert clock.now() > before
