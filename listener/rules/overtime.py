"""Mistakes in what rules say about a brand over time: storm signals, new words, and watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from listener.rules import absent
from listener.rules.conditions import COUNTED, NewTerm, Spike
from listener.rules.look import Look, Path
from listener.rules.problems import Problem, suggest
from listener.rules.timing import always_open
from listener.rules.watches import KINDS, Watch

_DAY = timedelta(days=1)


def is_storm(look: Look, name: str) -> bool:
    """Tell whether a signal is nothing but a storm, which no single post shows."""
    signal = look.book.scoring.urgency.signals.get(name)
    if signal is None or signal.spike is None or name in (look.known.signals or ()):
        return False
    return not (signal.words or signal.pattern or signal.followers or signal.sentiment)


def over_time(look: Look) -> Iterator[Problem]:
    """Find every value and every name that makes no sense there."""
    spikes = {name: signal.spike for name, signal in look.book.scoring.urgency.signals.items() if signal.spike}
    storms = frozenset(spikes)
    for name, spike in spikes.items():
        yield from _spike(look, ("scoring", "urgency", "signals", name, "spike"), spike, storms)
    for when, path in look.conditions():
        for key, counted in (("count", when.count), ("spike", when.spike)):
            if counted is not None:
                yield from _storm(look, (*path, key, "of"), counted.of, storms)
        if when.spike is not None:
            yield from _span(look, (*path, "spike"), when.spike)
        if when.new_term is not None:
            yield from _new_term(look, (*path, "new_term"), when.new_term)
    yield from _watches(look, storms)


def _spike(look: Look, path: Path, spike: Spike, storms: frozenset[str]) -> Iterator[Problem]:
    yield from _span(look, path, spike)
    yield from _storm(look, (*path, "of"), spike.of, storms)
    yield from _counted(look, (*path, "of"), spike.of)


def _span(look: Look, path: Path, spike: Spike) -> Iterator[Problem]:
    if spike.over > _DAY:
        yield look.error((*path, "over"), "value", "a spike is looked for in a day at most", "such as 1h")


def _counted(look: Look, path: Path, of: str) -> Iterator[Problem]:
    known = look.known.signals
    names = None if known is None else frozenset(known) | COUNTED | frozenset(look.book.scoring.urgency.signals)
    if names is not None and of not in names:
        yield look.error(path, "unknown-signal", f'no signal is called "{of}"', suggest(of, names))


def _storm(look: Look, path: Path, of: str, storms: frozenset[str]) -> Iterator[Problem]:
    """A storm is in every mention while it lasts, so counting it would say nothing."""
    if of in storms:
        hint = "name what it is a storm of, such as negative"
        yield look.error(path, "storm-of-a-storm", f'"{of}" is a storm itself, so it cannot be counted', hint)


def _new_term(look: Look, path: Path, asked: NewTerm) -> Iterator[Problem]:
    if asked.over > _DAY:
        yield look.error((*path, "over"), "value", "a word is new for a day at most", "such as 6h")
    if asked.authors > asked.at_least:
        message = f"{asked.at_least} posts cannot have {asked.authors} authors"
        # Where only one of the two is written, that one stands there.
        key = "authors" if "authors" in asked.model_fields_set else "at_least"
        yield look.error((*path, key), "value", message, '"authors" is at most "at_least"')


def _watches(look: Look, storms: frozenset[str]) -> Iterator[Problem]:
    yield from look.doubles("watch", "watch", (watch.name for watch in look.book.watch))
    for number, watch in enumerate(look.book.watch):
        path: Path = ("watch", number)
        yield from _kind(look, path, watch)
        yield from _parts(look, path, watch, storms)
        yield from _names(look, path, watch, storms)


def _kind(look: Look, path: Path, watch: Watch) -> Iterator[Problem]:
    kinds = [kind for kind in KINDS if getattr(watch, kind) is not None]
    if len(kinds) != 1 and look.whole(path):
        message = f"a watch looks for one thing, not for {' and '.join(kinds)}" if kinds else f'"{watch.name}" looks for nothing'
        yield look.error(path, "watch", message, f"one of {', '.join(KINDS)}; a second watch is a second entry")
    for key in ("network", "source", "words", "signals"):
        if watch.new_term is not None and getattr(watch, key):
            message = f'"{key}" does not go with "new_term": new words are looked for in all that is said of a brand'
            yield look.error((*path, key), "watch", message, 'only "brand" does')


def _parts(look: Look, path: Path, watch: Watch, storms: frozenset[str]) -> Iterator[Problem]:
    if watch.spike is not None:
        yield from _spike(look, (*path, "spike"), watch.spike, storms)
    if watch.new_term is not None:
        yield from _new_term(look, (*path, "new_term"), watch.new_term)
    flat = watch.flatline
    if flat is not None and flat.over > _DAY:
        yield look.error((*path, "flatline", "over"), "value", "silence is looked for in a day at most", "such as 3h")
    if flat is not None and flat.fewer_than > flat.usually:
        message = f"it would always ring: fewer than {flat.fewer_than} are heard where {flat.usually:g} are usual"
        yield look.error((*path, "flatline", "fewer_than"), "value", message, '"fewer_than" lies below "usually"')
    for number, name in enumerate(watch.signals):
        yield from _storm(look, (*path, "signals", number), name, storms)


def _names(look: Look, path: Path, watch: Watch, storms: frozenset[str]) -> Iterator[Problem]:
    known = (("brand", watch.brand, "brands"), ("source", watch.source, "sources"), ("tell", watch.tell, "teams"))
    for key, name, section in known:
        names = look.names(section)
        if name is not None and name not in names:
            what = {"tell": "team"}.get(key, key)
            yield look.error((*path, key), f"unknown-{what}", f'no {what} is called "{name}"', suggest(name, names))
    networks = look.known.networks
    if networks is not None and watch.network is not None:
        heard = {*networks, *look.book.networks}
        if watch.network not in heard and watch.network not in absent.SOURCES:
            yield look.error(
                (*path, "network"), "unknown-network", f'no network is called "{watch.network}"', suggest(watch.network, heard)
            )
    for number, name in enumerate(watch.signals):
        if name not in storms:
            yield from _counted(look, (*path, "signals", number), name)
    if watch.hours:
        yield from always_open(look, (*path, "hours"))
