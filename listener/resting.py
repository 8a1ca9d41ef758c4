"""How long to rest after what went wrong: longer each time, up to a bound, and never the same for all who wait."""

from __future__ import annotations

import random

_MOST_DOUBLINGS = 30  # whatever is doubled more often is beyond any bound


def rest_after(failures: int, *, first: float, longest: float) -> float:
    """Return a rest in seconds after so many failures in a row: between half and all of `first`, doubled for each, at most `longest`."""
    most = min(longest, first * 2 ** min(failures, _MOST_DOUBLINGS))
    return random.uniform(most / 2, most)  # noqa: S311  # spreads the load, guards nothing
