"""How long a mention waits, from being heard to its draft, while so many a second are offered to the real daemon.

Usage: python bench/latency.py [--rates 100 1000] [--seconds 15]

A Mastodon server on loopback writes posts at a steady rate; the daemon polls it every second. `hear to draft` is from when the daemon heard
a post to when its draft was made; `written to decided` begins when the server had the post, so it holds the wait for the next poll. Prints
one JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import burst
import house
from figures import figure, percentile

from listener.clock import from_text
from listener.store.base import text
from responders.daemon import Event
from responders.house import open_store
from responders.pipeline import Noted


class Steady(burst.Storm):
    """Mentions at a steady rate, with how long each took from being written to being decided."""

    waits: list[float]

    def tell(self, event: Event) -> None:
        """Keep how old a mention was when it was decided."""
        super().tell(event)
        if isinstance(event, Noted):
            self.waits.append(time.time() - event.heard.mention.post.created_at.timestamp())


def offer(rate: float, seconds: float) -> None:
    """Offer so many mentions a second for a while and print what came of it."""
    mentions = int(rate * seconds)
    with tempfile.TemporaryDirectory() as name, house.town(mentions, rate=rate) as address:
        store = open_store(f"sqlite:///{name}/latency.db", create=True)
        steady = Steady(store, mentions, 6 * seconds)
        steady.waits = []
        watch = asyncio.run(steady.blow(address, 1.0, Path(name)))
        rows = store.read().all("SELECT p.heard_at, d.created_at FROM drafts d JOIN posts p ON p.network = d.network AND p.id = d.post_id")
        took = [(from_text(text(row, "created_at")) - from_text(text(row, "heard_at"))).total_seconds() * 1_000 for row in rows]
        facts = {"offered_a_second": rate, "decided_a_second": round(steady.decided / steady.took)}
        figure("latency", f"hear to draft at {rate:g}/s", percentile(took, 0.99), "ms p99", p50=round(percentile(took, 0.5), 1), **facts)
        waits = [wait * 1_000 for wait in steady.waits]
        figure(
            "latency", f"written to decided at {rate:g}/s", percentile(waits, 0.99), "ms p99", p50=round(percentile(waits, 0.5), 1), **facts
        )
        burst.lags("latency", watch, **facts)
        store.close()


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How long a mention waits.")
    arguments.add_argument("--rates", type=float, nargs="+", default=[100.0, 1_000.0])
    arguments.add_argument("--seconds", type=float, default=15.0)
    given = arguments.parse_args()
    for rate in given.rates:
        offer(rate, given.seconds)


if __name__ == "__main__":
    main()
