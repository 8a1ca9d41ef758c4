"""The valence of English words in a text, as vaderSentiment 3.3.2 has it (Hutto and Gilbert, ICWSM 2014), in linear time.

Lexicon, emoji, constants and rules are those of the installed package, and so are its quirks: all four numbers are the same to the
last digit for every text, which `bench/vader.py` and the tests prove against the package itself. Only the way there is another. The
original lowers every word of the text anew for each word it weighs; here each different word is looked up once, and only words that
stand near one that can turn them are weighed with care.

With `emoji=True` emoji count by the table of `listener.scoring.emoji` instead of by the words of their descriptions.
"""

from __future__ import annotations

import string
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from heapq import heappop, heappush
from typing import NamedTuple, cast

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    normalize,
)

from listener.scoring import emoji as pictures

_BOOSTS: Mapping[str, float] = BOOSTER_DICT
_IDIOMS: Mapping[str, float] = SPECIAL_CASES
_TURNED: float = N_SCALAR  # what is left of a word's worth behind a negation
_LOUDER: float = C_INCR
_NEGATIONS = frozenset(NEGATE)
_SO = frozenset({"so", "this"})
_LEADING = frozenset({"no", "least"})
_PHRASES = [phrase.split() for phrase in (*_IDIOMS, *_BOOSTS) if " " in phrase]
_TELLING = frozenset(max(phrase, key=len) for phrase in _PHRASES)  # the longest word of each: no idiom without one of these
_NOT = "n't"
_TURNING = frozenset(_BOOSTS) | _NEGATIONS | _LEADING | _TELLING | _SO  # and whatever has "n't" in it
_COMMON = 24  # letters of a word that may be met again
_BEFORE, _AFTER = 3, 2  # how many words before and after one can change what it is worth
_MOST_EXCLAMATIONS, _EXCLAMATION = 4, 0.292
_EMOTICON = 2  # letters of what is left of one, at most
_FEW_QUESTIONS, _QUESTION, _MANY_QUESTIONS = 3, 0.18, 0.96


class Valence(NamedTuple):
    """How a text reads: shares of its words from 0 to 1, the compound from -1 (negative) to 1 (positive), and what made it.

    `words` names each word that is worth something, with those before it that turned it, and what it added, in the order of the text;
    last come the exclamation and question marks. Their sum x gives the compound: x / sqrt(x² + 15).
    """

    negative: float
    neutral: float
    positive: float
    compound: float
    words: tuple[tuple[str, float], ...]


class _Word:
    """What is known of a word wherever it stands. `worth` is None for a word that the lexicon does not have."""

    __slots__ = ("boost", "leads", "loud", "low", "negates", "tells", "word", "worth")

    def __init__(self, token: str, worth: float | None = None) -> None:
        """Look a word up; one that comes with its worth is an emoji."""
        self.word = _bare(token)
        self.low = self.word.lower()
        self.loud = self.word.isupper()
        self.boost = _BOOSTS.get(self.low, 0.0)
        self.negates = self.low in _NEGATIONS or _NOT in self.low
        self.leads = self.negates or self.boost != 0 or self.low in _LEADING
        self.tells = self.low in _TELLING
        self.worth = _lexicon().get(self.low) if worth is None else worth


_Window = tuple[_Word, _Word, _Word, _Word, _Word, _Word]  # three before, the word, two after
_Worth = Callable[[str], float | None]  # what is known of a word that is an emoji


def read(text: str, *, emoji: bool = False) -> Valence:
    """Return how an English text reads; one without any word reads as nothing, all zero.

    Args:
        text: of any length; it may hold anything.
        emoji: whether emoji count as `listener.scoring.emoji` has them. Without, as in vaderSentiment: most of them never do.
    """
    text = pictures.apart(text) if emoji else _described(text)
    tokens = text.split()
    if not tokens:
        return Valence(0.0, 0.0, 0.0, 0.0, ())
    lows = [low if low.isalpha() else _bare(low) for low in text.lower().split()]
    places, values, names = _weighed(tokens, lows, pictures.worth if emoji and not text.isascii() else _no_worth)
    if values and "but" in lows:
        values = _but(values, bisect_left(places, lows.index("but")))
    return _added_up(values, names, len(tokens), text)


