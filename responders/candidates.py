"""Which routes may take a mention at all: most can be told from a few plain facts, without asking one after another.

Every route becomes one or more rows: a row says which values its conditions ask of which fact. All rows of a rulebook are looked at at
once, as bits of one number, and all words of all `text` conditions are looked for in one pass. What a row cannot say (counts, `not`,
business hours) it leaves out, so a route that is named here may still say no, and one that is not named surely would.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Literal

from listener.matching import Phrases
from listener.rules.conditions import When
from listener.rules.rulebook import Rulebook
from listener.text import clean
from responders.conditions import FACTS
from responders.model import Circumstances, Heard

_Row = Mapping[str, frozenset[str]]
_MOST_ROWS = 32  # of one route; what nests deeper is asked in full

_ONE: Mapping[str, Callable[[Heard, Circumstances], str]] = {
    "urgency": lambda heard, _at: heard.assessment.urgency.level,
    "sentiment": lambda heard, _at: heard.assessment.sentiment.label,
    "intent": lambda heard, _at: heard.assessment.intent,
    "language": lambda heard, _at: heard.assessment.language.casefold(),
    "network": lambda heard, _at: heard.mention.post.network.casefold(),
    "brand": lambda heard, _at: heard.mention.brand.casefold(),
    "visibility": lambda heard, _at: heard.mention.post.visibility,
    "silent": lambda heard, _at: str(not heard.assessment.signals),
    "addressed": lambda heard, _at: str(heard.mention.addressed),
    "moment_of_truth": lambda heard, _at: str(heard.assessment.moment_of_truth),
    "sarcasm": lambda heard, _at: str(heard.assessment.sarcasm),
    "bot": lambda heard, _at: str(heard.mention.post.author.bot),
    "customer": lambda _heard, at: "known" if at.past.known else "new",
    "ours": lambda _heard, at: str(at.our_thread),
    "answered": lambda _heard, at: str(at.past.answered),
}
"""Facts of which a mention has exactly one value, in small letters."""


def _folded(word: str) -> str:
    return clean(word).strip()


def _asked(when: When) -> _Row:
    """Return what the conditions ask themselves, without their `any` and `not`."""
    asked: dict[str, Iterable[str]] = {key: map(str.casefold, wanted) for key in FACTS if (wanted := getattr(when, key)) is not None}
    flags = {key: getattr(when, key) for key in ("addressed", "moment_of_truth", "sarcasm", "customer")}
    if when.author is not None:
        flags["bot"] = when.author.bot
        if when.author.list is not None:
            asked["list"] = when.author.list
    if when.thread is not None:
        flags |= {"ours": when.thread.ours, "answered": when.thread.answered}
    if when.signals == "none":
        flags["silent"] = True
    elif when.signals is not None:
        asked["signals"] = when.signals
    if when.text is not None:
        asked["text"] = when.text
    asked |= {key: [str(wanted)] for key, wanted in flags.items() if wanted is not None}
    return {key: frozenset(wanted) for key, wanted in asked.items()}


def _both(one: _Row, other: _Row) -> _Row:
    """Return what both rows together ask. Of a fact with several values at once (words, signals, lists) either is a part of the truth."""
    met = {key: one[key] & other[key] if key in _ONE else min(one[key], other[key], key=len) for key in one.keys() & other.keys()}
    return {**one, **other, **met}


def _rows(when: Literal["always"] | When) -> list[_Row]:
    """Return rows of which one holds wherever the conditions hold."""
    if when == "always":
        return [{}]
    own = _asked(when)
    if when.any is None:
        return [own]
    rows = [_both(own, row) for choice in when.any for row in _rows(choice)]
    return rows if len(rows) <= _MOST_ROWS else [own]


def _alike(words: Mapping[str, int]) -> dict[str, int]:
    """Return words, as the rules write them, each with the rows of all that are spelled otherwise and found in the same places."""
    of_all: dict[str, int] = {}
    for word, rows in words.items():
        of_all[_folded(word)] = of_all.get(_folded(word), 0) | rows
    return {word: of_all[_folded(word)] for word in words}


class Candidates:
    """The rows of all routes of a rulebook."""

    def __init__(self, book: Rulebook, whens: Iterable[Literal["always"] | When]) -> None:
        """Take the conditions of the routes, in order; `book` holds the lists of people."""
        rows = [(number, row) for number, when in enumerate(whens) for row in _rows(when)]
        self._route_of = [number for number, _ in rows]
        self._all = (1 << len(rows)) - 1
        self._by_value: dict[str, dict[str, int]] = {}
        asking: dict[str, int] = {}
        for bit, (_, row) in enumerate(rows):
            for key, wanted in row.items():
                asking[key] = asking.get(key, 0) | 1 << bit
                values = self._by_value.setdefault(key, {})
                for value in wanted:
                    values[value] = values.get(value, 0) | 1 << bit
        self._free = {key: self._all & ~mask for key, mask in asking.items()}
        self._one = [(look, self._free[key], self._with(key)) for key, look in _ONE.items() if key in asking]
        self._words = _alike(self._by_value.get("text", {}))
        self._phrases = Phrases(self._words)
        self._people: dict[tuple[str, str], int] = {}
        for name, mask in self._by_value.get("list", {}).items():
            for network, handles in book.lists.get(name, {}).items():
                for person in ((network, clean(handle)) for handle in handles):
                    self._people[person] = self._people.get(person, 0) | mask

    def _with(self, key: str) -> dict[str, int]:
        """Return the rows that each value of a fact leaves: those that ask for it, and those that do not ask for the fact."""
        return {value: rows | self._free[key] for value, rows in self._by_value[key].items()}

    def of(self, heard: Heard, at: Circumstances) -> Iterator[int]:
        """Yield, in order, the numbers of the routes that may take the mention; no other would."""
        left, last = self._left(heard, at), -1
        while left:
            lowest = left & -left
            left ^= lowest
            if (number := self._route_of[lowest.bit_length() - 1]) != last:
                last = number
                yield number

    def _left(self, heard: Heard, at: Circumstances) -> int:
        left = self._all
        for look, free, rows in self._one:
            left &= rows.get(look(heard, at), free)
        for key, found in (("signals", self._signals), ("list", self._lists), ("text", self._texts)):
            free = self._free.get(key, self._all)
            if left & ~free:
                left &= reduce(or_, found(heard), free)
        return left

    def _signals(self, heard: Heard) -> Collection[int]:
        by_name = self._by_value["signals"]
        return [by_name.get(signal.name, 0) for signal in heard.assessment.signals]

    def _lists(self, heard: Heard) -> Collection[int]:
        author = heard.mention.post.author
        return [self._people.get((author.network, clean(author.handle)), 0)]

    def _texts(self, heard: Heard) -> Collection[int]:
        return [self._words[found.phrase] for found in self._phrases.find(heard.mention.post.text)]
