"""The scorer that ships: hashed words and characters beside vaderSentiment's valence, trained on posts in eight languages.

It judges English, Arabic, German, Spanish, French, Hindi in Latin letters, Italian and Portuguese, and texts too short to tell their
language whose words it knows. Any other language it judges by clear emoji alone, and says nothing where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.scoring import emoji as pictures
from listener.scoring import ngrams
from listener.scoring.sentiment import _shares
from listener.scoring.sentiment._scale import balanced, score_of
from listener.scoring.sentiment._table import LANGUAGES, shipped
from listener.scoring.sentiment.base import Opinion, Weight, Words
from listener.scoring.sentiment.vader import Vader

_UNTOLD = "und"


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
        return bool(pictures.alone(words.text)) or not self._table.words.isdisjoint(ngrams.plain(words.text).split())

    def _opinions(self, many: Sequence[Words]) -> list[Opinion]:
        commons = [self._table.calibration(words.language).common for words in many]
        odds = self._table.odds(many, emoji=self._emoji)
        return [Opinion(score_of(balanced(one, common)), one) for one, common in zip(odds, commons, strict=True)]

    def _score(self, words: Words) -> float:
        (opinion,) = self._opinions([words])
        return opinion.score

    def _by_pictures(self, words: Words) -> Opinion | None:
        (opinion,) = self._pictures.judge([_pictures_of(words)])
        return opinion


def _pictures_of(words: Words) -> Words:
    return Words(pictures.alone(words.text), _UNTOLD)


KIND = Default
