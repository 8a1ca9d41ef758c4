"""The phrases of all languages, looked for at once: one pass for their rarest words, then the exact pattern only where one stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import ahocorasick_rs

from listener.scoring.notation import Entry, Token, needs, plain
from listener.scoring.phrases import LANGUAGES, UNSPACED, entries, names
from listener.text import Folded
from listener.words import bounded

_BEFORE, _AFTER = 160, 240  # how far from its rarest word a phrase can reach, in characters
_EACH = 4  # so many places of one mark are enough
_EACH_SIGNAL = 40  # of a signal more: the first ones may be figures of speech, and the last a cry for help
# These undo other findings, so each of them counts; _LOOKS bounds them.
_UNDOING = frozenset({"marks.figurative", "marks.hypothetical", "marks.story", "marks.news"})
_NO_WORD = re.compile(r"\W")
_NO_ASCII_WORD = bytes(code if chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(128)).ljust(256)
_LOOKS = 80  # so often one phrase is looked at in full; more is a text that repeats itself
# How much one post may ask for: a candidate takes one, and more where it is looked at closely. An ordinary long post takes half of it.
_PATIENCE, _LOOK_BESIDE, _LOOK_IN_FULL = 12_000, 2, 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands in the folded text, and the language of its file ("" for what the rules added)."""

    start: int
    end: int
    language: str

    def meets(self, others: Iterable[Place]) -> bool:
        """Whether it shares a letter with any of them."""
        return any(self.start < other.end and other.start < self.end for other in others)


@dataclass(frozen=True, slots=True)
class Places:
    """Every named finding of one text. `complete` is false where the text held too many candidates to look at each."""

    text: str
    found: Mapping[str, tuple[Place, ...]]
    complete: bool = True

    def of(self, name: str) -> tuple[Place, ...]:
        """Return where `name` was found, in the order of the text."""
        return self.found.get(name, ())

    def __contains__(self, name: str) -> bool:
        """Whether `name` was found at all."""
        return name in self.found


@cache
def _pattern(entry: Entry) -> re.Pattern[str]:
    return entry.pattern()


def _most(name: str) -> int:
    if name in _UNDOING:
        return _PATIENCE
    return _EACH if name.startswith("marks.") else _EACH_SIGNAL


class _Findings:
    """What has been found so far in one text, and how often each phrase was looked at."""

    def __init__(self, text: str) -> None:
        """Begin with nothing; `text` is folded and plain."""
        self.text = text
        self.found: dict[str, dict[Place, None]] = {}
        self.enough: set[str] = set()  # names that were found so often that more places add nothing
        self.patience = _PATIENCE
        self.complete = True
        self._looks: dict[Entry, int] = {}
        self._ends: dict[Entry, int] = {}

    def look(self, entry: Entry, searched: _Searched, start: int, end: int) -> None:
        """Keep the entry's place if it stands around the anchor at `start` in the searched text."""
        if searched.long and entry.also:
            self.patience -= _LOOK_BESIDE
            if not searched.beside(entry.also, start, end):
                return
        after = 0 if entry.leads else self._ends.get(entry, 0)
        if start < after:
            return  # this anchor lies in the place found last
        looks = self._looks.get(entry, 0)
        if looks >= _LOOKS:
            self.complete = self.complete and entry.name.startswith("marks.")
            return
        self._looks[entry] = looks + 1
        self.patience -= _LOOK_IN_FULL
        place = _verify(entry, self.text, start, end - searched.shift, after)
        if place is not None:
            self._ends[entry] = place.end
            places = self.found.setdefault(entry.name, {})
            places[place] = None
            if len(places) >= _most(entry.name):
                self.enough.add(entry.name)


class _Searched:
    """The text as it is searched: `haystack` has `shift` characters more than the text."""

    def __init__(self, haystack: str, shift: int) -> None:
        """Take it as it is."""
        self.haystack, self.shift = haystack, shift
        self.long = len(haystack) > _BEFORE + _AFTER

    def beside(self, words: Collection[str], start: int, end: int) -> bool:
        """Whether one of the words stands where a match around the anchor could reach."""
        around = self.haystack[max(0, start - _BEFORE) : end + _AFTER]
        for word in words:  # noqa: SIM110 - a loop takes half the time, and hostile texts ask often
            if word in around:
                return True
        return False


def _spaced(text: str) -> _Searched:
    """Return a text with one space for each sign that is no word's, and one around it."""
    words = text.encode().translate(_NO_ASCII_WORD).decode() if text.isascii() else _NO_WORD.sub(" ", text)
    return _Searched(f" {words} ", 2)


