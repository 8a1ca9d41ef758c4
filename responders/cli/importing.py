"""`earnest import`: history, or another tool's export."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import click

from listener.errors import UsageError
from listener.model import Post
from responders.cli.base import App, common
from responders.cli.phrases import counted

_BATCH = 400
_SHOWN = 20
_WORTH_TIMING = 1_000


@dataclass
class Tally:
    """What an import came to."""

    lines: int = 0
    posts: int = 0
    new: int = 0
    broken: int = 0


@click.command("import", epilog="Example: earnest import export.jsonl.gz --network x")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--network", default="x", show_default=True, help="Where the posts were written.")
@click.option("--brand", help="Whom they are about; the first brand of rules.yaml unless said otherwise.")
@common
def import_(app: App, file: Path, network: str, brand: str | None) -> int:
    """Take in posts or whole conversations from JSON lines, gzipped or not.

    \b
    A post a line:          {"id", "text", "author", "created_at", "thread", "url"}
    A conversation a line:  {"id", "turns": [{"from": "customer" or "brand", "text"}]}

    What is imported is heard and judged, and never answered by itself. Importing the same file again adds nothing. A broken line is
    named by its number and passed over; the rest is taken, and the exit code is 1.
    """  # noqa: D301  # Click's mark for "do not fold these lines"
    from responders.importing import open_lines, origin, read  # noqa: PLC0415  # not needed for help

    chosen = _brand(app, brand)
    where = origin(file, network, chosen, app.book.brands[chosen].handles.get(network, ""))
    began = time.monotonic()
    with closing(open_lines(file)) as lines:
        tally = _take(app, read(lines, where), chosen, file)
    _report(app, tally, time.monotonic() - began)
    return 1 if tally.broken else 0


def _brand(app: App, brand: str | None) -> str:
    names = list(app.book.brands)
    if brand is None:
        return names[0]
    if brand not in names:
        message = f'rules.yaml has no brand "{brand}"'
        raise UsageError(message, "it has: " + ", ".join(names))
    return brand


def _take(app: App, conversations: Iterator[object], brand: str, file: Path) -> Tally:
    from listener import clock  # noqa: PLC0415  # not needed for help
    from listener.polling import Ear, Judged  # noqa: PLC0415
    from listener.store.base import Tx  # noqa: PLC0415
    from responders.house import open_store, put_demo_aside  # noqa: PLC0415
    from responders.pipeline import Mind  # noqa: PLC0415

    tally, source = Tally(), f"import {file.name}"
    aside = put_demo_aside(app.options.store)
    if aside:
        app.out.talk(f"The store held the demo. It is kept as {aside}, and this import begins with an empty one.")
    store = open_store(app.options.store, create=True)
    try:
        ear = Ear(store, app.book, clock.now)
        mind = Mind(store, app.book, clock.now, {}, undo=timedelta())
        gc.set_threshold(200_000, 20, 50)  # a batch makes much and keeps little, in one go
        while batch := list(islice(conversations, _BATCH)):
            judged = ear.judge_past(source, _posts(app, batch, tally, file), brand)

            def work(tx: Tx, judged: list[Judged] = judged) -> int:
                new = ear.take_past(tx, source, judged)
                while mind.decide(tx, 1_000):
                    pass
                return new

            tally.new += store.write(work)
            _progress(app, tally)
    finally:
        store.close()
    return tally


def _posts(app: App, batch: list[object], tally: Tally, file: Path) -> list[Post]:
    from responders.importing import Broken  # noqa: PLC0415  # not needed for help

    posts: list[Post] = []
    for found in batch:
        tally.lines += 1
        if isinstance(found, Broken):
            tally.broken += 1
            _complain(app, file, found.line, found.problem, tally.broken)
        elif isinstance(found, tuple):
            posts.extend(found)
    tally.posts += len(posts)
    return posts


def _complain(app: App, file: Path, line: int, problem: str, count: int) -> None:
    if count <= _SHOWN:
        app.out.talk(f"{file.name}:{line}: {problem}")
    elif count == _SHOWN + 1:
        app.out.talk(f"{file.name}: more broken lines follow; they are counted, not shown")


def _progress(app: App, tally: Tally) -> None:
    if sys.stderr.isatty() and not app.options.quiet and not app.options.json:
        click.echo(f"\r{tally.posts:,} posts read, {tally.new:,} new", nl=False, err=True)


def _report(app: App, tally: Tally, seconds: float) -> None:
    speed = round(tally.posts / seconds) if seconds > 0 else 0
    if sys.stderr.isatty() and not app.options.quiet and not app.options.json:
        click.echo("\r\033[K", nl=False, err=True)
    if app.options.json:
        app.out.record({"lines": tally.lines, "posts": tally.posts, "new": tally.new, "broken": tally.broken, "posts_per_second": speed})
        return
    pace = f" ({speed:,} posts a second)" if tally.posts >= _WORTH_TIMING else ""
    app.out.line(f"{counted(tally.posts, 'post')} read, {tally.new:,} new, {counted(tally.broken, 'broken line')}{pace}")
    app.out.next_step("Look at them: earnest mentions" if tally.posts else "What a line must look like: earnest import -h")
