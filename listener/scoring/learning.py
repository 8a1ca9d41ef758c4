"""What a text is made of for learning from corrections, and the weights that explain what people corrected.

Plain functions: the same corrections in any order give the same weights. See docs/judgement.md for why it is built so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import regex

from listener.commonwords import COMMON
from listener.text import clean

FEW = 3
"""In how many corrected texts a word must stand before it counts in others."""

_MOST = 120  # words of a text that are read: its beginning
_READ = 5_000  # characters of a text
_LONGEST = 40  # letters of a word
_SHORTEST = 3  # letters of a word that may tell something, in scripts with spaces
_LIMIT = 1.3  # points that one word may add
_TINY = 0.02  # points that are not worth keeping
_RIDGE = 0.3
_TRUST = {1: 0.1, 2: 0.25}  # how freely a word explains a correction, by how many texts have it; from `FEW` on 2
_STEPS, _EXACT = 200, 1e-10

_NOBODYS = regex.compile(r"\b[a-z][a-z0-9+.-]{1,20}:\S+|\bwww\.\S+|\S*@\S+")  # links, addresses, accounts
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー"
_SIGNS = regex.compile(rf"[{_UNSPACED}]")
_TOKEN = regex.compile(rf"(?P<run>[{_UNSPACED}]++)|(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}_'])++|\p{{Extended_Pictographic}}")
_NEGATIONS = (
    "not no never nor none cannot nothing without nicht kein keine keinen keiner nie nichts ohne pas jamais rien sans aucun non mai "
    "niente senza nunca nada sin ni não nem sem nada niet geen nooit niks zonder nie nigdy nic bez değil yok hiç"
)
_NOT = frozenset(_NEGATIONS.split())
_REACH = 2  # words behind a "not" that it turns round


class Shape(NamedTuple):
    """What a text is made of: `whole` tells texts apart, `telling` are the words and pairs of words that may carry a mood."""

    whole: frozenset[str]
    telling: tuple[str, ...]


class Lesson(NamedTuple):
    """What a word adds to the score, and how many corrected texts taught it."""

    points: float
    posts: int


class Item(NamedTuple):
    """One corrected text: what it is made of, and how far its score was from what a person says."""

    telling: tuple[str, ...]
    missing: float


def shape(text: str, without: frozenset[str] = frozenset()) -> Shape:
    """Return what a text is made of. Links, accounts, numbers and the words `without` (a brand's own names) are left out.

    A word behind a "not" is another word, written with "not" before it.
    """
    tokens = _turned([word for word in _tokens(_NOBODYS.sub(" ", clean(text[:_READ]))) if word not in without])
    pairs = [*pairwise(tokens)]
    said = [word for word in tokens if _tells(word)]
    both = [" ".join(pair) for pair in pairs if any(map(_tells, pair))]
    return Shape(frozenset((*tokens, *map(" ".join, pairs))), tuple(dict.fromkeys((*said, *both))))


def _tokens(folded: str) -> list[str]:
    found: list[str] = []
    for match in _TOKEN.finditer(folded):
        word = match[0].strip("'")
        if match["run"]:
            found += [word[at : at + 2] for at in range(max(len(word) - 1, 1))]
        elif word:
            found.append(word[:_LONGEST])
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def _turned(tokens: Sequence[str]) -> list[str]:
    left, found = 0, []
    for word in tokens:
        if word in _NOT or word.endswith("n't"):
            left = _REACH
            found.append(word)
            continue
        found.append(f"not…{word}" if left else word)
        left = max(left - 1, 0)
    return found


def _tells(word: str) -> bool:
    bare = word.removeprefix("not…")
    short = len(bare) < _SHORTEST and bare.isalpha() and not _SIGNS.match(bare)
    return not short and bare not in COMMON and bare not in _NOT


def fit(items: Sequence[Item]) -> dict[str, Lesson]:
    """Return the words that explain what is missing, each with its points: a ridge regression in which words of many texts explain more.

    Only words of `FEW` texts or more are kept, and those whose points are too few to matter are not.
    """
    counts = Counter(word for item in items for word in item.telling)
    if not any(count >= FEW for count in counts.values()):
        return {}
    shared = sorted(word for word, count in counts.items() if count > 1)
    place = {word: number for number, word in enumerate(shared)}
    rows = np.array([row for row, item in enumerate(items) for word in item.telling if word in place], dtype=np.intp)
    columns = np.array([place[word] for item in items for word in item.telling if word in place], dtype=np.intp)
    trust = np.array([_TRUST.get(counts[word], 2.0) for word in shared])
    # A word of one text alone explains nothing else, so all of them together are a number beside the text's own.
    alone = np.array([_RIDGE + _TRUST[1] * sum(counts[word] == 1 for word in item.telling) for item in items])
    parts = _solved(rows, columns, trust, alone, np.array([item.missing for item in items]))
    points = trust * np.bincount(columns, weights=parts[rows], minlength=len(shared))
    return {
        word: Lesson(round(float(max(-_LIMIT, min(_LIMIT, each))), 4), counts[word])
        for word, each in zip(shared, points, strict=True)
        if counts[word] >= FEW and abs(each) >= _TINY
    }


_Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
_Places = np.ndarray[tuple[int], np.dtype[np.intp]]


def _solved(rows: _Places, columns: _Places, trust: _Numbers, alone: _Numbers, wanted: _Numbers) -> _Numbers:
    """Solve (X trust Xᵀ + alone) parts = wanted by conjugate gradients, X being ones at `rows` and `columns`."""

    def times(parts: _Numbers) -> _Numbers:
        words = trust * np.bincount(columns, weights=parts[rows], minlength=len(trust))
        return np.bincount(rows, weights=words[columns], minlength=len(parts)) + alone * parts

    parts = np.zeros(len(wanted))
    rest = wanted.astype(float)
    step, size = rest.copy(), float(rest @ rest)
    for _ in range(_STEPS):
        if size < _EXACT:
            break
        turned = times(step)
        length = size / float(step @ turned)
        parts, rest = parts + length * step, rest - length * turned
        size, before = float(rest @ rest), size
        step = rest + (size / before) * step
    return parts


def points_of(telling: Sequence[str], lessons: Mapping[str, Lesson]) -> list[tuple[str, Lesson]]:
    """Return the lessons that a text holds, in its order."""
    return [(word, lessons[word]) for word in telling if word in lessons]
