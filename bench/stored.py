"""How long people wait when much is stored: every list and look, on a store that has heard a million mentions.

Usage: python bench/stored.py [--mentions 1000000] [--cache FOLDER] [--runs 30] [--commands 5] [--only WORD]

Each question is asked in this process, as its command asks it, `--runs` times over: p50 and p95, beside them the least processor time of a
run, and the first time, before anything was read. Then its whole command is run `--commands` times as a process of its own, start of Python
included. The store is made once (about five minutes for a million) and kept in the cache folder. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filling
from figures import CACHE, ROOT, figure, memory, percentile, run

from listener.clock import to_text
from listener.model import Level
from listener.rules.checking import read_checked
from listener.store import competitors, corrections
from listener.store.base import Reader, number
from listener.store.sqlite import SqliteStore, path_of
from responders import agreement, heardlist, rungs, shadowreport, views
from responders.cli.accounts import our_accounts
from responders.house import open_store
from responders.ledger import audit, cases, people
from responders.surroundings import known
from responders.views import Filters

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILTERS = {
    "brand": Filters(brand="acme"),
    "no such brand": Filters(brand="other"),
    "network": Filters(network="x"),
    "route, common": Filters(route="upset"),
    "route, rare": Filters(route="safety"),
    "urgency critical": Filters(urgency=Level.CRITICAL),
    "urgency high": Filters(urgency=Level.HIGH),
    "team": Filters(team="billing"),
    "assignee": Filters(assignee="kim"),
    "no such assignee": Filters(assignee="nobody"),
    "since 2d": Filters(since=timedelta(days=2)),
    "since 90d": Filters(since=timedelta(days=90)),
    "overdue": Filters(overdue=True),
    "several": Filters(network="x", team="care", urgency=Level.HIGH, since=timedelta(days=30)),
}
OPTIONS = {
    "brand": ("--brand", "acme"),
    "network": ("--network", "x"),
    "route, rare": ("--route", "safety"),
    "urgency critical": ("--urgency", "critical"),
    "assignee": ("--assignee", "kim"),
    "overdue": ("--overdue",),
}
Asked = tuple[str, Callable[[], object], tuple[str, ...]]


def searches(mentions: int) -> dict[str, str]:
    """Return what is looked for: words that nearly all posts hold, many, few, one, none."""
    return {
        "in nearly all": "acme",
        "common": "order",
        "several common": "order charged twice support",
        "rare": "slippers Quito",
        "one post": str(mentions // 2),
        "nowhere": "xylophone",
        "common and rare": f"acme {mentions // 3}",
    }


def asked(store: SqliteStore, mentions: int) -> Iterator[Asked]:
    """Yield every question: its name, how it is asked in process, and the command that asks it ("" for none)."""
    reader = store.read()
    heard = partial(heardlist.heard, reader, at=NOW, limit=100)
    yield "inbox", lambda: views.inbox(reader, Filters(), at=NOW, limit=100), ("inbox",)
    for name, filters in FILTERS.items():
        yield (
            f"inbox, {name}",
            partial(views.inbox, reader, filters, at=NOW, limit=100),
            ("inbox", *OPTIONS[name]) if name in OPTIONS else (),
        )
    yield "review, its queue", lambda: views.queue(reader, Filters(), at=NOW), ()
    yield "mentions", partial(heard, Filters(), search=""), ("mentions",)
    for name, words in searches(mentions).items():
        yield f"mentions, search {name}", partial(heard, Filters(), search=words), ("mentions", "--search", words)
    for name, filters in FILTERS.items():
        command = ("mentions", *OPTIONS[name]) if name in OPTIONS else ()
        yield f"mentions, {name}", partial(heard, filters, search=""), command
    common = partial(heard, FILTERS["route, rare"], search="order")
    yield "mentions, a common word on a rare route", common, ("mentions", "--route", "safety", "--search", "order")
    yield "mentions, a common word on a common route", partial(heard, FILTERS["route, common"], search="order"), ()
    yield (
        "mentions, a competitor",
        lambda: competitors.named(reader, competitor="", brand="", network="", since=None, limit=100),
        ("mentions", "--competitor", "any"),
    )
    yield from asked_of_cases(reader)
    yield from asked_of_all(store, reader)


def asked_of_cases(reader: Reader) -> Iterator[Asked]:
    """Yield what is asked of one case: an ordinary one, one in the longest thread, one of the busiest author."""
    ids = {
        "an ordinary case": "SELECT id FROM cases WHERE state = 'waiting' ORDER BY id LIMIT 1",
        "a case in a thread of 3,000": "SELECT id FROM cases WHERE thread_id = 't-storm' LIMIT 1",
        "a case of the busiest author": "SELECT id FROM cases WHERE author_id = '9' LIMIT 1",
    }
    for name, sql in ids.items():
        row = reader.one(sql)
        case = cases.name_of(number(row, "id")) if row else "A-1"
        yield f"show, {name}", partial(views.story, reader, case), ("show", case)
    waiting = cases.name_of(number(reader.one(ids["an ordinary case"]) or {"id": 1}, "id"))
    yield "log of a case", lambda: audit.lines(reader, case_id=cases.id_of(waiting)), ("log", waiting)
    yield "explain a case", lambda: None, ("explain", waiting)


def asked_of_all(store: SqliteStore, reader: Reader) -> Iterator[Asked]:
    """Yield what is asked of the whole store."""
    book = read_checked((ROOT / "rules.yaml").read_bytes(), known=known())

    def status() -> object:
        health = views.health(store, running=False, at=NOW)
        return our_accounts(reader, health.resting, at=NOW)

    yield "status", status, ("status",)
    yield "log", lambda: audit.lines(reader, since=NOW - timedelta(days=1)), ("log", "--since", "1d")
    yield "people, one by handle", lambda: people.known_author(reader, "person9"), ()
    yield "people, one nobody knows", lambda: people.known_author(reader, "nobody"), ()
    yield "people, the suppression list", lambda: people.suppressions(reader), ("suppress", "list")
    yield "corrections", lambda: corrections.every(reader), ("corrections",)
    for days in (7, 90):
        moods = partial(competitors.moods, reader, since=NOW - timedelta(days=days))
        yield f"report voice, {days} days", moods, ("report", "voice", "--since", f"{days}d")
    yield "report judgement", lambda: agreement.agreement(reader, book), ("report", "judgement")
    yield "report rules", lambda: rungs.standings(reader, book, at=NOW), ("report", "rules")
    yield "report shadow", lambda: shadowreport.on_trial(reader), ("report", "shadow")


def timed(work: Callable[[], object], runs: int) -> tuple[float, list[float], float]:
    """Return the milliseconds of the first time, of the runs after it, and of processor time a run; of what takes seconds, fewer runs."""
    found = []
    used = 0.0
    for _ in range(runs + 1):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - began) * 1_000)
        used = (time.process_time() - cpu) * 1_000 if len(found) == 1 else min(used, (time.process_time() - cpu) * 1_000)
        if sum(found) > 20_000 and len(found) > 3:  # noqa: PLR2004 - it is clear by then
            break
    return found[0], found[1:], used


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How long people wait when much is stored.")
    arguments.add_argument("--mentions", type=int, default=1_000_000)
    arguments.add_argument("--cache", type=Path, default=CACHE)
    arguments.add_argument("--runs", type=int, default=30)
    arguments.add_argument("--commands", type=int, default=5)
    arguments.add_argument("--only", default="", help="only questions whose name holds this")
    given = arguments.parse_args()
    url = filling.store(given.cache, given.mentions, NOW)
    size = path_of(url).stat().st_size
    figure("stored", "size on disk", size / 1_048_576, "MiB", mentions=given.mentions, bytes_each=round(size / given.mentions))
    store = open_store(url)
    for name, work, command in asked(store, given.mentions):
        if given.only not in name:
            continue
        first, runs, cpu = timed(work, given.runs)
        p50 = round(percentile(runs, 0.5), 2)
        figure("stored", name, percentile(runs, 0.95), "ms p95", p50=p50, cpu=round(cpu, 2), first=round(first, 2), runs=len(runs))
        if command and given.commands:
            ran = [run(("-m", "responders", *command), EARNEST_STORE=url) for _ in range(given.commands)]
            wall, cpu = [one[0] for one in ran], round(min(one[1] for one in ran))
            figure("stored", f"earnest {' '.join(command)}", percentile(wall, 0.95), "ms p95", p50=round(percentile(wall, 0.5)), cpu=cpu)
    figure("stored", "memory of this process at the end", memory(), "MiB", mentions=given.mentions, at=to_text(NOW))
    store.close()


if __name__ == "__main__":
    main()
