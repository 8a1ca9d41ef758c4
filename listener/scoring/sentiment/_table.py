"""The table of the default scorer: what its words, characters and English valence weigh, and how odds are made of that.

The weights are whole numbers of one byte, two to a column: what speaks for a negative and for a positive mood, each against neutral.
How they were found: `training/default.py`; how well they judge: docs/models/default.md.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.errors import EarnestError
from listener.scoring import ngrams
from listener.scoring.ngrams import Found
from listener.scoring.sentiment.base import Odds, Words
from listener.scoring.valence import Valence, read
from listener.text import one_line

FOLDER = Path(__file__).parent.parent / "models" / "default"
LANGUAGES = ("en", "ar", "de", "es", "fr", "hi", "it", "pt")
CLEAR, PLAIN = 0.5, 0.05  # compounds from which vaderSentiment's authors call a text strongly, and at all, positive or negative
_SHAPE = (2, 2, 1 << ngrams.BITS)
_NUMBER, _WEIGHT = 1e4, 1e8  # as whole numbers of such parts, the sum is the same in whatever order a machine adds them up
_CARD, _TABLE, _KNOWN = "default.toml", "weights.npy", "words.txt"
_NO_LANGUAGE = (False,) * len(LANGUAGES)
_IS_LANGUAGE = {one: tuple(one == other for other in LANGUAGES) for one in LANGUAGES}

Numbers = NDArray[np.float32]


class Calibration(NamedTuple):
    """How odds are made of answers, and how common each mood was where that was measured."""

    scale: float
    shift: tuple[float, ...]
    common: tuple[float, ...]


class Evidence(NamedTuple):
    """What speaks for a mood in some texts: what is found in them, and for each a row of numbers from its English words and language."""

    found: ngrams.Features
    numbers: Numbers


def evidence(many: Sequence[Words], *, emoji: bool) -> Evidence:
    """Collect it from texts; `emoji` says whether emoji count as words do."""
    numbers = [_numbers(read(text, emoji=emoji), language) for text, language in many]
    return Evidence(ngrams.features([text for text, _ in many]), np.array(numbers, dtype=np.float32).reshape(len(many), -1))


def _numbers(valence: Valence, language: str) -> list[float]:
    up, down = max(valence.compound, 0.0), max(-valence.compound, 0.0)
    steps = (up >= PLAIN, down >= PLAIN, up >= CLEAR, down >= CLEAR, valence.negative > valence.positive)
    return [valence.negative, valence.positive, up, down, *steps, *_IS_LANGUAGE.get(language, _NO_LANGUAGE)]


def shares(found: Found, texts: int) -> Numbers:
    """Return what one finding of each text counts: the more are found, the less, so that long posts are no surer than short ones."""
    return (1 / np.sqrt(np.maximum(np.bincount(found.rows, minlength=texts), 1))).astype(np.float32)


class Table:
    """Answers for texts, and makes odds of the answers."""

    def __init__(self, weights: NDArray[np.int8], card: dict[str, Any], words: frozenset[str]) -> None:
        """Take the weights (mood against neutral, words before characters, column), what is written beside them, and common words."""
        self.words = words
        self._weights = weights
        self._steps = np.array(card["steps"], dtype=np.float32)
        self._dense = np.rint(np.array(card["dense"]) * _WEIGHT)
        self._base = np.array(card["base"], dtype=np.float32)
        self._english, self._others = (_calibration(card[name]) for name in ("english", "others"))

    def answers(self, many: Sequence[Words], *, emoji: bool) -> Numbers:
        """Return two numbers for each text: what speaks for negative, and for positive, against neutral."""
        seen = evidence(many, emoji=emoji)
        answers = np.rint(seen.numbers * _NUMBER) @ self._dense / (_NUMBER * _WEIGHT) + self._base
        for block, found in enumerate(seen.found):
            share = shares(found, len(many))
            for mood in range(2):
                sums = np.bincount(found.rows, weights=self._weights[mood, block].take(found.columns), minlength=len(many))
                answers[:, mood] += sums * share * self._steps[mood, block]
        return np.asarray(answers, dtype=np.float32)

    def calibration(self, language: str) -> Calibration:
        """Return how the answers for texts of that language are made odds of."""
        return self._english if language in {"en", "und"} else self._others

    def odds(self, many: Sequence[Words], *, emoji: bool) -> list[Odds]:
        """Return how probable each mood of each text is."""
        return _odds(self.answers(many, emoji=emoji), [self.calibration(words.language) for words in many])


def odds_of(answer: Numbers, how: Calibration) -> Odds:
    """Make odds of the two numbers of one text."""
    (odds,) = _odds(answer[np.newaxis], [how])
    return odds


def _odds(answers: Numbers, hows: Sequence[Calibration]) -> list[Odds]:
    settled = np.zeros((len(hows), len(Odds._fields)))
    settled[:, ::2] = answers * np.array([[how.scale] for how in hows]) + np.array([how.shift for how in hows])
    parts = np.exp(settled - settled.max(axis=1, keepdims=True))
    return [Odds(*one) for one in (parts / parts.sum(axis=1, keepdims=True)).tolist()]


def _calibration(said: dict[str, Any]) -> Calibration:
    return Calibration(float(said["scale"]), tuple(map(float, said["shift"])), tuple(map(float, said["common"])))


@cache
def shipped() -> Table:
    """Return the table that ships.

    Raises:
        EarnestError: a file of it is missing or broken.
    """
    return load(FOLDER)


def load(folder: Path) -> Table:
    """Load a table, all of it: a file that is cut short while it is read where it lies would end the program without a word.

    Raises:
        EarnestError: a file of it is missing or broken.
    """
    try:
        card = tomllib.loads((folder / _CARD).read_text(encoding="utf-8"))
        files = {name: (folder / name).read_bytes() for name in (_TABLE, _KNOWN)}
        changed = [name for name, data in files.items() if hashlib.sha256(data).hexdigest() != card["sums"][name]]
        weights = np.load(io.BytesIO(files[_TABLE]), allow_pickle=False)
        if not changed and weights.dtype == np.int8 and weights.shape == _SHAPE:
            return Table(weights, card, frozenset(files[_KNOWN].decode().split()))
        why = f"{(*changed, _TABLE)[0]} is not the file that was shipped"
    except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
        why = one_line(str(problem), 200)
    message = f"the weights of the default scorer cannot be read: {why}"
    raise EarnestError(message, "install Earnest anew: its own files are not as they were shipped")
