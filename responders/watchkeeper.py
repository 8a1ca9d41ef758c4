"""Keeping watch: what our own people are told of over time, without one mention deciding it.

Mentions are counted as they are decided. On the daemon's clock every watch of the rules is asked; one that rings raises an incident for
its team, once, and when it is over that is told too. A brand-new store rings nothing, since it has no day to compare with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener import logs
from listener.clock import Clock, from_text
from listener.rules.kinds import write_span
from listener.rules.rulebook import Rulebook
from listener.rules.watches import Watch
from listener.store.base import Reader, Store, Tx, text
from responders.ledger import audit, incidents, tallies, terms
from responders.ledger import watches as watch_ledger
from responders.ledger.caseload import Caseload
from responders.model import Heard
from responders.overtime import Compared, fresh_of
from responders.watches import CompiledWatch, Note, Seen, State, Watches

_log = logs.get("watches")
_SETTLING = timedelta(minutes=5)
_AGAIN = timedelta(hours=1)
_QUOTED = re.compile(r'"[^"]*"')


def note(load: Caseload, watches: Watches, heard: Heard, source: str) -> None:
    """Count a mention for the watches, before it is decided for the first time; `source` brought its post."""
    post, at = heard.mention.post, load.at
    notes = watches.notes(heard, source)
    if not notes or at - post.created_at > tallies.KEPT:
        return
    decided = load.near.brands_decided(post)
    for one in notes:
        if heard.mention.brand not in decided and (one.each_brand or not decided):
            load.tallies.add(one.name, _moment(one, post.created_at, at), epoch=0)


def _moment(one: Note, written: datetime, at: datetime) -> datetime:
    return at if one.when_heard else min(written, at)


@dataclass(frozen=True, slots=True)
class Rang:
    """A watch that began to ring, or whose reason to ring is over."""

    name: str
    words: str
    over: bool


class WatchKeeper:
    """Asks every watch how it stands."""

    def __init__(self, store: Store, book: Callable[[], Rulebook], clock: Clock) -> None:
        """Watch by the rules that `book` returns at that moment. Silence is not judged before sources had time to be heard once more."""
        self._store, self._book, self._clock = store, book, clock
        self._began = clock()

    async def round(self, *, settled: bool = False) -> list[Rang]:
        """Ask every watch; `settled` says that all sources were heard just now. Return what began to ring, and what is over."""
        at, watches = self._clock(), Watches(self._book())
        news = await self._store.aread(lambda reader: self._news(reader, watches, at, settled=settled))
        if news is None:
            return []
        return await self._store.awrite(lambda tx: _tell(tx, watches, news, at))

    def _news(self, reader: Reader, watches: Watches, at: datetime, *, settled: bool) -> list[tuple[CompiledWatch, Seen]] | None:
        """Return the watches that stand otherwise than is stored; None where there is nothing to do, not even to tidy up."""
        standing = {text(row, "name"): (text(row, "state"), text(row, "words")) for row in watch_ledger.all_(reader)}
        found = [(one, seen) for one in watches.all if (seen := self._see(reader, watches, one, at, settled=settled))]
        news = [(one, seen) for one, seen in found if standing.get(one.watch.name) != (seen.state, seen.words)]
        gone = standing.keys() - {watch.name for watch in watches.book.watch}
        return news if news or gone or terms.is_old(reader, at=at) else None

    def _see(self, reader: Reader, watches: Watches, one: CompiledWatch, at: datetime, *, settled: bool) -> Seen | None:
        """Look at one watch; None where it cannot be judged now. One that goes wrong keeps no other from being asked."""
        if watches.closed(one.watch, at):
            return Seen(State.CLOSED, "outside business hours")
        try:
            if one.watch.flatline and not (settled or at - self._began >= _settling(watches.book, one.watch)):
                return None
            return look(reader, watches, one, at=at)
        except Exception as problem:  # noqa: BLE001  # the next one may be the one that matters
            _log.error("could not look at a watch", watch=one.watch.name, problem=type(problem).__name__)
            return None


def _settling(book: Rulebook, watch: Watch) -> timedelta:
    """Return how long after a start silence means nothing: two polls of the slowest source that is watched, and some minutes."""
    every = [
        one.every for name, one in book.sources.items() if watch.source in {None, name} and watch.network in {None, one.network_of(name)}
    ]
    return _SETTLING + 2 * max(every, default=timedelta(0))


def look(reader: Reader, watches: Watches, one: CompiledWatch, *, at: datetime) -> Seen:
    """Return how a watch stands at a moment, by what was counted."""
    watch = one.watch
    if watch.new_term:
        brands = [watch.brand] if watch.brand else list(watches.book.brands)
        asked = fresh_of(watch.new_term)
        return one.new_term(watch.new_term, [(brand, terms.fresh(reader, brand, asked, at=at)) for brand in brands])
    ringing = any(text(row, "name") == incidents.watch(watch.name) for row in incidents.open_(reader))
    if watch.spike:
        return one.spike(watch.spike, _compared(reader, watches, one, watch.spike.over, at), ringing=ringing)
    if watch.flatline:
        return one.flatline(watch.flatline, _compared(reader, watches, one, watch.flatline.over, at), ringing=ringing)
    return Seen(State.QUIET, "it looks for nothing")


def _compared(reader: Reader, watches: Watches, one: CompiledWatch, over: timedelta, at: datetime) -> Compared:
    found = tallies.count(reader, one.tally, since=at - over, until=at)
    return Compared(found, tallies.usual(reader, one.tally, over, at, zone=watches.book.timezone))


def _tell(tx: Tx, watches: Watches, news: list[tuple[CompiledWatch, Seen]], at: datetime) -> list[Rang]:
    """Keep how watches stand, and have their teams told."""
    rang = [told for one, seen in news for told in _stand(tx, one.watch, seen, at)]
    for name in watch_ledger.forget(tx, [watch.name for watch in watches.book.watch]):
        incidents.end(tx, incidents.watch(name), at=at)
    terms.tidy(tx, at=at)
    return rang


def _stand(tx: Tx, watch: Watch, seen: Seen, at: datetime) -> Iterator[Rang]:
    watch_ledger.stand(tx, watch.name, seen.state, seen.words, at=at)
    name = incidents.watch(watch.name)
    if seen.state is State.RINGING:
        words = f"{watch.name}: {seen.words}. {_what_to_do(watch)}"
        if watch.new_term and _is_more(tx, name, seen.words, at):
            incidents.end(tx, name, at=at)
        if incidents.raise_(tx, name, words, at=at, team=watch.tell):
            audit.record(tx, audit.DAEMON, "watch rang", at=at, watch=watch.name)
            yield Rang(watch.name, words, over=False)
    elif seen.state is State.QUIET and incidents.end(tx, name, at=at):
        words = f"{watch.name} is over: {seen.words}"
        if incidents.raise_(tx, f"{name} over", words, at=at, team=watch.tell):
            incidents.end(tx, f"{name} over", at=at)
        audit.record(tx, audit.DAEMON, "watch is over", at=at, watch=watch.name)
        yield Rang(watch.name, words, over=True)
    elif seen.state is State.YOUNG:
        incidents.end(tx, name, at=at)


def _is_more(tx: Tx, name: str, words: str, at: datetime) -> bool:
    """Return whether other words are new than those that were told an hour ago or longer."""
    told = next((row for row in incidents.open_(tx) if text(row, "name") == name), None)
    if told is None or from_text(text(told, "raised_at")) > at - _AGAIN:
        return False
    return any(term not in text(told, "words") for term in _QUOTED.findall(words))


def _what_to_do(watch: Watch) -> str:
    if watch.flatline:
        return "Are all sources heard? earnest status"
    asked = watch.spike or watch.new_term
    return f"Look: earnest mentions --since {write_span(asked.over)}" if asked else ""
