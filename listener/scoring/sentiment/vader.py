"""Mood by vaderSentiment 3.3.2 as it is (Hutto and Gilbert, ICWSM 2014): English words with weights, read by `listener.scoring.valence`.

Its numbers lean to the positive; `_settle` moves them so that the thresholds of a rulebook (-0.35 and 0.5) stand where people's
labels change: at -0.1 and 0.35 of its own scale, found on the development set of TweetEval's sentiment task.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from listener.scoring import emoji as pictures
from listener.scoring.sentiment._scale import NEGATIVE, POSITIVE
from listener.scoring.sentiment.base import Opinion, Weight, Words
from listener.scoring.valence import Valence, read

_NEGATIVE, _POSITIVE = (-0.1, NEGATIVE), (0.35, POSITIVE)
_STEEPEST = _POSITIVE[1] / _POSITIVE[0] / math.sqrt(15)  # what a word of worth 1 adds where all balance: the slope there


class Vader:
    """Judges English. With `emoji`, emoji count by their own table, and a text in any other language is judged by its emoji alone."""

    def __init__(self, *, emoji: bool = False) -> None:
        """Judge as vaderSentiment does, or with emoji that count."""
        self._emoji = emoji

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        """Return the mood of each; None for other languages, and for an unknown one where no word is known."""
        return [None if valence is None else Opinion(_settle(valence.compound)) for valence in map(self._read, many)]

    def weights(self, words: Words) -> list[Weight]:
        """Return what each word added, and last the exclamation and question marks; the score of a text without any word is 0."""
        valence = self._read(words)
        if valence is None:
            return []
        score = _settle(valence.compound)
        share = score / math.fsum(worth for _, worth in valence.words) if score else _STEEPEST
        points = [Weight(word, worth * share) for word, worth in valence.words]
        return [Weight("", score - math.fsum(weight.points for weight in points)), *points]

    def _read(self, words: Words) -> Valence | None:
        if words.language == "en":
            return read(words.text, emoji=self._emoji)
        if words.language == "und":
            valence = read(words.text, emoji=self._emoji)
        elif self._emoji:
            valence = read(pictures.alone(words.text), emoji=True)
        else:
            return None
        return valence if valence.words else None


def _settle(score: float) -> float:
    """Move a score so that its turning points stand at the usual thresholds; the order of scores stays."""
    (low, low_to), (high, high_to) = _NEGATIVE, _POSITIVE
    if score <= low:
        return low_to + (score - low) * (1 + low_to) / (1 + low)
    if score >= high:
        return high_to + (score - high) * (1 - high_to) / (1 - high)
    return score * (low_to / low if score < 0 else high_to / high)


KIND = Vader
