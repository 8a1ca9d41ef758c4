"""Promises of money or of an outcome in a text: "we will refund you", "it will be fixed by tomorrow", in ten languages.

The words stand in promises.toml, which explains them. What is no promise: a question, a denial, a possibility, a request, a report of
what somebody else said, the mere mention of a refund, what has been done already, and the word that somebody will look or write.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from listener.matching import Phrases
from listener.rules.texts import FIELDS, fill
from listener.scoring.notation import Classes, Grammar, parse, plain, read_classes
from listener.text import fold_with_offsets
from responders.sentences import STEM, Sentence, Sought, Words, openings, sentences, words_of

_FILE = "promises.toml"
_UNSPACED = "ja"
_VERB_FIRST = frozenset({"de", "nl"})  # "Wir erstatten Ihnen das leider nicht": the denial may be the last word
_LATE = 3  # elsewhere a denial follows within so many words: "is unfortunately not"
_ASKED_BEFORE = 3  # so many words may part "whether" from a promise without a subject of its own: "whether your order will be ..."
_FAR = 40  # what stands further in front of a promise, in one clause, says nothing about it
_OPENERS = 6  # so many words may open a statement: "Yes, of course"
_THAT = frozenset({"that", "dass", "que", "qu'", "che", "ze", "dat"})
_SPACES = re.compile(r"[^\S\n]+")
_END_JA = re.compile(r"[.!?\n]+")
_DIGIT = re.compile(r"[1-9]")
_LONGEST_KEPT = 2_000  # characters: longer than any template's text
_ANY_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise found: where it stands in the text, its own words, and all words of its sentence, folded."""

    start: int
    end: int
    said: str
    sentence: Words


_PROMISING = ("promise", "vow", "alone")
_PARTS = (
    *("promise", "vow", "alone", "contact", "denial", "harmless", "joins", "conditions", "late"),
    *("people", "asking", "reported", "compound", "or", "tags", "openers"),
)


@cache
def _file() -> Mapping[str, Mapping[str, list[str] | dict[str, list[str]]]]:
    return tomllib.loads(resources.files("responders").joinpath(_FILE).read_text(encoding="utf-8"))


def _lines(language: str, part: str) -> list[str]:
    lines = _file()[language].get(part, [])
    return lines if isinstance(lines, list) else []


def _classes(language: str) -> Classes:
    written = _file()[language].get("classes", {})
    return read_classes(written if isinstance(written, dict) else {})


@cache
def _grammar(language: str) -> Grammar:
    return Grammar(language, _classes(language), frozenset())


@cache
def _sought(language: str, part: str) -> Sought:
    """Return the phrases of one part of one language, read when they are first needed."""
    return Sought(_lines(language, part), _grammar(language), far=part == "contact")


