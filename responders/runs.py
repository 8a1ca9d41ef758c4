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

    def may_stand_in(self, folded: str) -> bool:
        """Return whether a run could stand in a folded text, whatever the numbers in both: one of `keys` is in every run of words."""
        return bool(self._letters) or any(key in folded for key in self.keys)


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
    folded, short = clean(post), len(text) <= _LONGEST_KEPT
    if short and not _kept(any_number(text)).may_stand_in(folded):
        return
    said = _kept(text) if short else Runs(text)
    if said.may_stand_in(folded) and (run := _shared(said.words, _runs(words(post), _WORDS), lambda: own().words)):
        yield " ".join(run)
    if said.letters and (run := _shared(said.letters, _runs(unspaced(post), _LETTERS), lambda: own().letters)):
        yield "".join(run)


def _shared(said: Mapping[_Run, None], theirs: Iterable[_Run], own: Callable[[], Mapping[_Run, None]]) -> _Run:
    found = said.keys() & theirs
    return next((run for run in said if run in found and run not in own()), ()) if found else ()
