"""Rests: how long after what went wrong, longer each time, and never the same for all who wait; and one that ends sooner where it may."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine

_MOST_DOUBLINGS = 30  # whatever is doubled more often is beyond any bound


def rest_after(failures: int, *, first: float, longest: float) -> float:
    """Return a rest in seconds after so many failures in a row: between half and all of `first`, doubled for each, at most `longest`."""
    most = min(longest, first * 2 ** min(failures, _MOST_DOUBLINGS))
    return random.uniform(most / 2, most)  # noqa: S311  # spreads the load, guards nothing


async def first_of(seconds: float, *waits: Coroutine[object, object, object]) -> None:
    """Wait until one of them ends, however it ends, and at most so many seconds."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
