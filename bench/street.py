"""From a page of JSON to a stored, scored, routed, drafted row: mentions a second, durable, and what each stage takes.

Usage: python bench/street.py [--mentions 5000] [--page 100] [--helpers N] [--sources N…] [--posts FILE.jsonl] [--store URL]

Pages are as a Mastodon server gives them and are read by the code that hears one; Ear and Mind are the real ones, by rules.yaml. Each
page is committed when it is heard and again when it is decided. The first figures are the daemon's way: it hears one source or two and
decides at a time, and helpers beside it judge whole pages. Then the same pages are worked off one after the other, so that it can be seen
where the time goes: stages are told in milliseconds of processor time a mention, of all threads: `wire` (JSON and its checks), `judge`
(what it is about, mood, urgency), `store` (the rest of hearing), `decide` (routes, drafts, the guard, and storing all that). Beside them
stand the limits of this machine in the same run: decoding the same JSON and nothing else, vaderSentiment alone on the same texts, and
SQLite alone storing a row of as many bytes as a mention takes, durable, a hundred in a commit. Texts are made up (`workload.py`) unless
`--posts` names real ones. The store may be any address that `--store` of the program takes; a fresh SQLite file unless said. Prints one
JSON line a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import house
import workload
from figures import figure, peak_memory
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
from worker import BEGIN, Worker, read

from listener.judging import spare_cores
from listener.mastodon_wire import NETWORK
from listener.matching import Matcher
from listener.model import Page
from listener.polling import Ear
from listener.scoring.assessor import Assessor
from listener.store.base import number
from responders.house import channel_kind, open_store, speaking_networks
from responders.pipeline import Mind

_WARM = 200  # mentions that are worked off before anything is measured


@dataclass
class Spent:
    """Processor time of each stage, in seconds."""

    by_stage: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count what is spent inside for a stage."""
        began = time.process_time()
        try:
            yield
        finally:
            self.by_stage[stage] = self.by_stage.get(stage, 0.0) + time.process_time() - began


class Street:
    """The real Ear and Mind on a store."""

    def __init__(self, url: str) -> None:
        """Open the store and make them."""
        self.store = open_store(url, create=True)
        book = house.rules()
        kinds = {name: kind for name in speaking_networks() if (kind := channel_kind(name))}
        self._ear = Ear(self.store, book, self._now)
        self._mind = Mind(self.store, book, self._now, kinds, undo=timedelta(seconds=10))

    @staticmethod
    def _now() -> datetime:
        return BEGIN + timedelta(minutes=10)

    async def work(self, pages: list[bytes], spent: Spent) -> None:
        """Work pages off, one after the other."""
        for place, page in enumerate(pages):
            with spent.on("wire"):
                posts = read(page)
            with spent.on("hear"):
                await self._ear.take(NETWORK, Page(posts, str(place)))
            with spent.on("decide"):
                while await self._mind.round():
                    pass

    def stored(self) -> dict[str, int]:
        """Return how many rows stand in the tables of a mention."""
        reader = self.store.read()
        tables = ("posts", "assessments", "decisions", "drafts")
        return {table: number(reader.one(f"SELECT COUNT(*) AS n FROM {table}") or {"n": 0}, "n") for table in tables}


def judging(texts: list[bytes]) -> float:
    """Return the processor seconds that judging these pages takes by itself."""
    book = house.rules()
    matcher, assessor = Matcher(book.brands), Assessor(book.scoring)
    pages = [read(page) for page in texts]
    assessor.assess_all([(post, ()) for post in pages[0][:20]])
    began = time.process_time()
    for posts in pages:
        assessor.assess_all([(post, ()) for post in posts if matcher.match(post, ())])
    return time.process_time() - began


def as_a_daemon(url: str, pages: list[bytes], warm: list[bytes], helpers: int, sources: int) -> tuple[float, float]:
    """Return the seconds, and the processor seconds of all processes, that it takes to hear and decide pages as a daemon does."""

    async def work() -> tuple[float, float]:
        worker = Worker(url, NETWORK, helpers, sources)
        await worker.work(warm)
        began, spent = time.perf_counter(), time.process_time()
        await worker.work(pages)
        took, spent = time.perf_counter() - began, time.process_time() - spent
        await worker.end()
        return took, spent

    def children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = children()
    took, spent = asyncio.run(work())
    return took, spent + children() - before


