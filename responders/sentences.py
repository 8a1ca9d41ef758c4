"""Sentences as words, and phrases found in them: the notation of listener/scoring/notation.py, matched word by word.

A phrase is tried only where its first word stands, so time grows with the length of the text alone. Any number is the word "0", and
"0%" with that sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from listener.scoring.notation import Grammar, Token, plain
from listener.text import fold_with_offsets

STEM = 2  # letters that every beginning in the file has at least
_PIECE = re.compile(
    r"(?:[cdjlmnst]|qu|un|dell|all|nell|sull|dall|jusqu|lorsqu)'(?=[^\W\d_]{2}|$)"
    r"|(?P<number>\d+(?:[.,]\d+)*(?P<percent>\s?%)?)|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|(?P<end>[.!?]+(?=\s|$|[^\x00-\x7f])|[!?]+|\.\.+)|(?P<mark>[,;:\n()\u2013\u2014\u00bf\u00a1]|(?<=\s)-(?=\s))"
)

Words = tuple[str, ...]


class Word(NamedTuple):
    """One word of a text: as phrases know it (any number is "0"), and where it stands in the folded text."""

    known: str
    start: int
    end: int
    clause: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of a sentence, and whether it asks."""

    words: tuple[Word, ...]
    asks: bool

    def clauses(self) -> list[tuple[int, int]]:
        """Return where each clause begins, and where the next one does."""
        starts = [place for place, word in enumerate(self.words) if not place or word.clause != self.words[place - 1].clause]
        return list(zip(starts, (*starts[1:], len(self.words)), strict=True))


def sentences(text: str) -> Iterator[Sentence]:
    """Split a folded text, its accents off, into sentences."""
    words: list[Word] = []
    clause = 0
    for found in _PIECE.finditer(text):
        if found["end"]:
            if words:
                yield Sentence(tuple(words), "?" in found[0])
            words, clause = [], 0
        elif found["mark"]:
            clause += bool(words) and words[-1].clause == clause
        else:
            known = "0%" if found["percent"] else "0" if found["number"] else found[0]
            words.append(Word(known, *found.span(), clause))
    if words:
        yield Sentence(tuple(words), asks=False)


def _split(choice: str) -> Words:
    """Split one alternative of the notation into words as a text is split; the last may end in "*"."""
    words = tuple(found[0] for found in _PIECE.finditer(choice.removesuffix("*")) if not found["end"] and not found["mark"])
    return (*words[:-1], words[-1] + "*") if choice.endswith("*") else words


def _fits(asked: str, word: str) -> bool:
    return word.startswith(asked[:-1]) if asked.endswith("*") else word == asked


@dataclass(frozen=True, slots=True)
class _Step:
    """One token of a phrase, made ready: its alternatives by their first word, and those that are beginnings."""

    by_word: Mapping[str, tuple[Words, ...]]
    beginnings: tuple[Words, ...]
    gap: int
    optional: bool

    @classmethod
    def of(cls, token: Token) -> _Step:
        by_word: dict[str, tuple[Words, ...]] = {}
        beginnings: list[Words] = []
        for words in sorted(map(_split, token.choices), key=len, reverse=True):
            if words[0].endswith("*"):
                beginnings.append(words)
            else:
                by_word[words[0]] = (*by_word.get(words[0], ()), words)
        return cls(by_word, tuple(beginnings), token.gap, token.optional)

    def ends(self, words: Sequence[str], at: int) -> Iterator[int]:
        """Yield where this token ends if it begins at `at`, the longest first."""
        if at >= len(words):
            return
        for choice in (*self.by_word.get(words[at], ()), *self.beginnings):
            end = at + len(choice)
            if end <= len(words) and all(map(_fits, choice, words[at:end])):
                yield end


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A line of the file: its steps, of which the first is never a gap and never missing, and whether gaps may leave the clause."""

    steps: tuple[_Step, ...]
    far: bool

    def end(self, words: Sequence[str], clauses: Sequence[int], at: int, step: int = 0) -> int | None:
        """Return where the phrase ends if it begins at `at`, or None. A gap stays inside its clause, unless the phrase is a `far` one."""
        if step == len(self.steps):
            return at
        now = self.steps[step]
        if now.gap:
            for start in range(at, min(at + now.gap, len(words)) + 1):
                if start > at and not self.far and clauses[start - 1] != clauses[at - 1]:
                    return None
                if (end := self.end(words, clauses, start, step + 1)) is not None:
                    return end
            return None
        for start in now.ends(words, at):
            if (end := self.end(words, clauses, start, step + 1)) is not None:
                return end
        return self.end(words, clauses, at, step + 1) if now.optional else None


def openings(lines: Iterable[str], grammar: Grammar) -> tuple[set[str], set[str]]:
    """Return the words that phrases begin with, and the first letters of those that only begin so; nothing else of them is read."""
    firsts = {word for line in lines for word in grammar.read(line.split(maxsplit=1)[0]).token.choices}
    starts = {words[0] for words in map(_split, firsts)}
    return {word for word in starts if not word.endswith("*")}, {word[:STEM] for word in starts if word.endswith("*")}


class Sought:
    """Many phrases, found by the words they begin with."""

    def __init__(self, lines: Iterable[str], grammar: Grammar, *, far: bool) -> None:
        """Read the lines of a part of the file; `far` says that gaps may leave the clause they begin in."""
        self._by_word: dict[str, list[_Phrase]] = {}
        self._beginnings: dict[str, list[tuple[str, _Phrase]]] = {}
        for line in lines:
            phrase = _Phrase(tuple(_Step.of(grammar.read(word).token) for word in line.split()), far)
            for word in phrase.steps[0].by_word:
                self._by_word.setdefault(word, []).append(phrase)
            for words in phrase.steps[0].beginnings:
                self._beginnings.setdefault(words[0][:STEM], []).append((words[0][:-1], phrase))

    def at(self, words: Sequence[str], clauses: Sequence[int], place: int) -> int | None:
        """Return where the longest phrase that begins at `place` ends, or None."""
        word = words[place]
        exact, begun = self._by_word.get(word), self._beginnings.get(word[:STEM])
        if exact is None and begun is None:
            return None
        phrases = [*(exact or ()), *(phrase for beginning, phrase in begun or () if word.startswith(beginning))]
        return max((end for phrase in phrases if (end := phrase.end(words, clauses, place)) is not None), default=None)

    def places(self, words: Sequence[str], clauses: Sequence[int]) -> list[tuple[int, int]]:
        """Return every place where a phrase begins and ends."""
        return [(place, end) for place in range(len(words)) if (end := self.at(words, clauses, place)) is not None]

    def cover(self, words: Sequence[str], clauses: Sequence[int]) -> frozenset[int]:
        """Return the places of all words inside a phrase."""
        return frozenset(place for start, end in self.places(words, clauses) for place in range(start, end))


def words_of(text: str) -> Words:
    """Return the words of a text as promises are compared: folded, without accents and marks."""
    folded = plain(fold_with_offsets(text).text)
    return tuple(found[0] for found in _PIECE.finditer(folded) if not found["end"] and not found["mark"])
