"""Names that point from one part of the file to another, or out of it: each must lead somewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from listener.rules import absent
from listener.rules.conditions import COUNTED, When
from listener.rules.look import Look, Path
from listener.rules.problems import Problem, suggest
from listener.rules.servers import clashes
from listener.rules.texts import is_language


def references(look: Look) -> Iterator[Problem]:
    """Find every name that leads nowhere."""
    yield from _routes(look)
    yield from _conditions(look)
    yield from _networks(look)
    yield from _sources(look)
    yield from _examples(look)
    yield from _trials(look)
    if look.book.tell is not None:
        yield from _missing(look, ("tell",), "team", look.book.tell, look.names("teams"))
    quiet = look.book.boundaries.quiet_hours
    routes = [route.name for route in look.book.routes]
    for number, name in enumerate(quiet.except_ if quiet else ()):
        if name not in routes:
            yield from _missing(look, ("boundaries", "quiet_hours", "except", number), "route", name, _route_names(look, routes))
    scorer = look.book.scoring.sentiment.scorer
    if look.known.scorers is not None:
        yield from _missing(look, ("scoring", "sentiment", "scorer"), "scorer", scorer, look.known.scorers)
    if scorer in (look.known.scorers or ()) and (lacking := look.known.scorer_problem(scorer)):
        yield look.error(("scoring", "sentiment", "scorer"), "scorer-lacking", lacking.message, lacking.hint)


def _route_names(look: Look, routes: list[str]) -> list[str]:
    return routes if look.whole(("routes",)) else []


def _missing(look: Look, path: Path, what: str, name: str, names: Collection[str]) -> Iterator[Problem]:
    if name not in names:
        yield look.error(path, f"unknown-{what}", f'no {what} is called "{name}"', suggest(name, names))


def _routes(look: Look) -> Iterator[Problem]:
    templates, teams = look.names("templates"), look.names("teams")
    for number, route in enumerate(look.book.routes):
        for key, name in (("reply", route.reply), ("private", route.private)):
            if name not in {None, "none"}:
                yield from _missing(look, ("routes", number, key), "template", str(name), templates)
        for key, name in (("escalate", route.escalate), ("team", route.team)):
            if name is not None:
                yield from _missing(look, ("routes", number, key), "team", name, teams)


def _signal_names(look: Look) -> frozenset[str] | None:
    node_names = look.book.scoring.urgency.signals
    return None if look.known.signals is None else frozenset(look.known.signals) | frozenset(node_names)


def _conditions(look: Look) -> Iterator[Problem]:
    signals, brands = _signal_names(look), look.names("brands")
    for when, path in look.conditions():
        for number, name in enumerate(when.signals if isinstance(when.signals, tuple) else ()):
            if name == "none":
                yield look.error((*path, "signals", number), "value", '"none" stands alone, not in a list', "write: signals: none")
            elif signals is not None:
                yield from _missing(look, (*path, "signals", number), "signal", name, signals)
        for number, name in enumerate(when.brand or ()):
            yield from _missing(look, (*path, "brand", number), "brand", name, brands)
        for number, name in enumerate(when.network or ()):
            yield from _network(look, (*path, "network", number), name)
        yield from _asked(look, when, path, signals)
        for number, code in enumerate(when.language or ()):
            if not is_language(code):
                hint = 'two letters, such as "de", or "und" where nobody can tell'
                yield look.error((*path, "language", number), "value", f'"{code}" is no language code', hint)


def _asked(look: Look, when: When, path: Path, signals: frozenset[str] | None) -> Iterator[Problem]:
    """Follow the names in `author`, `count` and `spike`."""
    for number, name in enumerate(when.author.list or () if when.author else ()):
        yield from _missing(look, (*path, "author", "list", number), "list", name, look.names("lists"))
    for key, counted in (("count", when.count), ("spike", when.spike)):
        if counted is not None and signals is not None and counted.of not in COUNTED:
            yield from _missing(look, (*path, key, "of"), "signal", counted.of, signals | COUNTED)


def _networks(look: Look) -> Iterator[Problem]:
    for name, by_network in look.book.lists.items():
        for network in by_network:
            yield from _network_key(look, ("lists", name, network), network)
    for brand, settings in look.book.brands.items():
        for network in settings.handles:
            yield from _network_key(look, ("brands", brand, "handles", network), network)


def _network_key(look: Look, path: Path, network: str) -> Iterator[Problem]:
    """Follow a network's name where it is a key."""
    for problem in _network(look, path, network):
        yield look.sheet.problem(look.key_at(path), problem.code, problem.message, problem.hint)


def _sources(look: Look) -> Iterator[Problem]:
    """Find sources that would mix two servers' posts."""
    for clash in clashes(look.book.sources, look.known.server_of):
        yield look.error(("sources", clash.name, clash.server.option), "two-servers", clash.message, clash.hint)


def _network(look: Look, path: Path, name: str) -> Iterator[Problem]:
    known = look.known.networks
    if known is not None:
        known = {*known, *look.book.networks}
    # What cannot be listened to yet can still be imported, so rules and handles for it mean something.
    if known is not None and name not in known and name not in absent.SOURCES:
        yield look.error(path, "unknown-network", f'no network is called "{name}"', suggest(name, known))


def _examples(look: Look) -> Iterator[Problem]:
    for number, route in enumerate(look.book.routes):
        for position, example in enumerate(route.examples):
            path: Path = ("routes", number, "examples", position)
            if example.network is not None:
                yield from _network(look, (*path, "network"), example.network)
            if example.held_by is not None and look.known.gates is not None:
                yield from _missing(look, (*path, "held_by"), "boundary", example.held_by, look.known.gates)


def _trials(look: Look) -> Iterator[Problem]:
    routes = [route.name for route in look.book.routes]
    for number, trial in enumerate(look.book.tests):
        path: Path = ("tests", number)
        if trial.network is not None:
            yield from _network(look, (*path, "network"), trial.network)
        if trial.route is not None and trial.route not in routes:
            yield from _missing(look, (*path, "route"), "route", trial.route, _route_names(look, routes))
        if trial.brand is not None:
            yield from _missing(look, (*path, "brand"), "brand", trial.brand, look.names("brands"))
        for position, gate in enumerate(trial.held_by if look.known.gates is not None else ()):
            yield from _missing(look, (*path, "held_by", position), "boundary", gate, look.known.gates or ())