class _Index:
    """Entries by their anchors, looked for in one pass together with the other words that the entries must have.

    Each such word, a token of the notation, has a bit of its own, and each pattern those of the tokens that stand where it stands.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._places: dict[str, int] = {}
        self._entries: list[list[tuple[Entry, int]]] = []
        self._tells: list[int] = []
        bits: dict[Token, int] = {}
        for entry in entries:
            needed = 0
            for token in entry.firm:
                if token not in bits:
                    bits[token] = self._bit(token, 1 << len(bits), spaced=entry.spaced)
                needed |= bits[token]
            for anchor in entry.anchors:
                self._entries[self._place(anchor)].append((entry, needed))
        self._search = ahocorasick_rs.AhoCorasick(list(self._places)) if self._places else None

    def _place(self, pattern: str) -> int:
        place = self._places.setdefault(pattern, len(self._places))
        if place == len(self._entries):
            self._entries.append([])
            self._tells.append(0)
        return place

    def _bit(self, token: Token, bit: int, *, spaced: bool) -> int:
        """Give a token its bit; 0 where nothing shows for certain that it does not stand."""
        patterns = needs(token, spaced=spaced)
        for pattern in patterns:
            self._tells[self._place(pattern)] |= bit
        return bit if patterns else 0

    def find(self, findings: _Findings, searched: _Searched) -> None:
        """Look at every candidate."""
        if self._search is None:
            return
        found = self._search.find_matches_as_indexes(searched.haystack, overlapping=True)
        stands = 0
        for place, _, _ in found:
            stands |= self._tells[place]
        enough = findings.enough
        for place, start, end in found:
            entries = self._entries[place]
            for entry, needed in entries:
                if entry.name in enough:
                    continue
                findings.patience -= 1
                if needed & stands == needed:  # most entries end here
                    findings.look(entry, searched, start, end)
            if entries and findings.patience < 0:
                return


@lru_cache(maxsize=4 * len(LANGUAGES))
def _built_in(language: str, wanted: tuple[str, ...]) -> _Index:
    """Index phrases of a language; rules that are read anew need not do it again."""
    return _Index(entry for name in wanted for entry in entries(language, name))


class Lexicon:
    """The phrases of all languages but those of some names, and phrases of the rules, ready for one pass over a text.

    `grave` are the names that are looked for in every language a text may be in; a language is made ready when it is first met.
    """

    def __init__(self, own: Iterable[Entry], without: Collection[str], grave: Collection[str]) -> None:
        """Index the rules' own entries; the built-in ones wait."""
        self._own = _Index(own)
        self._without = frozenset(without)
        self._grave = frozenset(grave)
        self._ready: dict[tuple[str, bool], _Index] = {}

    def _index(self, language: str, *, grave: bool) -> _Index:
        index = self._ready.get((language, grave))
        if index is None:
            wanted = tuple(name for name in names(language) if name not in self._without and (name in self._grave) is grave)
            index = self._ready.setdefault((language, grave), _built_in(language, wanted))
        return index

    def find(self, folded: Folded, spoken: Collection[str], perhaps: Collection[str]) -> Places:
        """Find every phrase of the languages `spoken`, and the grave ones of those that are `perhaps` spoken too."""
        text = plain(folded.text)
        findings = _Findings(text)
        spaced, unspaced = _spaced(text), _Searched(text, 0)
        for language in LANGUAGES:
            for grave, wanted in ((True, perhaps), (False, spoken)):
                if language not in wanted:
                    continue
                if language not in UNSPACED:
                    self._index(language, grave=grave).find(findings, spaced)
                elif not text.isascii():
                    self._index(language, grave=grave).find(findings, unspaced)
        self._own.find(findings, unspaced)
        found = {name: tuple(sorted(places, key=_start)) for name, places in findings.found.items()}
        return Places(text, found, findings.complete and findings.patience >= 0)


def _start(place: Place) -> int:
    return place.start


def _verify(entry: Entry, text: str, start: int, end: int, after: int) -> Place | None:
    """Return where the entry stands around one of its anchors, behind the place `after` where it stood before, or None."""
    if not entry.tokens:
        return Place(start, end, entry.language) if entry.spaced or bounded(text, start, end) else None
    pattern = _pattern(entry)
    look, begin = (pattern.match, start) if entry.leads else (pattern.search, max(after, start - _BEFORE))
    found = look(text, begin, end + _AFTER)
    return Place(*found.span(), entry.language) if found else None