class _Judge:
    """One sentence read in one language: which of its words promise something."""

    def __init__(self, sentence: Sentence, language: str) -> None:
        self.asks, self.language = sentence.asks, language
        self.bounds = sentence.clauses()
        self.words = [word.known for word in sentence.words]
        self.clauses = [word.clause for word in sentence.words]

    def _inside(self, part: str, start: int, end: int) -> bool:
        """Return whether a phrase of `part` begins at or after `start` and ends by `end`."""
        looks = range(start, end)
        return any(
            (found := _sought(self.language, part).at(self.words, self.clauses, place)) is not None and found <= end for place in looks
        )

    def _clause(self, place: int) -> tuple[int, int]:
        """Return where the clause around a word begins (not too far in front of it), and where the next one does."""
        first, after = self.bounds[self.clauses[place]]
        return max(first, place - _FAR), after

    def promises(self) -> Iterator[tuple[int, int]]:
        """Yield where promises begin and end."""
        for part in _PROMISING:
            for start, end in _sought(self.language, part).places(self.words, self.clauses):
                first, after = self._clause(start)
                if part == "alone" and not (end == after and self._opens(first, start)):
                    continue
                if not self._is_none(first, start, end, firm=part == "vow"):
                    yield start, end

    def _is_none(self, first: int, start: int, end: int, *, firm: bool) -> bool:
        return (
            self._names_something_else(end)
            or self._asks(first, start, end)
            or self._is_possible_only(first, start, firm=firm)
            or self._is_reported(first, start)
            or self._is_denied(first, start, end)
            or (not firm and self._is_denied_after(first, end))
            or _sought(self.language, "contact").at(self.words, self.clauses, start) is not None
        )

    def _names_something_else(self, end: int) -> bool:
        follows = end < len(self.words) and self.clauses[end] == self.clauses[end - 1]
        return follows and _sought(self.language, "compound").at(self.words, self.clauses, end) is not None

    def _opens(self, first: int, start: int) -> bool:
        """Return whether only words like "yes, of course" stand before `start` in its clause."""
        if start - first > _OPENERS:
            return False
        openers = _sought(self.language, "openers").cover(self.words[first:start], self.clauses[first:start])
        return len(openers) == start - first

    def _asks(self, first: int, start: int, end: int) -> bool:
        """Return whether the promise is what is asked. "We will refund you, ok?" asks nothing."""
        if not self.asks:
            return False
        if not self._opens(first, start):
            return True
        _, after = self._clause(end - 1)
        if after < len(self.words):
            return _sought(self.language, "or").at(self.words, self.clauses, after) is not None
        return end == after or not self._inside("tags", after - 1, after)

    def _is_possible_only(self, first: int, start: int, *, firm: bool) -> bool:
        own_subject = firm or _sought(self.language, "people").at(self.words, self.clauses, start) is not None
        return any(end == start or not own_subject for end in self._ends_before("asking", first, start))

    def _ends_before(self, part: str, first: int, start: int) -> Iterator[int]:
        """Yield where phrases of `part` end that stand shortly before `start`."""
        for place in range(max(first, start - _ASKED_BEFORE), start):
            end = _sought(self.language, part).at(self.words, self.clauses, place)
            if end is not None and end <= start:
                yield end

    def _is_reported(self, first: int, start: int) -> bool:
        if first and self.words[first] in _THAT:
            first, _ = self._clause(first - 1)
        return self._inside("reported", first, start)

    def _stand(self, part: str, start: int, end: int) -> list[int]:
        """Return where phrases of `part` begin."""
        return [place for place in range(start, end) if _sought(self.language, part).at(self.words, self.clauses, place) is not None]

    def _is_denied(self, first: int, start: int, end: int) -> bool:
        """Return whether a denial stands before the promise or inside it. A condition in front keeps its denials to itself."""
        if first and self.words[first] in _THAT and self._stand("denial", self._clause(first - 1)[0], first):
            return True  # "I cannot say, that ..."
        from_here = max(self._stand("joins", first, start), default=first - 1) + 1
        if self._stand("conditions", from_here, start):
            from_here = start
        return any(place not in self._harmless(first, end) for place in self._stand("denial", from_here, end))

    def _is_denied_after(self, first: int, end: int) -> bool:
        _, after = self._clause(end - 1)
        reach = min(after, end + (_FAR if self.language in _VERB_FIRST else _LATE))
        ends = (*self._stand("joins", end, reach), *self._stand("conditions", end, reach))
        return any(place not in self._harmless(first, end) for place in self._stand("late", end, min(ends, default=reach)))

    def _harmless(self, first: int, end: int) -> frozenset[int]:
        stop = min(len(self.words), end + _FAR)
        return frozenset(
            first + place for place in _sought(self.language, "harmless").cover(self.words[first:stop], self.clauses[first:stop])
        )


class _Place(NamedTuple):
    """Where a promise begins and ends in a folded text, and each word of its sentence; or, without spaces, the sentence."""

    start: int
    end: int
    words: tuple[tuple[int, int], ...] = ()
    sentence: tuple[int, int] = (0, 0)


@cache
def _japanese() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    grammar = Grammar(_UNSPACED, _classes(_UNSPACED), frozenset(), spaced=False)
    return {part: tuple(parse(line, part, grammar).pattern() for line in _lines(_UNSPACED, part)) for part in _PARTS}


def _in_japanese(text: str) -> Iterator[_Place]:
    """Yield the promises in a folded text."""
    know = _japanese()
    start = 0
    for stop in (*_END_JA.finditer(text), None):
        end, asks = (stop.start(), "?" in stop[0]) if stop else (len(text), False)
        sentence = text[start:end]
        for part in ("promise", "alone") if not asks else ():
            for pattern in know[part]:
                for found in pattern.finditer(sentence):
                    whole = part == "promise" or found[0] == sentence.strip()
                    if whole and not _taken_back(know, found, sentence):
                        yield _Place(start + found.start(), start + found.end(), sentence=(start, end))
        start = stop.end() if stop else end


def _taken_back(know: Mapping[str, tuple[re.Pattern[str], ...]], found: re.Match[str], sentence: str) -> bool:
    return (
        any(pattern.match(sentence, found.end()) for pattern in know["compound"])
        or any(pattern.search(found[0]) for pattern in know["denial"])
        or any(pattern.match(sentence, found.start()) for pattern in know["contact"])
    )


@cache
def _openings() -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    """Return in which languages a promise may begin with a word, and with the first letters of one."""
    whole: dict[str, frozenset[str]] = {}
    begun: dict[str, frozenset[str]] = {}
    for language in _file().keys() - {_UNSPACED}:
        for part in _PROMISING:
            for known, found in zip((whole, begun), openings(_lines(language, part), _grammar(language)), strict=True):
                known.update({word: known.get(word, frozenset()) | {language} for word in found})
    return whole, begun


