"""Words in a row, by which a text is seen to repeat another: four words, or eight letters where no spaces are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from listener.text import clean
from responders.wording import any_number, unspaced, words

_WORDS, _LETTERS = 4, 8  # that many in a row repeat a text
_LONGEST_KEPT = 2_000  # characters: nothing is remembered of a longer text

_NUMBER = re.compile("[0-9]")

_Run = tuple[str, ...]


def _runs(tokens: Sequence[str], length: int) -> Iterable[_Run]:
    return zip(*(tokens[start:] for start in range(length)), strict=False)


class Runs:
    """The runs of a text, each once, in the order they stand in it."""

    def __init__(self, text: str) -> None:
        """Read a text."""
        self._words, self._letters = words(text), unspaced(text)
        self.keys = tuple(dict.fromkeys(_keys(self._words)))

    @cached_property
    def words(self) -> Mapping[_Run, None]:
        """The runs of words."""
        return dict.fromkeys(_runs(self._words, _WORDS))

    @cached_property
    def letters(self) -> Mapping[_Run, None]:
        """The runs of letters of scripts without spaces."""
        return dict.fromkeys(_runs(self._letters, _LETTERS))

    @cached_property
    def numberless(self) -> frozenset[_Run]:
        """The runs of words with 0 for every digit."""
        return frozenset(_runs(_numberless(self._words), _WORDS))

    def may_stand_in(self, folded: str) -> bool:
        """Return whether a run of words could stand in a folded text, whatever the numbers in both: one of `keys` is in every such run."""
        return any(key in folded for key in self.keys)

    def may_share(self, theirs: Sequence[str]) -> bool:
        """Return whether a run of words could stand among these words, whatever the numbers in both."""
        return not self.numberless.isdisjoint(_runs(_numberless(theirs), _WORDS))


def _numberless(tokens: Sequence[str]) -> Sequence[str]:
    return any_number(" ".join(tokens)).split(" ")


def _keys(tokens: Sequence[str]) -> Iterator[str]:
    """Yield words without a number of which one stands in every run, long ones where there is a choice; "" where there is none."""
    plain = ["" if _NUMBER.search(token) else token for token in tokens]
    lengths, start = list(map(len, plain)), 0
    while start + _WORDS <= len(plain):
        run = lengths[start : start + _WORDS]
        start += run.index(max(run))
        yield plain[start]
        start += 1


_kept = lru_cache(maxsize=256)(Runs)


def repeated(text: str, post: str, own: Callable[[], Runs]) -> Iterator[str]:
    """Yield the first words, and the first letters, in which `text` repeats `post`, unless they stand in what is our `own`."""
    # Most texts are remembered but for the numbers in them; only where those may matter is the text itself read. No letter is a number.
    like = _kept(any_number(text)) if len(text) <= _LONGEST_KEPT else Runs(text)
    if like.may_stand_in(clean(post)) and like.may_share(theirs := words(post)):
        run = _shared(Runs(text).words, _runs(theirs, _WORDS), lambda: own().words)
        yield from (" ".join(run),) if run else ()
    if like.letters and (run := _shared(like.letters, _runs(unspaced(post), _LETTERS), lambda: own().letters)):
        yield "".join(run)


def _shared(said: Mapping[_Run, None], theirs: Iterable[_Run], own: Callable[[], Mapping[_Run, None]]) -> _Run:
    found = said.keys() & theirs
    return next((run for run in said if run in found and run not in own()), ()) if found else ()
