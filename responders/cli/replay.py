"""`earnest rules replay`: what these rules would have said over the last days, and the difference to others. Nothing is sent."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from responders.cli.base import App, common
from responders.cli.filters import to_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from responders.comparing import Answered, Difference
    from responders.ledger.bygone import Span
    from responders.replayers import Text

_SPAN = re.compile(r"[0-9]+\s*[smhd]")
_BEFORE_ALL = datetime(1990, 1, 1, tzinfo=UTC)  # no network is as old; what looks back from there is still a date


@click.command(epilog="Example: earnest rules replay --since 7d --against new.yaml")
@click.option("--since", required=True, metavar="WHEN", help='How far back: 7d, 24h, or a day: "2026-11-20", "2026-11-20 18:00".')
@click.option("--until", metavar="WHEN", help="Up to when, written the same way; until now unless said otherwise.")
@click.option("--against", type=click.Path(path_type=Path), help="Compare with what this other file would have said.")
@common
def replay(app: App, since: str, until: str | None, against: Path | None) -> int:
    """Play the stored past by these rules: who would have got which words, and what would have left by itself.

    Mentions are played in the order and at the times they were heard, with every boundary, limit and brake. Nothing is sent, and the store
    is only read. With --against, what stands is rules.yaml and what is tried is the other file; without it, what stands are the rules in
    force, and what is tried is rules.yaml, where that differs.
    """
    from responders.comparing import compare  # noqa: PLC0415  # not needed for help
    from responders.replayers import play_both  # noqa: PLC0415

    span = _span(app, since, until)
    own = _text(app.rules_path)
    before, after = (own, _text(against)) if against else (_in_force(app, own), own)
    with _bar(app) as progress:
        new, old = play_both(app.options.store, after, before, span, progress=progress)
    _report(app, compare(new, old), (before, after) if before else None)
    return 0


def _span(app: App, since: str, until: str | None) -> Span:
    from listener import clock  # noqa: PLC0415  # not needed for help
    from responders.ledger.bygone import Span  # noqa: PLC0415

    now = clock.now()
    zone = ZoneInfo(app.book.timezone)
    begins, ends = _moment(since, now, zone, "--since"), _moment(until, now, zone, "--until") if until else now
    if begins >= ends:
        message = "--since must lie before --until" if until else "--since must lie in the past"
        raise click.UsageError(message)
    return Span(begins, ends)


def _moment(words: str, now: datetime, zone: ZoneInfo, option: str) -> datetime:
    if _SPAN.fullmatch(words.strip()):
        return now - to_span(words)
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(words.strip())
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(now.tzinfo)
        return max(moment, _BEFORE_ALL)
    message = f'{option}: "{words}" is neither a length of time such as 7d nor a moment such as "2026-11-20 18:00"'
    raise click.UsageError(message)


def _text(path: Path) -> Text:
    from responders.replayers import Text  # noqa: PLC0415  # not needed for help
    from responders.rulefile import read_text  # noqa: PLC0415
    from responders.shelf import answers_beside  # noqa: PLC0415

    return Text(read_text(path), str(path), answers_beside(path))


def _in_force(app: App, own: Text) -> Text | None:
    """Return the rules in force, where they are other ones than the file's; the answers beside the file go with them too."""
    from listener.store.looking import looking  # noqa: PLC0415  # not needed for help
    from responders.ledger import rulebooks  # noqa: PLC0415
    from responders.replaying import TABLES  # noqa: PLC0415

    with looking(app.options.store, TABLES) as reader:
        last = rulebooks.last(reader)
    return None if last is None or last[1] == own.words else own._replace(words=last[1], filename="the rules in force")


class _bar:  # noqa: N801  # used as a function is
    """A progress bar on stderr where that is a terminal and nobody asked for quiet."""

    def __init__(self, app: App) -> None:
        self._shown = sys.stderr.isatty() and not app.options.quiet and not app.options.json
        self._part = -1

    def __enter__(self) -> Callable[[int, int], None]:
        return self._tell

    def __exit__(self, *_problem: object) -> None:
        if self._shown and self._part >= 0:
            click.echo("\r\033[K", nl=False, err=True)

    def _tell(self, played: int, whole: int) -> None:
        part = played * 100 // max(whole, 1)
        if self._shown and part != self._part:
            self._part = part
            done = part * 30 // 100
            click.echo(f"\r[{'#' * done}{' ' * (30 - done)}] {part:3d} %  {played:,} of {whole:,} posts", nl=False, err=True)


def _report(app: App, found: Difference, files: tuple[Text, Text] | None) -> None:
    if app.options.json:
        app.out.record(found.to_json())
        return
    if files:
        app.out.talk(f"From {files[0].filename} to {files[1].filename}:")
    app.out.line(found.summary(compared=files is not None))
    for aside in found.asides():
        app.out.line(aside)
    if app.options.verbose:
        for line in shown(found, compared=files is not None):
            app.out.line(line)
    app.out.next_step("Nothing was sent. See why a post goes where it goes: earnest explain CASE")


def shown(found: Difference, *, compared: bool) -> Iterator[str]:
    """Yield every change, what would leave by itself, and who would be answered with which words."""
    for one in found.changed:
        yield f"{one.case}: {one.before} -> {one.after}"
    leaves = ("would leave by itself now" if compared else "would leave by itself", found.leaving)
    parts = (("answered now", found.newly), ("no longer answered", found.no_longer)) if compared else (("answered", found.answered),)
    for title, people in (leaves, *parts):
        if people:
            yield f"{title}:"
        for who in people:
            yield from _words(who)


def _words(who: Answered) -> Iterator[str]:
    how = "would leave by itself" if who.sent else "a draft"
    yield f"  @{who.handle} on {who.network} ({who.case}, {who.route}, {how})"
    for label, text in (("public", who.public), ("private", who.private)):
        if text:
            yield from (f"    {label:<8}{line}" for line in text.split("\n"))