def _bare(token: str) -> str:
    """Return a word without the punctuation around it, unless it is an emoticon."""
    bare = token.strip(string.punctuation)
    return bare if len(bare) > _EMOTICON else token


def _no_worth(_token: str) -> float | None:
    return None


@cache
def _package() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


@cache
def _lexicon() -> Mapping[str, float]:
    lexicon: Mapping[str, float] = _package().lexicon
    return lexicon


@cache
def _descriptions() -> Mapping[str, str]:
    """Return what emoji say in words. They are looked up by single characters, so those of several never match: 2,358 of 3,570."""
    return {emoji: f" {description}" for emoji, description in _package().emojis.items()}


def _described(text: str) -> str:
    """Turn emoji into their descriptions. Nothing but the next emoji parts a description from what follows it, as in the original."""
    descriptions = _descriptions()
    if text.isascii() or descriptions.keys().isdisjoint(text):
        return text
    return "".join([descriptions.get(character, character) for character in text])


def _weighed(tokens: Sequence[str], lows: Sequence[str], worth_of: _Worth) -> tuple[list[int], list[float], list[str]]:
    """Return where words stand that are worth something, what they are worth there, and what they are named."""
    lexicon = _lexicon()
    pictured = {} if worth_of is _no_worth else {token: worth for token in set(tokens) if (worth := worth_of(token)) is not None}
    places = [place for place, low in enumerate(lows) if low in lexicon or (pictured and tokens[place] in pictured)]
    if not places:
        return [], [], []
    loud = sum(map(str.isupper, tokens))
    differs = 0 < loud < len(tokens)
    padded = [""] * _BEFORE + list(tokens) + [""] * _AFTER
    denied = _NOT in " ".join(lows)
    turned: dict[tuple[str, ...], tuple[float, str]] = {}
    found: tuple[list[int], list[float], list[str]] = ([], [], [])
    for place in places:
        token = tokens[place]
        if token in pictured:  # no word around an emoji turns it
            worth, name = pictured[token], _bare(token)
        elif not denied and _TURNING.isdisjoint(lows[max(0, place - _BEFORE) : place + _AFTER + 1]):
            worth, name = lexicon[lows[place]], _bare(token)
            worth = _emphasised(worth) if differs and token.isupper() else worth
        else:
            around = tuple(padded[place : place + _BEFORE + 1 + _AFTER])
            known = turned.get(around)
            if known is None:
                window = cast("_Window", tuple(_word(one) if one not in pictured else _Word(one, pictured[one]) for one in around))
                known = turned[around] = (_turned(window, differs=differs), _named(window))
            worth, name = known
        if worth:
            found[0].append(place)
            found[1].append(worth)
            found[2].append(name)
    return found


def _word(token: str) -> _Word:
    return _common_word(token) if len(token) <= _COMMON else _Word(token)


@lru_cache(maxsize=8_192)
def _common_word(token: str) -> _Word:
    return _Word(token)


def _emphasised(worth: float) -> float:
    """Add what CAPITALS add."""
    return worth + (_LOUDER if worth > 0 else -_LOUDER)


def _turned(window: _Window, *, differs: bool) -> float:
    """Return what a word is worth among its neighbours; `differs` where CAPITALS stand out."""
    third, second, first, word, after, _ = window
    if word.low == "kind" and after.low == "of":
        return 0.0
    worth = _without_no(window)
    if differs and word.loud:
        worth = _emphasised(worth)
    if first.boost:
        worth += _boost(first, worth, differs=differs)
    if first.negates:
        worth *= _TURNED
    if second.boost:
        worth += _boost(second, worth, differs=differs) * 0.95
    if second.low == "never" and first.low in _SO:
        worth *= 1.25
    elif second.negates and not (second.low == "without" and first.low == "doubt"):
        worth *= _TURNED
    if third.word and third.worth is None:
        worth = _turned_from_afar(window, worth, differs=differs)
    if first.low == "least" and second.low not in {"at", "very"}:
        worth *= _TURNED
    return worth


