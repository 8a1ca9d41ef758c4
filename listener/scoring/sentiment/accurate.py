"""Mood by a small network (MiniLM, fine-tuned on posts in English), an optional extra: pip install 'earnest[accurate]'.

It reads English; every other language goes to the default scorer. How it was trained and how well it judges: docs/models/accurate.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.errors import EarnestError
from listener.scoring.sentiment import _net, _shares
from listener.scoring.sentiment._scale import balanced, score_of
from listener.scoring.sentiment._tweets import shorten
from listener.scoring.sentiment.base import Opinion, Weight, Words, make_scorer


class Accurate:
    """Judges English by the network, and other languages as the default scorer does."""

    def __init__(self, *, emoji: bool | None = None) -> None:
        """Load the network; it reads emoji always, and whether the default scorer counts them for other languages is `emoji`.

        Raises:
            EarnestError: onnxruntime is not installed, or a file of weights is missing or broken.
        """
        self._net = _net.shipped()
        self._other = make_scorer("default", emoji=emoji)

    @staticmethod
    def problem() -> EarnestError | None:
        """Return what keeps this scorer from being used here, without loading anything; None where nothing does."""
        return _net.lacks()

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        """Return the mood of each text."""
        others = iter(self._other.judge([words for words in many if not _reads(words)]))
        return [self._opinion(words.text) if _reads(words) else next(others) for words in many]

    def weights(self, words: Words) -> Sequence[Weight]:
        """Return what each word added to the score, beside what no words at all score."""
        if not _reads(words):
            return self._other.weights(words)
        return _shares.weights(shorten(words.text), self._score)

    def _opinion(self, text: str) -> Opinion:
        odds = self._net.odds(text)
        return Opinion(score_of(balanced(odds, self._net.common)), odds)

    def _score(self, text: str) -> float:
        return self._opinion(text).score


def _reads(words: Words) -> bool:
    return words.language == "en" and bool(words.text.strip())


KIND = Accurate
