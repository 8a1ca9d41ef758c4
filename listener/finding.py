"""Does a post satisfy a query, and by which of its words? One pass over the post for all the words of all the queries.

Words are looked for whole, in any script, in the folded text; several in one phrase may have any white space between them. What
is but a part of an address or of an account's name is not counted, unless what is looked for looks like one itself. An operator of a
network's own search says nothing about the text and is taken as satisfied: the network has judged it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ahocorasick_rs

from listener.queries.language import Account, And, Near, Node, Not, Or, Tag, Words, leaves
from listener.queries.sense import turned
from listener.text import Folded, clean
from listener.words import bounded, word_starts

_WHITE = re.compile(r"\s+")
_ADDRESS_SIGNS = frozenset("./@:")
_MOST_QUOTED = 4

Stretch = tuple[int, int]


def _one_spaced(text: str) -> str:
    return text if text.isprintable() and "  " not in text else _WHITE.sub(" ", text)


@dataclass(frozen=True)
class Seen:
    """What a query can see of a post: its folded text, stretches of the original that do not count, its handles and its hashtags.

    `handles` and `tags` are folded, without their signs, each with the author's own words for it; a handle stands there with its
    server and without.
    """

    folded: Folded
    covered: Sequence[Stretch]
    handles: Mapping[str, str]
    tags: Mapping[str, str]

    @cached_property
    def _runs(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where white space was shortened: places in the short text, and how many characters are missing up to each."""
        ends, missing, lost = [], [], 0
        for found in _WHITE.finditer(self.folded.text):
            if found.end() - found.start() > 1:
                lost += found.end() - found.start() - 1
                ends.append(found.end() - lost)
                missing.append(lost)
        return ends, missing

    @cached_property
    def text(self) -> str:
        """The folded text with one space where there was any white space."""
        return _one_spaced(self.folded.text)

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where the words of the text begin."""
        return word_starts(self.text)

    def original(self, start: int, end: int) -> Stretch:
        """Turn a stretch of the short text into the stretch of the original it came from."""
        return self.folded.span(self._long(start), self._long(end - 1) + 1)

    def _long(self, place: int) -> int:
        ends, missing = self._runs
        at = bisect_right(ends, place) - 1
        return place + (missing[at] if at >= 0 else 0)

    def is_covered(self, start: int, end: int) -> bool:
        """Whether a stretch of the short text is but a part of an address or of an account's name."""
        first, last = self.original(start, end)
        at = bisect_right(self.covered, first, key=lambda one: one[0]) - 1
        if at < 0 or first >= self.covered[at][1]:
            return False
        opens, ends = self.covered[at]
        # "@acme" as a whole says acme; "@acme_fan" does not.
        return last < ends or self.folded.original[opens:first].strip("/").casefold() not in {"@", "u"}

    def word_at(self, place: int) -> int:
        """Return the number of the word that stands at a place."""
        return bisect_right(self.starts, place) - 1


class Queries:
    """Several queries, looked for at once."""

    def __init__(self, roots: Sequence[Node]) -> None:
        """Make the words of all queries ready to be looked for."""
        self._roots = tuple(turned(root) for root in roots)
        self._wordless = tuple((number, root) for number, root in enumerate(self._roots) if not _needs_words(root))
        words = {_folded(one): None for root in self._roots for one in _words(root)}
        self._patterns = tuple(words)
        self._search = ahocorasick_rs.AhoCorasick(list(words)) if words else None
        self._single = not any(" " in word for word in words)

    def __bool__(self) -> bool:
        """Whether there is any query."""
        return bool(self._roots)

    def has_no_word_in(self, folded: str) -> bool:
        """Whether a folded text satisfies no query for certain: each needs a word, and none of the words stands there, whole or not."""
        if self._wordless or self._search is None:
            return not self._roots
        return not self._search.find_matches_as_indexes(folded if self._single else _one_spaced(folded))

    def find(self, seen: Seen) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the number of every query that the post satisfies, with the author's own words that did it."""
        places = self._places(seen)
        for number, root in enumerate(self._roots) if places else self._wordless:
            quotes = _satisfied(root, seen, places)
            if quotes is not None:
                yield number, tuple(dict.fromkeys(" ".join(quote.split()) for quote in quotes))[:_MOST_QUOTED]

    def _places(self, seen: Seen) -> Mapping[str, Sequence[Stretch]]:
        found: dict[str, list[Stretch]] = {}
        if self._search is not None:
            for index, start, end in self._search.find_matches_as_indexes(seen.text, overlapping=True):
                pattern = self._patterns[index]
                if bounded(seen.text, start, end) and (_ADDRESS_SIGNS & set(pattern) or not seen.is_covered(start, end)):
                    found.setdefault(pattern, []).append((start, end))
        return found


