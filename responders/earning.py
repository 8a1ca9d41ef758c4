"""Earning: what a route's record says, in figures. Pure; the rungs are in verdicts.py, where the record is kept in ledger/records.py."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from listener.rules.conditions import When
from listener.rules.rulebook import Route, Rulebook
from listener.rules.texts import variants
from responders.model import REASONS, Mode

A_DAY = 10
"""So many unchanged yeses of one person on one day count; who says yes all afternoon in a row earns a route nothing more."""

A_VOICE = 5
"""So many drafts somebody must have decided to count as one of the people who know a route."""

SEEN = 3
"""So often each text of a route must have been approved as it is."""

_SURE = 1.645  # standard deviations: in 19 of 20 such records the share is at least what is said
_LONGEST = 2_000  # characters of a text that are compared
_NOT_SAID = {"name", "approval", "mode", "reply", "private", "sla", "limits", "team", "escalate", "examples", "moment_of_truth", "shadow"}
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def mark(book: Rulebook, route: Route) -> str:
    """Return a name for what a route would say, and when: its conditions and the very texts of its templates.

    Its name, clocks, team, approval and whatever else stands in the file are not part of it. A route that takes all the rest is defined by
    those above it, so their conditions are.
    """
    above = [one.when for one in book.routes[: _place(book, route)] if not one.shadow] if route.when == "always" else []
    said = {
        "when": [when if isinstance(when, str) else _plain(when) for when in (*above, route.when)],
        "texts": [[text for _, text, _ in variants(book.templates.get(name or "", ()))] for name in (route.reply, route.private)],
        "labels": [[label for label, _, _ in variants(book.templates.get(name or "", ()))] for name in (route.reply, route.private)],
        "says": [route.public_template is None, route.private_template is None],
        "more": route.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_NOT_SAID | {"when"}),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "replace")).hexdigest()[:16]


def _place(book: Rulebook, route: Route) -> int:
    return next((place for place, one in enumerate(book.routes) if one is route or one.name == route.name), len(book.routes))


def _plain(when: When) -> object:
    return when.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def by_itself(book: Rulebook, route: Route) -> bool:
    """Return whether the rules let a route's answers leave without a person."""
    return route.approval == "none" and not route.shadow and {Mode(book.mode), Mode(route.mode or book.mode)} == {Mode.SEND}


def surely(good: int, of: int) -> float:
    """Return the share that is sure, 0 to 1, where `good` of so many were: the lower end of Wilson's interval, one-sided, 95 %.

    58 of 60 are 0.97, and surely 0.90; 6 of 6 are 1.0, and surely 0.69 (E. B. Wilson, JASA 22, 1927).
    """
    if not of:
        return 0.0
    share, square = good / of, _SURE * _SURE
    middle = share + square / (2 * of)
    spread = _SURE * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + square / of))


def changed(before: Sequence[str], after: Sequence[str]) -> float:
    """Return how much of a text was changed: 0 for nothing, 1 for all of it; spaces do not count."""
    old, new = (" ".join(" ".join(part.split())[:_LONGEST] for part in parts) for parts in (before, after))
    return 0.0 if old == new else 1 - difflib.SequenceMatcher(None, old, new, autojunk=False).ratio()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people made of one draft, the strictest word of all who said something: one of `OUTCOMES`, and who said it last.

    `first` and `last` are its words before anybody touched them, and as they were approved.
    """

    outcome: str
    who: str
    at: datetime
    reason: str = ""
    first: tuple[str, str] = ("", "")
    last: tuple[str, str] = ("", "")
    halved: bool = False


UNCHANGED, EDITED, REJECTED, REVERSED = "unchanged", "edited", "rejected", "reversed"
OUTCOMES = (UNCHANGED, EDITED, REJECTED, REVERSED)
"""What people make of a draft, from the mildest to the strictest."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one route under one mark, in one window.

    `counts` holds how many drafts came out how (`OUTCOMES`), `counted` how many of those count for earning, `surely` the share of them that
    is approved unchanged and that one can rely on. `edits` are the shares of text that people changed. `people` decided enough to know the
    route, `unseen` are texts of it that too few approvals are of. `drafts` is everything that was made, `alone` what left by itself.
    """

    drafts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    counted: int = 0
    surely: float = 0.0
    edits: tuple[float, ...] = ()
    people: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    expired: int = 0
    reversals: int = 0
    upset: int = 0
    alone: int = 0
    waiting: int = 0
    earlier: int = 0
    versions: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def decided(self) -> int:
        """How many drafts people decided."""
        return sum(self.counts.values())

    @property
    def median_edit(self) -> float | None:
        """How much of the text was changed in the middle one of the edited drafts; None where none was edited."""
        return median(self.edits) if self.edits else None


def weigh(book: Rulebook, route: Route, verdicts: Sequence[Verdict]) -> Record:
    """Return the part of a record that people's verdicts make, one for each draft."""
    counts = Counter(one.outcome for one in verdicts)
    good = _spread_out(verdicts)
    counted = len(good) + len(verdicts) - counts[UNCHANGED]
    names = Counter(person(one.who) for one in verdicts)
    return Record(
        counts={outcome: counts[outcome] for outcome in OUTCOMES},
        reasons=dict(Counter(one.reason if one.reason in REASONS else "other" for one in verdicts if one.outcome == REJECTED)),
        counted=counted,
        surely=surely(len(good), counted),
        edits=tuple(changed(one.first, one.last) for one in verdicts if one.outcome == EDITED and not one.halved and any(one.last)),
        people=tuple(sorted(name for name, many in names.items() if many >= A_VOICE)),
        unseen=_unseen(book, route, [one.first for one in good]),
    )


def person(who: str) -> str:
    """Return what makes two names one person's: capitals and spaces do not."""
    return "".join(who.casefold().split())


def _spread_out(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the unchanged yeses that count: of one person and day the first ten."""
    days: Counter[tuple[str, str]] = Counter()
    kept = []
    for one in verdicts:
        key = (person(one.who), one.at.date().isoformat())
        if one.outcome == UNCHANGED and days[key] < A_DAY:
            days[key] += 1
            kept.append(one)
    return kept


def _unseen(book: Rulebook, route: Route, approved: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the texts of a route's templates that too few of the approved words come from."""
    found: list[str] = []
    for half, name in enumerate((route.reply, route.private)):
        texts = [text for _, text, _ in variants(book.templates.get(name or "", ()))]
        seen = Counter(_text_of(words[half], texts) for words in approved)
        found += [text for text in texts if seen[text] < SEEN]
    return tuple(found)


def _text_of(words: str, texts: Sequence[str]) -> str:
    """Return the text of a template that words were made from: the longest that fits them, or ""."""
    bare = _bare(words)
    return max((text for text in texts if _fits(bare, text)), key=len, default="")


def _fits(bare: str, text: str) -> bool:
    """Return whether the parts of a template between its fields stand in the words, one behind the other."""
    at = 0
    for part in map(_bare, _FIELD.split(text)):
        at = bare.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _bare(words: str) -> str:
    return "".join(words.split())


def floor(at: datetime, window: timedelta, restored: datetime | None) -> datetime:
    """Return from when on things count: the window, but nothing from before a person gave the route its right back."""
    return max(at - window, restored) if restored else at - window
