"""Show that machines that share a store keep the promises when machines, databases and networks fail.

Usage: python -m tests.machines [--only PART] [--replies N] [--kills N] [--seed N] [--nightly]

One JSON line a story, a last one for all; it fails where the network has anything twice, where a reply is lost or has no end, where the
store says what is not so, or where a program that is known to be broken looks sound. docs/architecture.md, "How it is proved", tells more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from listener import logs
from tests.machines import agreeing, hearing, sending, servers
from tests.machines.judging import Verdict

_WORKERS = 4  # most of a story is waiting
_PARTS = ("kills", "database", "partition", "sleep", "versions", "rules", "pause", "broken")

Line = dict[str, object]


@dataclass(frozen=True)
class Story:
    """One line of the output, and how it is lived through."""

    part: str
    how: str
    work: Callable[[], Coroutine[None, None, Verdict]]


def stories(*, replies: int, kills: int, seed: int) -> list[Story]:
    """Return all that is to be lived through, the longest first."""
    some, few = min(60, replies), min(30, replies)
    times = max(2, kills // 4)
    both = (("keys", True), ("no keys", False))
    found = [Story("rules", "", agreeing.rules)]
    found += [Story("partition", f"network, {how}", partial(sending.cut_from_network, seed=seed, keys=keys)) for how, keys in both]
    found += [Story("kills", how, partial(sending.kills, replies=replies, times=kills, seed=seed, keys=keys)) for how, keys in both]
    found += [Story("database", how, partial(sending.database, replies=some, times=times, seed=seed, keys=keys)) for how, keys in both]
    found += [
        Story("sleep", f"anywhere, {how}", partial(sending.naps, replies=some, times=times, seed=seed, keys=keys)) for how, keys in both
    ]
    found += [Story("sleep", f"before the POST, {how}", partial(sending.sleeper, keys=keys)) for how, keys in both]
    found += [Story("sleep", "after a page", hearing.sleeper), Story("versions", "", partial(agreeing.versions, replies=few))]
    found += [Story("pause", "", partial(agreeing.pause, replies=few, times=times, seed=seed))]
    found += [Story("pause", "past a sleeper", agreeing.pause_past_a_sleeper)]
    for how, keys in both:
        for what, holds in (("swallows", False), ("delays", True)):
            words = f"database, {what}, {how}"
            found.append(Story("partition", words, partial(sending.cut_from_database, seed=seed, keys=keys, holds=holds)))
    # What it takes over may just have been published and not show yet: else the last look before a POST would keep it from a second one.
    blind = {"odds": {"slow": 1.0}, "slow": 0.5, "veil": 30.0}
    resent = partial(sending.kills, replies=few, times=3, seed=seed, keys=False, program="tests.machines.broken", **blind)
    return [*found, Story("broken", "sends again what was taken over", resent)]


def _lived(story: Story) -> Line:
    begun = time.monotonic()
    try:
        told = asyncio.run(story.work()).line()
    except Exception as problem:  # noqa: BLE001  # a story that breaks off is one that went wrong
        traceback.print_exc()
        told = {"replies": 0, "doubled": 0, "unfinished": 0, "wrong": 1, "parked": 0, "found": [f"{type(problem).__name__}: {problem}"]}
    return {"part": story.part, "how": story.how, **told, "seconds": round(time.monotonic() - begun, 1)}


def is_well(line: Line) -> bool:
    """Return whether a line says what it must: nothing wrong, or of a broken program that it was caught."""
    return bool(line["doubled"]) if line["part"] == "broken" else not (line["doubled"] or line["unfinished"] or line["wrong"])


def run(wanted: list[Story], seed: int) -> bool:
    """Live through stories, some at a time, and print a line for each; return whether all is well."""
    begun, lines = time.monotonic(), []
    pooled = ProcessPoolExecutor(_WORKERS, mp_context=multiprocessing.get_context("fork"), initializer=_quiet)
    with servers.sharing(), pooled as pool:
        for future in [pool.submit(_lived, story) for story in wanted]:
            lines.append(future.result())
            _say(lines[-1])
    well = all(map(is_well, lines))
    sound = [line for line in lines if line["part"] != "broken"]
    sums = {name: sum(int(str(line[name])) for line in sound) for name in ("replies", "doubled", "unfinished", "wrong", "parked")}
    _say({"part": "all", "ok": well, **sums, "seed": seed, "seconds": round(time.monotonic() - begun, 1)})
    return well


def _say(line: Line) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def _quiet() -> None:
    logs.configure(-2, json=False)


def main() -> int:
    """Read the command line and run."""
    reader = argparse.ArgumentParser(
        prog="python -m tests.machines", description="Show that machines that share a store keep the promises."
    )
    reader.add_argument("--only", default="", choices=_PARTS, help="live through one part")
    reader.add_argument("--how", default="", help="and of that only the stories in whose name this stands")
    reader.add_argument("--replies", type=int, default=150, help="how many replies wait while machines are killed; elsewhere fewer")
    reader.add_argument("--kills", type=int, default=8, help="how many machines are killed; a part of it elsewhere")
    reader.add_argument("--seed", type=int, default=int(time.time()), help="what the random moments are made from")
    asked = reader.parse_args()
    found = stories(replies=asked.replies, kills=asked.kills, seed=asked.seed)
    return 0 if run([one for one in found if asked.only in {"", one.part} and asked.how in one.how], asked.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