def _needs_words(root: Node) -> bool:
    """Whether nothing satisfies a query in which no word of it stands."""
    if isinstance(root, And):
        return any(map(_needs_words, root.parts))
    if isinstance(root, Or):
        return all(map(_needs_words, root.parts))
    return isinstance(root, Words | Near)


def _folded(words: Words) -> str:
    return " ".join(clean(words.text).split())


def _words(root: Node) -> Iterator[Words]:
    for leaf in leaves(root):
        if isinstance(leaf, Words):
            yield leaf
        elif isinstance(leaf, Near):
            yield from (*leaf.left, *leaf.right)


_Places = Mapping[str, Sequence[Stretch]]


def _satisfied(node: Node, seen: Seen, places: _Places) -> list[str] | None:
    """Return the words that satisfy a part, none for one that is satisfied by what is not there; None where it is not satisfied."""
    if isinstance(node, And):
        quotes: list[str] = []
        for part in node.parts:
            found = _satisfied(part, seen, places)
            if found is None:
                return None
            quotes += found
        return quotes
    if isinstance(node, Or):
        each = [found for part in node.parts if (found := _satisfied(part, seen, places)) is not None]
        return next((found for found in each if found), each[0] if each else None)
    if isinstance(node, Not):
        found = _leaf(node.part, seen, places)
        return [] if found is None or found == [] else None
    return _leaf(node, seen, places)


def _leaf(leaf: Node, seen: Seen, places: _Places) -> list[str] | None:
    """Return the words that a leaf found; none for what only the network knows, None where there are none."""
    if isinstance(leaf, Words):
        stretches = places.get(_folded(leaf), ())
        return [_quote(seen, stretches[0])] if stretches else None
    if isinstance(leaf, Near):
        pair = _near(leaf, seen, places)
        return [_quote(seen, one) for one in pair] if pair else None
    if isinstance(leaf, Account):
        words = seen.handles.get(clean(leaf.handle), "")
        return [words] if words else None
    if isinstance(leaf, Tag):
        words = seen.tags.get(clean(leaf.name), "")
        return [words] if words else None
    return []


def _quote(seen: Seen, stretch: Stretch) -> str:
    first, last = seen.original(*stretch)
    return seen.folded.original[first:last]


def _near(near: Near, seen: Seen, places: _Places) -> tuple[Stretch, Stretch] | None:
    """Return the first pair that stands close enough, as they stand in the text."""
    left, right = (_all(side, places) for side in (near.left, near.right))
    pairs = [pair for one, two in ((left, right), (right, left)) if (pair := _followed(one, two, near.within, seen))]
    return min(pairs, default=None)


def _all(side: Sequence[Words], places: _Places) -> Sequence[Stretch]:
    return sorted({stretch for words in side for stretch in places.get(_folded(words), ())})


def _followed(first: Sequence[Stretch], then: Sequence[Stretch], within: int, seen: Seen) -> tuple[Stretch, Stretch] | None:
    """Return the first of `first` that one of `then` follows, at most `within` words later; they do not overlap."""
    for one in first:
        at = bisect_left(then, (one[1], 0))
        if at < len(then) and seen.word_at(then[at][0]) - seen.word_at(one[1] - 1) <= within:
            return one, then[at]
    return None
