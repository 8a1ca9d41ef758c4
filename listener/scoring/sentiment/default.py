"""The scorer that ships: hashed words and characters beside vaderSentiment's valence, trained on posts in eight languages.

It judges English, Arabic, German, Spanish, French, Hindi in Latin letters, Italian and Portuguese, and texts too short to tell their
language whose words it knows. Any other language it judges by clear emoji alone, and says nothing where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.scoring import emoji as pictures
from listener.scoring import ngrams
from listener.scoring.sentiment import _shares
from listener.scoring.sentiment._scale import NEGATIVE, POSITIVE, balanced, score_of
from listener.scoring.sentiment._table import LANGUAGES, shipped
from listener.scoring.sentiment.base import Odds, Opinion, Weight, Words
from listener.scoring.sentiment.vader import Vader

_UNTOLD = "und"
_SHORT, _FEW, _CLEAR = 80, 2, 0.6  # characters and words of a text that must be so clear to be no neutral one


class Default:
    """Judges the languages it learnt; the others by their emoji, or not at all."""

    def __init__(self, *, emoji: bool = True) -> None:
        """Load the table; `emoji` says whether emoji count as words do.

        Raises:
            EarnestError: a file of the table is missing or broken.
        """
        self._table = shipped()
        self._emoji = emoji
        self._pictures = Vader(emoji=emoji)

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        """Return the mood of each text."""
        knows = [self._reads(words) for words in many]
        read = [words for words, known in zip(many, knows, strict=True) if known]
        opinions = iter(self._opinions(read) if read else ())
        return [next(opinions) if known else self._by_pictures(words) for words, known in zip(many, knows, strict=True)]

    def weights(self, words: Words) -> Sequence[Weight]:
        """Return what each word added where the text is read from both its ends."""
        if self._reads(words):
            return _shares.weights(ngrams.shorten(words.text), lambda text: self._score(Words(text, words.language)))
        return self._pictures.weights(_pictures_of(words))

    def _reads(self, words: Words) -> bool:
        """Whether the text is in a language it learnt, or too short to tell but with words or emoji that it knows."""
        if words.language != _UNTOLD:
            return words.language in LANGUAGES and not words.text.isspace() and words.text != ""
        return bool(self._emoji and pictures.alone(words.text)) or not self._table.words.isdisjoint(ngrams.plain(words.text).split())

    def _opinions(self, many: Sequence[Words]) -> list[Opinion]:
        commons = [self._table.calibration(words.language).common for words in many]
        odds = self._table.odds(many, emoji=self._emoji)
        return [
            Opinion(_held(score_of(balanced(one, common)), one, words.text), one)
            for words, one, common in zip(many, odds, commons, strict=True)
        ]

    def _score(self, words: Words) -> float:
        (opinion,) = self._opinions([words])
        return opinion.score

    def _by_pictures(self, words: Words) -> Opinion | None:
        (opinion,) = self._pictures.judge([_pictures_of(words)])
        return opinion


def _held(score: float, odds: Odds, text: str) -> float:
    """Return the score, neutral where a word or two say too little to be called anything else: "ok", "hello"."""
    if len(text) > _SHORT or NEGATIVE < score < POSITIVE or max(odds.negative, odds.positive) >= _CLEAR:
        return score
    words = [word for word in ngrams.plain(text).split() if word.isalpha()]
    return score if len(words) > _FEW or pictures.alone(text) else 0.0


def _pictures_of(words: Words) -> Words:
    return Words(pictures.alone(words.text), _UNTOLD)


KIND = Default