def _languages(sentence: Sentence) -> frozenset[str]:
    """Return the languages in which a sentence may promise something: most sentences hold no word that begins a promise."""
    whole, begun = _openings()
    nowhere: frozenset[str] = frozenset()
    return nowhere.union(*(whole.get(word.known, nowhere) | begun.get(word.known[:STEM], nowhere) for word in sentence.words))


def _places(flat: str) -> Iterator[_Place]:
    """Yield the promises in a folded text. Which digits stand in it makes no difference: any number is a number."""
    for sentence in sentences(flat):
        found = {place for language in _languages(sentence) for place in _Judge(sentence, language).promises()}
        words = tuple((word.start, word.end) for word in sentence.words) if found else ()
        yield from (_Place(sentence.words[start].start, sentence.words[end - 1].end, words) for start, end in found)
    if _ANY_JAPANESE.search(flat):
        yield from _in_japanese(flat)


@lru_cache(maxsize=1_024)
def _remembered(flat: str) -> tuple[_Place, ...]:
    return tuple(_places(flat))


@lru_cache(maxsize=256)
def promises(text: str) -> tuple[Promise, ...]:
    """Return the promises of money or of an outcome in a text, in the order they begin; none lies inside another."""
    folded = fold_with_offsets(text)
    flat = plain(folded.text)
    masked = _DIGIT.sub("0", flat)  # a text that only has another number in it is found again
    found: list[Promise] = []
    for place in _remembered(masked) if len(masked) <= _LONGEST_KEPT else _places(masked):
        first, last = folded.span(place.start, place.end)
        sentence = tuple(flat[start:end] for start, end in place.words) or words_of(flat[slice(*place.sentence)])
        found.append(Promise(first, last, text[first:last], sentence))
    return tuple(_outermost(found))


def promises_anything(text: str) -> bool:
    """Return whether there is a promise in a text, as `unsourced` reads it: the same whatever digits stand in it."""
    return bool(promises(_SPACES.sub(" ", text)))


def _outermost(found: Iterable[Promise]) -> Iterator[Promise]:
    reached = 0
    for promise in sorted(found, key=lambda one: (one.start, -one.end)):
        if promise.end > reached:
            yield promise
            reached = promise.end


_FIELDS = {field: f"xq{field}qx" for field in FIELDS}
_FIELD_OF = {word: field for field, word in _FIELDS.items()}
_LONGEST_VALUE = 4  # words: a name


def _may_fill(field: str, value: Words) -> bool:
    """Return whether these words may be the value of a field: a case is "A-217"; nobody but authors has digits in the name."""
    if field in {"link", "answer"}:
        return False  # our page stands in the template already; an answer's sentences are backed by themselves
    if field == "case":
        return len(value) == 2 and value[0].isalpha() and value[1].isdecimal()  # noqa: PLR2004 - a letter and a number
    return bool(value) and (field == "author" or not any(one[0].isdecimal() for one in value))


def _fits_template(template: Words, sentence: Words) -> bool:
    """Return whether a sentence is a template's, with values in place of its fields."""
    if not template or not sentence:
        return not template and not sentence
    if field := _FIELD_OF.get(template[0]):
        sizes = range(1, min(_LONGEST_VALUE, len(sentence)) + 1)
        return any(_may_fill(field, sentence[:size]) and _fits_template(template[1:], sentence[size:]) for size in sizes)
    return template[0] == sentence[0] and _fits_template(template[1:], sentence[1:])


@lru_cache(maxsize=16)
def _promised(templates: tuple[str, ...]) -> tuple[Words, ...]:
    """Return the words of every sentence of our templates that promises something."""
    filled = (fill(text, {field: f" {word} " for field, word in _FIELDS.items()}) for text in templates)
    return tuple(dict.fromkeys(promise.sentence for text in filled for promise in promises(text)))


@lru_cache(maxsize=16)
def _may_be_promised(words: tuple[str, ...]) -> Phrases:
    return Phrases(words)


def unsourced(text: str, templates: tuple[str, ...], backed: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Return the promises in a text that nothing backs, each in its own words.

    A promise is backed where its whole sentence is one of our `templates`, or where words that may be promised stand in it: `backed`
    returns those, and is only asked where there is a promise.
    """
    text = _SPACES.sub(" ", text)
    found = promises(text)
    if not found:
        return ()
    allowed = _may_be_promised(backed()).find(text.replace("\n", " "))
    loose = (one for one in found if not any(words.start < one.end and one.start < words.end for words in allowed))
    return tuple(
        dict.fromkeys(one.said for one in loose if not any(_fits_template(written, one.sentence) for written in _promised(templates)))
    )
