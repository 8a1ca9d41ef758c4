"""Rungs: how each route stands on the ladder, from what is stored. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.rules.rulebook import Route, Rulebook
from listener.store.base import Reader
from responders import earning, lowering
from responders.earning import EDITED, REJECTED, REVERSED, UNCHANGED, Record, Verdict
from responders.ledger import lowered, records
from responders.ledger.records import Told
from responders.model import DraftState
from responders.verdicts import Judged, judge

_TAKEN = frozenset({"undone", "withdrew"})


@dataclass(frozen=True, slots=True)
class Standing:
    """One route: its record, what that means, and since when it is lowered, if it is."""

    route: Route
    record: Record
    judged: Judged
    lowered_at: datetime | None = None


def standings(reader: Reader, book: Rulebook, *, at: datetime, window: timedelta | None = None) -> list[Standing]:
    """Return how the routes of `book` stand, in the order of the file; `window` is used instead of the file's own.

    Of a lowered route only what came since then counts.
    """
    down = {one.route: one for one in lowered.now(reader)}
    found = []
    for route in book.routes:
        now = down.get(route.name)
        since = now.at if now else earning.floor(at, window or book.ladder.window, lowered.restored_at(reader, route.name))
        kept = record(book, route, list(records.told(reader, route.name, since=since)), since)
        bad = lowering.bad(reader, book, route, at=at) if route.approval == "none" and not now else ""
        judged = judge(book, route, kept, lowered=now.reason if now else "", bad=bad)
        found.append(Standing(route, kept, judged, now.at if now else None))
    return found


def record(book: Rulebook, route: Route, told: Sequence[Told], since: datetime) -> Record:
    """Put the record of a route together from its drafts; what it said in other words, or on other conditions, is only counted."""
    mark = earning.mark(book, route)
    own = [one for one in told if one.mark == mark]
    rung = 2 if route.approval == "two-people" else 1
    decided = [found for one in own if one.needed == rung and (found := verdict(one))]
    return replace(
        earning.weigh(book, route, decided),
        drafts=len(own),
        expired=sum(one.state == DraftState.EXPIRED for one in own),
        waiting=sum(one.state == DraftState.WAITING for one in own),
        reversals=sum(any(word.verdict in _TAKEN and word.at >= since for word in one.said) for one in own),
        upset=sum(one.unhappy for one in own),
        alone=sum(one.alone for one in own),
        earlier=len(told) - len(own),
        versions=tuple(dict.fromkeys(one.version for one in own if one.version)),
        since=min((one.at for one in own), default=None),
    )


def verdict(told: Told) -> Verdict | None:
    """Return what people made of a draft, the strictest of all they said; None where nobody decided it."""
    said = [word for word in told.said if word.verdict != "void"]
    if not said:
        return None
    last = said[-1]
    edits = [word for word in said if word.verdict == "edited"]
    first = edits[0].words if edits else told.words
    rejected = [word for word in said if word.verdict == "rejected"]
    if any(word.verdict in _TAKEN for word in said):
        return Verdict(REVERSED, last.who, last.at)
    if rejected:
        return Verdict(REJECTED, rejected[-1].who, rejected[-1].at, rejected[-1].reason)
    if told.state != DraftState.APPROVED or not any(word.verdict == "yes" for word in said):
        return None
    outcome = EDITED if edits or told.halved else UNCHANGED
    return Verdict(outcome, last.who, last.at, first=first, last=told.words, halved=told.halved)
