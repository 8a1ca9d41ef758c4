"""Lowering: a route that sends by itself and goes bad asks a person again, until somebody restores it. Nothing here ever raises one.

What speaks against a route is kept as it comes. It is weighed wherever something would leave by itself, in the transaction that lets it,
and by the daemon between. What was lowered stays so over restarts and other rules, also where the route gets another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from listener.errors import EarnestError, UsageError
from listener.rules.reading import read_rulebook
from listener.rules.rulebook import Route, Rulebook
from listener.store.base import Reader, Tx
from listener.text import one_line
from responders import earning, verdicts
from responders.ledger import audit, incidents, lowered, records, rulebooks
from responders.ledger.caseload import Caseload
from responders.ledger.lowered import Lowered
from responders.model import Heard

_WIDTH = 200


def incident(route: str) -> str:
    """Return the name of the incident that a route was lowered."""
    return f"lowered {route}"


def note(load: Caseload, heard: Heard) -> bool:
    """Keep a mention that is an unhappy reply to an answer of ours, before it is decided for the first time; return whether it is one."""
    post = heard.mention.post
    if not heard.assessment.unhappy or not post.parent_id or post.own or not load.near.answers_sent(post):
        return False
    return records.note_unhappy(load.tx, post.network, post.parent_id, at=min(post.created_at, load.at))


def bad(reader: Reader, book: Rulebook, route: Route, *, at: datetime) -> str:
    """Say why the last days of a route would lower it, or "". What came before it was restored last does not count again."""
    when = book.ladder.lower_when
    since = earning.floor(at, when.within, lowered.restored_at(reader, route.name))
    found = records.against(reader, route.name, earning.mark(book, route), since=since)
    return verdicts.trouble(when, reversals=found.reversals, upset=found.upset, rejected=found.rejected, decided=found.decided)


def due(reader: Reader, book: Rulebook, *, at: datetime) -> Iterator[tuple[Route, str]]:
    """Yield the routes that send by themselves and should not any more, and why."""
    asked = [route for route in book.routes if earning.by_itself(book, route)]
    known = {one.route for one in lowered.now(reader)} if asked else set()
    yield from ((route, why) for route in asked if route.name not in known and (why := bad(reader, book, route, at=at)))


def check(tx: Tx, book: Rulebook, *, at: datetime) -> tuple[str, ...]:
    """Lower the routes that should not send by themselves any more; return which."""
    return tuple(route.name for route, why in list(due(tx, book, at=at)) if _lower(tx, book, route, why, at=at))


def _lower(tx: Tx, book: Rulebook, route: Route, why: str, *, at: datetime) -> bool:
    if not lowered.lower(tx, route.name, earning.mark(book, route), why, at=at):
        return False
    words = f"Route {route.name} does not send by itself any more: {why}. Look: earnest report rules. Let it again: {restoring(route.name)}"
    incidents.raise_(tx, incident(route.name), words, at=at)
    audit.record(tx, audit.DAEMON, "lowered", at=at, route=route.name, reason=why)
    return True


def restoring(route: str) -> str:
    """Return the command that gives a route its right back."""
    return f"earnest rules restore {route} --reason TEXT"


def carry(tx: Tx, book: Rulebook, *, at: datetime) -> None:
    """Where new rules give a lowered route another name, lower that one too: an edit gives no right back.

    It is known by what it said when it was lowered, and by what it says in the rules in force until now. One that asks a person by its
    own rule is lowered as well, without a word: nothing changes before that rule does.
    """
    known = lowered.now(tx)
    if not known:
        return
    why = {one.mark: one for one in known} | dict(_of_late(tx, book, {one.route: one for one in known}))
    names = {one.route for one in known}
    for route in book.routes:
        before = why.get(earning.mark(book, route))
        if not before or route.name in names:
            continue
        if route.approval == "none" and not route.shadow:
            _lower(tx, book, route, before.reason, at=at)
        else:
            lowered.lower(tx, route.name, earning.mark(book, route), before.reason, at=at)


def _of_late(reader: Reader, book: Rulebook, known: Mapping[str, Lowered]) -> Iterator[tuple[str, Lowered]]:
    """Yield what lowered routes say by the rules in force until now, where those can still be read."""
    last = rulebooks.last(reader)
    if last is None or last[0] == book.fingerprint:
        return
    with suppress(EarnestError):
        until_now = read_rulebook(last[1])
        yield from ((earning.mark(until_now, route), known[route.name]) for route in until_now.routes if route.name in known)


def restore(tx: Tx, route: str, reason: str, *, who: str, at: datetime) -> None:
    """Give a route the right to send by itself back, in somebody's name.

    Raises:
        UsageError: no reason was given.
        EarnestError: it is not lowered.
    """
    if not reason.strip():
        message = "say why it may send by itself again"
        raise UsageError(message, f"such as: {restoring(one_line(route, _WIDTH))}")
    restored = lowered.restore(tx, route, reason, by=who, at=at)
    if not restored:
        names = ", ".join(one.route for one in lowered.now(tx))
        message = f'the route "{one_line(route, _WIDTH)}" is not lowered'
        raise EarnestError(message, f"lowered are: {names}" if names else "no route is; see them all: earnest report rules")
    for name in restored:
        incidents.end(tx, incident(name), at=at)
    audit.record(tx, who, "restored", at=at, route=route, reason=reason)
