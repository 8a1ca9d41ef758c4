"""How late the event loop runs while the daemon works as fast as it can. `burst` with fewer mentions, told for itself.

Usage: python bench/loop.py [--mentions 10000]

Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import burst
import house

from responders.house import open_store


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How late the event loop runs at full load.")
    arguments.add_argument("--mentions", type=int, default=10_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, house.town(given.mentions) as address:
        store = open_store(f"sqlite:///{name}/loop.db", create=True)
        storm = burst.Storm(store, given.mentions, 300.0)
        watch = asyncio.run(storm.blow(address, 1.0, Path(name)))
        burst.lags("loop", watch, mentions=storm.decided, rate=round(storm.decided / storm.took))
        store.close()


if __name__ == "__main__":
    main()
