"""The check-up behind `earnest doctor`: what is right, odd or wrong with this installation, and what to do about each.

Nothing is changed. Networks are asked only whether they can be reached, where a `Knock` is given; whether a key still fits is what
`earnest sources test` tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listener import settings
from listener.errors import EarnestError, NotConnected, RulesWrong, UsageError
from listener.knocking import host_of
from listener.rules.answerchecks import state_of
from listener.rules.rulebook import Rulebook
from listener.sources.base import kind as source_kind
from listener.sources.base import kinds as source_kinds
from listener.store.base import NoStore, Store
from listener.store.opening import beside_store, shown
from responders import flag, policies, upkeep, views
from responders.alerts import address_of
from responders.findings import Finding, State
from responders.guard import today_of
from responders.house import channel_kind, open_store
from responders.ledger import audit
from responders.ledger.people import Pause
from responders.model import Mode
from responders.rehearsal import rehearse
from responders.rulefile import load
from responders.views import Health

__all__ = ["Finding", "Knock", "State", "check_up"]

_NEWS = timedelta(days=1)


Knock = Callable[[Iterable[str]], Mapping[str, EarnestError | None]]
"""Tries addresses: which hosts cannot be reached, and why (None where one can)."""


def check_up(
    rules: Path, store_url: str, *, at: datetime, knock: Knock | None = None, offsets: Mapping[str, float] | None = None
) -> Iterator[Finding]:
    """Yield every finding: of the rules, the store, the sources and channels, the alerts, and (by `knock`) the way to the networks.

    `offsets` is where the `knock` puts how far the clocks of hosts are ahead of ours.
    """
    book = None
    try:
        book = load(rules)
    except RulesWrong as problem:
        yield Finding("rules", State.WRONG, problem.message, problem.hint or "see every mistake with its line: earnest rules check")
    if book is not None:
        yield from _rules(rules, book)
    yield from _store(store_url, book, at)
    if book is not None:
        yield from _sources(book)
        yield from _networks_left(book)
        yield from _channels(book)
        yield from _gates(book, at.date())
        yield from _answers(book, at)
        yield from _alerts(book)
        yield from _ways(book, knock) if knock else ()
        yield from upkeep.clocks(offsets or {})


def _rules(path: Path, book: Rulebook) -> Iterator[Finding]:
    failures = rehearse(book)
    for failure in failures:
        yield Finding("examples", State.WRONG, str(failure), "change the example or the rules: earnest rules test")
    if not failures:
        examples = sum(len(route.examples) for route in book.routes)
        yield Finding("rules", State.OK, f"{path} is right: {len(book.routes)} routes, {examples} examples that hold")
    try:
        ZoneInfo(book.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Finding("timezone", State.WRONG, f'there is no timezone "{book.timezone}"', "write one such as Europe/Berlin")
    else:
        yield Finding("timezone", State.OK, book.timezone)
    yield Finding("mode", State.OK, _MODES[Mode(book.mode)])


_MODES = {
    Mode.OBSERVE: "observe: Earnest hears and judges; it drafts and sends nothing",
    Mode.DRAFT: "draft: Earnest writes answers, and a person decides every one",
    Mode.SEND: "send: routes with `approval: none` may answer by themselves; a person decides the rest",
}


def _store(url: str, book: Rulebook | None, at: datetime) -> Iterator[Finding]:
    try:
        named = shown(url)
    except EarnestError as problem:
        yield Finding("store", State.WRONG, problem.message, problem.hint)
        return
    try:
        store = open_store(url)
    except NoStore:
        yield Finding("store", State.WARNING, f"there is no store yet at {named}", "earnest run makes it")
        yield from _flagged(url, at)
        return
    except EarnestError as problem:
        yield Finding("store", State.WRONG, problem.message, problem.hint)
        yield from _flagged(url, at)
        return
    try:
        yield Finding("store", State.OK, f"{named} opens and is up to date")
        yield from _remembered(store, book, at)
        yield from upkeep.room(store)
    finally:
        store.close()


def _flagged(url: str, at: datetime) -> Iterator[Finding]:
    """Yield what the flag file says where the store says nothing."""
    if pause := flag.raised(beside_store(url, flag.ENDING), at=at):
        yield _stopped(pause)


def _stopped(pause: Pause) -> Finding:
    where = f" (by the flag file {pause.flag})" if pause.flag else ""
    return Finding("sending", State.WARNING, f'stopped by {pause.by}: "{pause.reason}"{where}', "let it go on: earnest resume")


def _remembered(store: Store, book: Rulebook | None, at: datetime) -> Iterator[Finding]:
    broken = audit.broken_at(store.read())
    if broken is None:
        yield Finding("log", State.OK, "no line of it was changed or removed")
    else:
        hint = "somebody changed the store by hand: keep a copy, and compare with a backup"
        yield Finding("log", State.WRONG, f"line {broken} does not fit the one before it", hint)
    health = views.health(store, running=store.held(), at=at)
    if health.running:
        yield from upkeep.alive(store.read(), health, book, at=at)
    else:
        yield Finding("daemon", State.WARNING, "it is not running: nothing is heard and nothing leaves", "start it: earnest run")
    yield from _standing(health, at)


def _standing(health: Health, at: datetime) -> Iterator[Finding]:
    if health.rules_error:
        hint = health.rules_held or "the old rules stay in force until it is right: earnest rules check"
        yield Finding("daemon", State.WRONG, f"it refused the newest rules: {health.rules_error}", hint)
    if health.pause:
        yield _stopped(health.pause)
    for delivery in health.doubtful:
        if delivery.state.value == "parked":
            hint = f"look, and decide: earnest show {delivery.case}"
            yield Finding("answers", State.WARNING, f"nobody can tell whether the answer in {delivery.case} arrived", hint)
    if health.untold:
        hint = "tell them yourself now: earnest status names them"
        yield Finding("alerts", State.WRONG, f"{len(health.untold)} of them reached nobody yet", hint)
    fresh = [gap for gap in health.gaps if str(gap["found_at"]) >= (at - _NEWS).isoformat()]
    if fresh:
        yield Finding("gaps", State.WARNING, f"{len(fresh)} found in the last day: posts may have been missed", "see which: earnest status")


def _sources(book: Rulebook) -> Iterator[Finding]:
    if not book.sources:
        yield Finding("sources", State.WRONG, "rules.yaml names none, so nothing is heard", "name one below `sources:`")
    for name, wanted in book.sources.items():
        yield from _tried(f"source {name}", partial(_source, name, wanted.kind or name, wanted.options))


def _source(name: str, kind: str, options: Mapping[str, object]) -> Iterator[Finding]:
    found = source_kind(kind)
    if found.public_with and found.hears_in_public(options):
        yield Finding(f"source {name}", State.OK, "it hears what is public, and needs no key", f"try it: earnest sources test {name}")
        return
    needed = found.secrets_of(name, options)
    absent = [key for key in needed if settings.secret(key) is None]
    check = f"source {name}"
    if not absent:
        yield Finding(check, State.OK, "its key is there" if found.secrets else "it needs no key", f"try it: earnest sources test {name}")
    elif found.public and not found.public_with:
        # Where another source of the network has our account, this one need not.
        hint = "" if name != found.network else f"with {_keys(absent)} it would also hear what only our own account is told"
        yield Finding(check, State.OK, "it hears what is public, without a key", hint)
    else:
        without = f", or hear what is public without one: {_yaml(found.public_with)}" if found.public_with else ""
        yield Finding(check, State.WRONG, "it cannot hear without its key", f"set {_keys(absent)}{without}")


def _networks_left(book: Rulebook) -> Iterator[Finding]:
    """Yield what other networks could be heard, and with which keys."""
    used = {wanted.kind or name for name, wanted in book.sources.items()}
    for kind in source_kinds():
        if kind not in used:
            yield from _tried(f"source {kind}", partial(_unused, kind))


def _unused(kind: str) -> Iterator[Finding]:
    found = source_kind(kind)
    absent = [secret for secret in found.secrets if settings.secret(secret) is None]
    needs = "needs no key" if found.public or not absent else f"would need {_keys(absent)}"
    needs += f" for what is public ({_yaml(found.public_with)})" if found.public_with and absent else ""
    yield Finding(f"source {kind}", State.OK, f"not in rules.yaml; it {needs}")


def _yaml(options: Mapping[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in options.items())


def _channels(book: Rulebook) -> Iterator[Finding]:
    if Mode(book.mode) is Mode.OBSERVE:
        return
    for network in dict.fromkeys(wanted.network_of(name) for name, wanted in book.sources.items()):
        yield from _tried(f"channel {network}", partial(_channel, network))


def _channel(network: str) -> Iterator[Finding]:
    kind = channel_kind(network)
    check = f"channel {network}"
    if kind is None:
        yield Finding(check, State.OK, "Earnest cannot speak there: what is heard is judged, shown and drafted; a person posts it by hand")
        return
    absent = [secret for secret in kind.secrets if settings.secret(secret) is None]
    if absent:
        yield Finding(check, State.WARNING, "we can hear there, but not answer", f"to answer, set {_keys(absent)}")
    else:
        yield Finding(check, State.OK, "its key is there")


def _gates(book: Rulebook, today: date) -> Iterator[Finding]:
    """Yield the gates of the networks in use whose source was last read too long ago."""
    used = dict.fromkeys(wanted.kind or name for name, wanted in book.sources.items())
    for gate in dict.fromkeys(gate for network in used for gate in policies.of_network(network)):
        if gate.is_old(today):
            where = f"{gate.name}: {gate.source.title}, {gate.source.address}"
            hint = "look again whether this still holds, and ask for a newer Earnest or change policies.toml"
            yield Finding(
                f"gate {gate.network}", State.WARNING, f"nobody has read since {gate.source.read} what it says there ({where})", hint
            )


def _answers(book: Rulebook, at: datetime) -> Iterator[Finding]:
    """Yield the written answers that are not offered any more, or soon will not be."""
    today = today_of(book, at)
    states = {answer.file: state_of(answer, today) for answer in book.answers}
    for answer in book.answers:
        if states[answer.file] != "fine":
            says = "is not offered any more" if states[answer.file] == "past" else "will not be offered after that"
            message = f"its last day is {answer.review_by.isoformat()}, and it {says}"
            yield Finding(f"written answer {answer.file}", State.WARNING, message, "read it; where it is still true, give it a later day")
    if states and set(states.values()) == {"fine"}:
        yield Finding("written answers", State.OK, f"{len(states)} of them, none to be looked at within two weeks")


def _alerts(book: Rulebook) -> Iterator[Finding]:
    told_at_once = {route.escalate for route in book.live if route.escalate}
    watching = {watch.tell for watch in book.watch}
    for name, team in book.teams.items():
        if not team.alert and name not in told_at_once | watching:
            continue
        yield from _tried(f"team {name}", partial(_alert, book, name, at_once=name in told_at_once))


def _alert(book: Rulebook, name: str, *, at_once: bool) -> Iterator[Finding]:
    check = f"team {name}"
    address, problem = address_of(book, name)
    if address is not None:
        yield Finding(check, State.OK, "its alert address is there")
        return
    alert = book.teams[name].alert
    hint = f"set {_keys([alert.removeprefix('secret:')])}" if alert else f'give it one in rules.yaml: alert: "secret:{name}"'
    weight = "a cry for help would reach nobody: " if at_once else ""
    yield Finding(check, State.WRONG if at_once else State.WARNING, weight + problem, hint)


def _ways(book: Rulebook, knock: Knock) -> Iterator[Finding]:
    """Yield which hosts of our sources can be reached from this machine."""
    wanted: dict[str, tuple[str, ...]] = {}
    for name, settings_ in book.sources.items():
        with suppress(EarnestError, ValueError):  # what is wrong with a source was said above
            wanted[name] = source_kind(settings_.kind or name).addresses(settings_.options)
    found = knock(address for addresses in wanted.values() for address in addresses)
    lost = [problem for problem in found.values() if isinstance(problem, NotConnected)]
    if len(lost) == len(found) > 1:
        hint = "look at this machine's way to the internet first; Earnest goes on by itself when it is back"
        yield Finding("internet", State.WRONG, f"none of the {len(found)} hosts that your sources need can be reached", hint)
    for name, addresses in wanted.items():
        for host in dict.fromkeys(map(host_of, addresses)):
            yield _way(f"reach {name}", host, found[host])


def _way(check: str, host: str, problem: EarnestError | None) -> Finding:
    if problem is None:
        return Finding(check, State.OK, f"{host} answers")
    weight = State.WRONG if isinstance(problem, NotConnected | UsageError) else State.WARNING
    return Finding(check, weight, problem.message, problem.hint)


def _tried(check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what a look finds; one that fails is a finding too, and the others go on."""
    try:
        yield from look()
    except EarnestError as problem:
        yield Finding(check, State.WRONG, problem.message, problem.hint)


def _keys(names: list[str]) -> str:
    """Name secrets, each with the variable that may hold it."""
    return " and ".join(f"the secret {name} ({settings.secret_variable(name)})" for name in names)