def limits(pages: list[bytes], mentions: int, bytes_each: int, folder: Path) -> None:
    """Print what this machine does of each part alone, in mentions a second of processor time; of storing, of time that passes."""
    figure("street", "limit: decoding the JSON alone", mentions / _cpu(lambda: [json.loads(page) for page in pages]), "mentions/s")
    texts = [post.text for page in pages for post in read(page)]
    vader = SentimentIntensityAnalyzer()
    figure("street", "limit: vaderSentiment alone", mentions / _cpu(lambda: [vader.polarity_scores(text) for text in texts]), "mentions/s")
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, words TEXT NOT NULL)")
    began = time.perf_counter()
    for first in range(0, mentions, 100):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO rows (words) VALUES (?)", (("x" * bytes_each,) for _ in range(first, min(first + 100, mentions))))
        database.execute("COMMIT")
    took = time.perf_counter() - began
    database.close()
    figure("street", "limit: SQLite alone, a row of as many bytes", mentions / took, "mentions/s", bytes_each=bytes_each, in_a_commit=100)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return max(time.process_time() - began, 1e-9)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="From a page of JSON to a drafted row.")
    arguments.add_argument("--mentions", type=int, default=5_000)
    arguments.add_argument("--page", type=int, default=100)
    arguments.add_argument("--helpers", type=int, default=spare_cores(), help="processes beside that judge, as in the daemon")
    arguments.add_argument("--sources", type=int, nargs="*", default=[1, 2], help="how many are heard at a time")
    arguments.add_argument("--posts", type=Path, help="JSON lines with a text each, in place of made-up ones")
    arguments.add_argument("--store", default="", help="where to store; a fresh SQLite file unless said")
    given = arguments.parse_args()
    texts = workload.told(given.posts) if given.posts else workload.texts()
    made = workload.pages(texts, BEGIN, number=given.mentions + _WARM, size=given.page)
    first = list(islice(made, -(-_WARM // given.page)))
    pages = list(made)
    mentions = sum(page.count(b'"spoiler_text"') for page in pages)
    with tempfile.TemporaryDirectory() as name:
        street = Street(given.store or f"sqlite:///{name}/street.db")
        asyncio.run(street.work(first, Spent()))
        gc.collect()
        gc.freeze()  # what stays for long is not looked through again and again: so the daemon does once it has begun
        spent, began = Spent(), time.perf_counter()
        asyncio.run(street.work(pages, spent))
        took = time.perf_counter() - began
        rows, judge = street.stored(), judging(pages)
        street.store.close()
        size = sum(path.stat().st_size for path in Path(name).glob("street.db*")) // max(rows["posts"], 1)
        cpu = sum(spent.by_stage.values())
        facts = {"mentions": mentions, "page": given.page, "cores": os.cpu_count()}
        for sources in () if given.store else given.sources:
            daemons, all_of_it = as_a_daemon(f"sqlite:///{name}/daemon-{sources}.db", pages, first, given.helpers, sources)
            more = {"sources": sources, "helpers": given.helpers, "cpu_ms_each": round(1_000 * all_of_it / mentions, 3)}
            figure("street", "stored, scored, routed, drafted", mentions / daemons, "mentions/s", **facts, **more)
        figure("street", "the same one page after the other, without a helper", mentions / took, "mentions/s", **facts, **rows)
        figure("street", "the same by processor time", mentions / cpu, "mentions/s of one core", **facts)
        stages = {
            "wire": spent.by_stage["wire"],
            "judge": judge,
            "store": spent.by_stage["hear"] - judge,
            "decide": spent.by_stage["decide"],
        }
        for stage, seconds in stages.items():
            figure("street", f"processor time: {stage}", seconds / mentions * 1_000, "ms/mention", share=round(100 * seconds / cpu))
        figure("street", "peak memory", peak_memory(), "MiB", **facts)
        limits(pages, mentions, size, Path(name))


if __name__ == "__main__":
    main()
