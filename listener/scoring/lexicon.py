"""The phrases of all languages, looked for at once: one pass for their rarest words, then the exact pattern only where one stands.

The phrases live in the files beside this one, `words/en.toml` and its siblings, one a language, in the notation that `notation`
describes. They are read once, on first use.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import ahocorasick_rs

from listener.matching import bounded
from listener.scoring.notation import Entry, Grammar, parse, plain, read_classes
from listener.text import Folded, clean

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ja")
_UNSPACED = frozenset({"ja"})
_BEFORE, _AFTER = 160, 240  # how far from its rarest word a phrase can reach, in characters
_EACH = 4  # so many places of one name are enough to show
_NO_WORD = re.compile(r"\W")
_LOOKS = 120  # so often one phrase is looked at in full; more is a text that repeats itself
_PATIENCE = 9_000  # candidates looked at in one post; an ordinary long post has a tenth of them


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands in the folded text, and the language of its file ("" for what the rules added)."""

    start: int
    end: int
    language: str


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


@cache
def _file(language: str) -> Mapping[str, Mapping[str, list[str]]]:
    text = resources.files("listener.scoring.words").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def builtin(language: str) -> tuple[Entry, ...]:
    """Read the phrases of a language; [signals] safety becomes the name "signals.safety"."""
    file = _file(language)
    grammar = Grammar(language, read_classes(file.get("classes", {})), small_words("frequent", language), language not in _UNSPACED)
    parts = {f"{part}.{name}": lines for part in ("signals", "marks", "wishes") for name, lines in file.get(part, {}).items()}
    return tuple(parse(line, name, grammar) for name, lines in parts.items() for line in lines)


@cache
def small_words(name: str, language: str) -> frozenset[str]:
    """Return the words of a language listed under `name` in [small], folded; those of English where no language is given."""
    return frozenset(plain(clean(word)) for word in _file(language or "en").get("small", {}).get(name, ()))


def literal(name: str, phrase: str, folded_phrase: str) -> Entry:
    """Make an entry of a phrase from the rules: whole words in any script, nothing else; `phrase` names it in errors.

    Raises:
        ValueError: nothing is left of the phrase once it is folded.
    """
    if not folded_phrase.strip():
        message = f'"{phrase}" holds nothing that could be found'
        raise ValueError(message)
    return Entry(name, "", (plain(folded_phrase.strip()),), (), leads=True, spaced=False, tokens=())


@dataclass(slots=True)
class _Findings:
    """What has been found so far in one text, and how often each phrase was looked at."""

    found: dict[str, list[Place]] = field(default_factory=dict)
    looks: dict[Entry, int] = field(default_factory=dict)
    patience: int = _PATIENCE
    complete: bool = True

    def look(self, entry: Entry, text: str, around: str, start: int, end: int) -> None:
        """Keep the entry's place if it stands around one of its anchors; `around` is what a match could reach."""
        places = self.found.get(entry.name)
        if places is not None and len(places) >= _EACH:
            return
        self.patience -= 1
        if entry.also and not any(word in around for word in entry.also):
            return
        looks = self.looks.get(entry, 0)
        if looks >= _LOOKS:
            self.complete = self.complete and entry.name.startswith("marks.")
            return
        self.looks[entry] = looks + 1
        place = _verify(entry, text, start, end)
        if place is not None and (places is None or place not in places):
            self.found.setdefault(entry.name, []).append(place)


class _Index:
    """Entries by their anchors, all looked for in one pass."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_anchor: list[list[Entry]] = []
        index: dict[str, int] = {}
        for entry in entries:
            for anchor in entry.anchors:
                if anchor not in index:
                    index[anchor] = len(index)
                    self._by_anchor.append([])
                self._by_anchor[index[anchor]].append(entry)
        self._search = ahocorasick_rs.AhoCorasick(list(index)) if index else None

    def find(self, findings: _Findings, text: str, haystack: str, shift: int) -> None:
        """Look at every candidate; `haystack` is the text with `shift` characters before it."""
        if self._search is None:
            return
        for index, start, end in self._search.find_matches_as_indexes(haystack, overlapping=True):
            around = haystack[max(0, start - _BEFORE) : end + _AFTER]
            for entry in self._by_anchor[index]:
                findings.look(entry, text, around, start, end - shift)
            if findings.patience < 0:
                return


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
            entries = (entry for entry in builtin(language) if entry.name not in self._without and (entry.name in self._grave) is grave)
            index = self._ready.setdefault((language, grave), _Index(entries))
        return index

    def find(self, folded: Folded, spoken: Collection[str], perhaps: Collection[str]) -> Places:
        """Find every phrase of the languages `spoken`, and the grave ones of those that are `perhaps` spoken too."""
        text = plain(folded.text)
        words = f" {_NO_WORD.sub(' ', text)} "
        findings = _Findings()
        for language in LANGUAGES:
            for grave, wanted in ((True, perhaps), (False, spoken)):
                if language not in wanted:
                    continue
                if language not in _UNSPACED:
                    self._index(language, grave=grave).find(findings, text, words, 2)
                elif not text.isascii():
                    self._index(language, grave=grave).find(findings, text, text, 0)
        self._own.find(findings, text, text, 0)
        found = {name: tuple(sorted(places, key=_start)) for name, places in findings.found.items()}
        return Places(text, found, findings.complete and findings.patience >= 0)


def _start(place: Place) -> int:
    return place.start


def _verify(entry: Entry, text: str, start: int, end: int) -> Place | None:
    """Return where the entry stands around one of its anchors, or None."""
    if not entry.tokens:
        return Place(start, end, entry.language) if entry.spaced or bounded(text, start, end) else None
    pattern = _pattern(entry)
    look = pattern.match if entry.leads else pattern.search
    found = look(text, start if entry.leads else max(0, start - _BEFORE), end + _AFTER)
    return Place(*found.span(), entry.language) if found else None