def _without_no(window: _Window) -> float:
    """Return what a word is worth behind "no", which is worth nothing itself before a word that is."""
    third, second, first, word, after, _ = window
    worth = word.worth or 0.0
    if first.low == "no" or second.low == "no" or (third.low == "no" and first.low in {"or", "nor"}):
        return worth * _TURNED
    return 0.0 if word.low == "no" and after.worth is not None else worth


def _turned_from_afar(window: _Window, worth: float, *, differs: bool) -> float:
    """Return what is left of a word's worth by the third word before it, and by idioms, which the original seeks only then."""
    third, second, first, word, after, later = window
    if third.boost:
        worth += _boost(third, worth, differs=differs) * 0.9
    if first.low in _SO or (third.low == "never" and second.low in _SO):  # "this" alone is enough: a quirk of the original
        worth *= 1.25
    elif third.negates and not (third.low == "without" and "doubt" in {second.low, first.low}):
        worth *= _TURNED
    if third.tells or second.tells or first.tells or word.tells or after.tells or later.tells:
        return _by_idiom([word.low for word in window], worth)
    return worth


def _boost(word: _Word, worth: float, *, differs: bool) -> float:
    """Return what a booster ("very") or a dampener ("hardly") adds to the worth of a word behind it."""
    boost = -word.boost if worth < 0 else word.boost
    if differs and word.loud:
        return boost + (_LOUDER if worth > 0 else -_LOUDER)
    return boost


def _by_idiom(lows: Sequence[str], worth: float) -> float:
    """Return what an idiom makes of the word in the middle: of those it ends or follows the first counts, of those it begins the last."""
    third, second, first, word, after, later = lows
    said = (f"{first} {word}", f"{second} {first} {word}", f"{second} {first}", f"{third} {second} {first}", f"{third} {second}")
    worth = next((_IDIOMS[phrase] for phrase in said if phrase in _IDIOMS), worth)
    for phrase in (f"{word} {after}", f"{word} {after} {later}"):
        worth = _IDIOMS.get(phrase, worth)
    for phrase in (said[3], said[4], said[2]):  # "kind of", "just enough"
        worth += _BOOSTS.get(phrase, 0.0)
    return worth


def _named(window: _Window) -> str:
    """Name a word together with what stands before it from the first word on that boosts or negates."""
    third, second, first, word = window[: _BEFORE + 1]
    if third.leads:
        return f"{third.word} {second.word} {first.word} {word.word}"
    if second.leads:
        return f"{second.word} {first.word} {word.word}"
    return f"{first.word} {word.word}" if first.leads else word.word


def _but(values: Sequence[float], turn: int) -> list[float]:
    """Halve the values before "but", and make those from `turn` on one and a half times what they are.

    The original looks for the place of a value by the value itself, and so changes the first word that is worth the same just then,
    be it on the other side of "but". Here a heap for each value knows its first place.
    """
    changed = list(values)
    places: dict[float, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    for value in values:
        first = heappop(places[value])
        changed[first] = value * (0.5 if first < turn else 1.5)
        if changed[first] in places:
            heappush(places[changed[first]], first)
    return changed


def _added_up(values: Sequence[float], names: Sequence[str], words: int, text: str) -> Valence:
    """Put the numbers together as the original does, in its order, since the last digit hangs on it."""
    emphasis = _punctuated(text)
    total = float(sum(values))
    marked = emphasis if total > 0 else -emphasis if total < 0 else 0.0
    positive = negative = 0.0
    for value in values:
        if value > 0:
            positive += value + 1  # a word without worth counts as one, so one with it counts as one and more
        else:
            negative += value - 1
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    neutral = words - len(values)
    whole = positive - negative + neutral
    marks = (("".join(mark for mark in "!?" if mark in text), marked),) if marked else ()
    return Valence(
        round(-negative / whole, 3),
        round(neutral / whole, 3),
        round(positive / whole, 3),
        round(normalize(total + marked), 4),
        (*zip(names, values, strict=True), *marks),
    )


def _punctuated(text: str) -> float:
    """Return what exclamation and question marks add."""
    questions = text.count("?")
    asked = 0.0 if questions <= 1 else questions * _QUESTION if questions <= _FEW_QUESTIONS else _MANY_QUESTIONS
    return min(text.count("!"), _MOST_EXCLAMATIONS) * _EXCLAMATION + asked
