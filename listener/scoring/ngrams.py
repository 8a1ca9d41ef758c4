"""Runs of words and of characters in many texts at once, as columns of a table of weights.

Each text is brought into one plain form; then its words, pairs and triples of words, pairs with one word between, words behind a
denial, and runs of two to five characters are numbered by a hash. All texts of a batch lie behind one another in one array, and a hash
of any stretch of it is a difference of two prefix sums, so that the work is done by numpy and not letter by letter.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.scoring.excerpt import ends

BITS = 20  # words, and characters, each have 2**20 columns; where two share one, training makes the best of it
_RUNS = (2, 3, 4, 5)
_HEAD, _TAIL = 900, 300  # characters read from the two ends of a long text
_URL = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE = re.compile(r"@\w+")
_NAME = re.compile(r"@\w+|(?<!\w)/?u/\w+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # as careless exports leave it
_FOUR = re.compile(r"(.)\1\1\1", re.DOTALL)  # is found in a third of the time
_REPEATED = re.compile(r"(.)\1{3,}", re.DOTALL)
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\u0640]")  # joiners, skin tones, Arabic's stretching
_MARK = re.compile(r"([^\w\s'#@])")
# What turns the words behind it, in the languages of the training files.
_DENIALS = (
    *("not", "no", "never", "n't", "cannot", "cant", "dont", "wont", "isnt", "didnt", "doesnt", "without", "nothing", "none"),
    *("nicht", "kein", "keine", "keinen", "nie", "ohne", "pas", "jamais", "sans", "ne", "nunca", "sin", "ni", "não", "nao", "nem"),
    *("sem", "non", "senza", "mai", "nahi", "nahin", "mat", "na", "لا", "مش", "ما", "لم", "ليس", "غير", "مو"),
)
_REACH = 3  # words behind a denial that it turns

_Numbers = NDArray[np.uint64]
_Places = NDArray[np.int64]
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse among 64-bit numbers
_NEXT, _SKIP = np.uint64(0x100000001B3), np.uint64(0x1000000016F)  # how words are put together
_SPACE, _END = 32, 10
_ROUNDS = 2  # in which numbers look for a slot of their own; of what is left, an eightieth, each is sought by sorting


class Found(NamedTuple):
    """The columns that texts have, each text's once, in no order: `rows` are the places of the texts."""

    rows: _Places
    columns: _Places


class Features(NamedTuple):
    """What was found in texts: in their words, and in their characters."""

    words: Found
    characters: Found


def shorten(text: str) -> str:
    """Return the two ends of a long text: more than that tells no mood better."""
    return ends(text, _HEAD, _TAIL)


def plain(text: str) -> str:
    """Return the form in which a text is read: small letters, names and addresses as one mark each, a space around every sign."""
    text = shorten(text)
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if "&" in text:
        text = html.unescape(text)
    if "http" in text or "www." in text:
        text = _URL.sub(" http ", text)
    if "@" in text or "u/" in text:
        text = (_NAME if "u/" in text else _HANDLE).sub(" @ ", text)
    text = text.replace("\u2019", "'").lower()
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    if _FOUR.search(text):
        text = _REPEATED.sub(r"\1\1\1", text)
    return " ".join(" ".join(_MARK.split(text)).replace("n't", " n't").split())


def features(texts: Sequence[str]) -> Features:
    """Return what stands in the texts."""
    array = _Array([plain(text) for text in texts])
    return Features(_once(array.words()), _once(array.characters()))


