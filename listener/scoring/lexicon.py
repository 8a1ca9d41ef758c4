"""The phrases of all languages, looked for at once: one pass for their rarest words, then the exact pattern only where one stands.

The phrases live in the files beside this one, `words/en.toml` and its siblings, one a language, in the notation that `notation`
describes. They are read once, on first use.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
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
_PATIENCE = 6_000  # candidates looked at in one post; an ordinary long post has a tenth of them


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
def _files() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    folder = resources.files("listener.scoring.words")
    return {language: tomllib.loads(folder.joinpath(f"{language}.toml").read_text(encoding="utf-8")) for language in LANGUAGES}


@cache
def builtin() -> tuple[Entry, ...]:
    """Read the phrases of all languages; [signals] safety becomes the name "signals.safety"."""
    entries: list[Entry] = []
    for language, file in _files().items():
        grammar = Grammar(language, read_classes(file.get("classes", {})), small_words("frequent"), language not in _UNSPACED)
        for part in ("signals", "marks", "wishes"):
            for name, lines in file.get(part, {}).items():
                entries.extend(parse(line, f"{part}.{name}", grammar) for line in lines)
    return tuple(entries)


@cache
def small_words(name: str) -> frozenset[str]:
    """Return the words of all languages listed under `name` in [small], folded."""
    return frozenset(plain(clean(word)) for file in _files().values() for word in file.get("small", {}).get(name, ()))


def literal(name: str, phrase: str, folded_phrase: str) -> Entry:
    """Make an entry of a phrase from the rules: whole words in any script, nothing else; `phrase` names it in errors.

    Raises:
        ValueError: nothing is left of the phrase once it is folded.
    """
    if not folded_phrase.strip():
        message = f'"{phrase}" holds nothing that could be found'
        raise ValueError(message)
    return Entry(name, "", (plain(folded_phrase.strip()),), leads=True, spaced=False, tokens=())


@dataclass(slots=True)
class _Findings:
    """What has been found so far in one text, and how many candidates may still be looked at."""

    found: dict[str, list[Place]] = field(default_factory=dict)
    patience: int = _PATIENCE

    def look(self, entry: Entry, text: str, start: int, end: int) -> None:
        """Keep the entry's place if it stands around one of its anchors."""
        places = self.found.get(entry.name)
        if places is not None and len(places) >= _EACH:
            return
        self.patience -= 1
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
            for entry in self._by_anchor[index]:
                findings.look(entry, text, start, end - shift)
            if findings.patience < 0:
                return


class Lexicon:
    """A set of entries made ready for one pass over a text."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Index the entries by their rarest words."""
        entries = tuple(entries)
        self._words = _Index(entry for entry in entries if entry.spaced)
        self._unspaced = _Index(entry for entry in entries if not entry.spaced and entry.language)
        self._literal = _Index(entry for entry in entries if not entry.language)

    def find(self, folded: Folded) -> Places:
        """Find every phrase of the lexicon in a folded text."""
        text = plain(folded.text)
        findings = _Findings()
        self._words.find(findings, text, f" {_NO_WORD.sub(' ', text)} ", 2)
        if not text.isascii():
            self._unspaced.find(findings, text, text, 0)
        self._literal.find(findings, text, text, 0)
        found = {name: tuple(sorted(places, key=_start)) for name, places in findings.found.items()}
        return Places(text, found, findings.patience >= 0)


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
