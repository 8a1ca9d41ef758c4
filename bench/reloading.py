"""What a daemon that hears goes through while somebody saves rules: how long an edit takes, and how long nothing else got its turn.

Usage: python bench/reloading.py [--routes NUMBER] [--mentions NUMBER]

The file has NUMBER routes (500 unless said otherwise), each with words and an example; the last day has NUMBER mentions (2,000, the most
that is played). Prints one JSON line a figure. `stall` is the longest time in which the event loop did nothing, p99 the 99th
percentile over turns of 10 ms. CPU time is the whole process's; seconds depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from listener.clock import now  # noqa: E402  # the folder must be known first
from listener.model import Author, Page, Post  # noqa: E402
from listener.polling import Ear  # noqa: E402
from responders.daemon import Daemon  # noqa: E402
from responders.house import open_store  # noqa: E402
from responders.rulefile import load  # noqa: E402

_TURN = 0.01  # seconds


def rules(routes: int, *, timezone: str) -> dict[str, Any]:
    """Return rules with so many routes that ask for words, and one for the rest."""
    asking = [
        {
            "name": f"route-{n}",
            "when": {"text": [f"word{n}a", f"word{n}b", f"word{n}c"]},
            "reply": "hello",
            "examples": [{"post": f"@acme word{n}a?"}],
        }
        for n in range(routes)
    ]
    return {
        "version": 1,
        "timezone": timezone,
        "brands": {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme"}}},
        "routes": [*asking, {"name": "rest", "when": "always", "examples": [{"post": "@acme hello"}]}],
        "templates": {"hello": "Could you say a little more? ^{agent}"},
    }


async def watched(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do something while a clock ticks beside it, and print what both took."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TURN)
            late.append(time.perf_counter() - began - _TURN)

    ticking = asyncio.create_task(tick())
    began, cpu = time.perf_counter(), time.process_time()
    await work()
    spent = {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - began}
    ticking.cancel()
    late.sort()
    stalls = {"stall": late[-1], "stall p99": late[len(late) * 99 // 100]}
    for figure, value in {**spent, **stalls}.items():
        print(json.dumps({"bench": "reloading", "figure": f"{name}: {figure}", "value": round(value, 3), "unit": "s"}))


async def measure(folder: Path, routes: int, mentions: int) -> None:
    """Save rules twice under a daemon: with an empty past, and with a full one."""
    path = folder / "rules.yaml"
    path.write_text(json.dumps(rules(routes, timezone="UTC"), indent=1), encoding="utf-8")
    store = open_store(f"sqlite:///{folder}/bench.db", create=True)
    daemon = Daemon(store, load(path), now, rules_path=path)
    await daemon.reload()
    for zone, past in (("Europe/Berlin", 0), ("Europe/Paris", mentions)):
        if past:
            await hear(Ear(store, load(path), now), past, routes)
        path.write_text(json.dumps(rules(routes, timezone=zone), indent=1), encoding="utf-8")
        await watched(f"{routes} routes, {past:,} mentions", daemon.reload)
    store.close()


async def hear(ear: Ear, mentions: int, routes: int) -> None:
    """Store so many mentions."""
    for start in range(0, mentions, 100):
        posts = tuple(
            Post(
                "mastodon",
                f"p{n}",
                f"@acme word{n % routes}b, please",
                Author("mastodon", f"a{n}", f"who{n}"),
                now(),
                f"p{n}",
                mentions=("acme",),
            )
            for n in range(start, min(start + 100, mentions))
        )
        await ear.take("mastodon", Page(tuple(posts), f"c{start}"))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--routes", type=int, default=500)
    parser.add_argument("--mentions", type=int, default=2_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), asked.routes, asked.mentions))


if __name__ == "__main__":
    main()