def _once(found: Iterator[tuple[_Numbers, _Places]]) -> Found:
    """Number what was found by the upper bits of its hash, and keep each number of a text once."""
    parts = [(row << BITS) | (number >> np.uint64(64 - BITS)).astype(np.int64) for number, row in found]
    both = _different(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
    return Found(both >> BITS, both & ((1 << BITS) - 1))


def _different(numbers: _Places) -> _Places:
    """Return each of the numbers once, in no order: what falls into a slot of its own is told apart without sorting, six times as fast."""
    bits = len(numbers).bit_length() + 3
    slots = np.empty(1 << bits, dtype=np.int32)
    kept = []
    for _ in range(_ROUNDS):
        slot = ((numbers.view(np.uint64) * np.uint64(_BASE)) >> np.uint64(64 - bits)).view(np.int64)
        places = np.arange(len(numbers), dtype=np.int32)
        slots[slot] = places
        last = slots[slot]  # of all that fall into one slot, the last one stands there
        kept.append(numbers[last == places])
        numbers = numbers[numbers[last] != numbers]
    return np.concatenate([*kept, np.unique(numbers)])


class _Array:
    """Texts behind one another, and the prefix sums from which any stretch is hashed."""

    def __init__(self, texts: Sequence[str]) -> None:
        joined = "".join(f" {text} \n" for text in texts)
        self._codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        size = len(self._codes)
        ends = self._codes == _END
        self._row = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(ends, out=self._row[1:])
        self._back = _powers(pow(_BASE, -1, 1 << 64), _rounded(size + 1))
        self._sums = np.zeros(size + 1, dtype=np.uint64)
        np.cumsum(self._codes.astype(np.uint64) * _powers(_BASE, _rounded(size))[:size], out=self._sums[1:])
        gaps = ends | (self._codes == _SPACE)
        edges = np.flatnonzero(gaps[1:] != gaps[:-1]) + 1  # every text begins and ends with a gap
        starts, stops = edges[::2], edges[1::2]
        self._word = (self._sums[stops] - self._sums[starts]) * self._back[starts]
        self._word_row = self._row[starts]

    def characters(self) -> Iterator[tuple[_Numbers, _Places]]:
        """Yield the hashes of runs of characters, with the rows they stand in."""
        size = len(self._codes)
        for run in _RUNS:
            if size > run:
                whole = self._row[run:] == self._row[:-run]  # a run that reaches into the next text is none
                runs = (self._sums[run:] - self._sums[:-run]) * self._back[: size + 1 - run]
                yield _mixed(runs[whole], run), self._row[:-run][whole]

    def words(self) -> Iterator[tuple[_Numbers, _Places]]:
        """Yield the hashes of words and of what stands together, with the rows they stand in."""
        word, row = self._word, self._word_row
        yield _mixed(word, 11), row
        turned = np.zeros(len(word), dtype=bool)
        denials = _denials()
        denies = denials.take(np.searchsorted(denials, word), mode="clip") == word
        for step in range(1, _REACH + 1):
            turned[step:] |= denies[:-step] & (row[step:] == row[:-step])
        yield _mixed(word[turned], 14), row[turned]
        pairs = word[:-1] * _NEXT + word[1:]
        near = row[:-1] == row[1:]
        yield _mixed(pairs[near], 12), row[:-1][near]
        wide = row[:-2] == row[2:]
        yield _mixed((pairs[:-1] * _NEXT + word[2:])[wide], 13), row[:-2][wide]
        yield _mixed((word[:-2] * _SKIP + word[2:])[wide], 15), row[:-2][wide]


def _mixed(numbers: _Numbers, kind: int) -> _Numbers:
    """Spread the hashes of one kind over all 64 bits (the finisher of splitmix64, Steele and others, OOPSLA 2014)."""
    mixed = numbers + np.uint64(kind * 0x632BE59BD9B4E019 % (1 << 64))
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _rounded(size: int) -> int:
    """Return the next power of two, so that few tables of powers are made."""
    return 1 << max(10, (size - 1).bit_length())


@cache
def _powers(base: int, size: int) -> _Numbers:
    powers = np.empty(size, dtype=np.uint64)
    powers[0] = 1
    done = 1
    while done < size:
        powers[done : 2 * done] = powers[:done] * np.uint64(pow(base, done, 1 << 64))
        done *= 2
    return powers


@cache
def _denials() -> _Numbers:
    return np.sort(np.array([_hash_of(word) for word in _DENIALS], dtype=np.uint64))


def _hash_of(word: str) -> int:
    return sum(ord(letter) * pow(_BASE, place, 1 << 64) for place, letter in enumerate(word)) % (1 << 64)
