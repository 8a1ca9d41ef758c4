"""Mood by vaderSentiment (Hutto and Gilbert, ICWSM 2014): English words with weights, and emoji.

vaderSentiment 3.3.2 takes time that grows with the square of the number of words and emoji, and most of its emoji can never match. So
the text is shortened to what a reader takes in at a glance, and emoji are turned into words here, each of them at most thrice.
Its numbers lean to the positive; `_settle` moves them so that the thresholds of a rulebook (-0.35 and 0.5) stand where people's
labels change: at -0.1 and 0.35 of its own scale, found on the development set of TweetEval's sentiment task.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from listener.scoring.sentiment.base import Opinion, Weight, Words

_HEAD, _TAIL = 1_600, 400  # characters read from the two ends of a long text
_WORDS = 260  # words read in all
_EMOJI = {
    " love ": "❤♥💕💖💗💘💙💚💛💜🧡🤎🖤🤍💓💞💝😍🥰😘😻💟🫶🤩",
    " happy ": "😀😃😄😁😊☺😺🙂🤗😇😸🥳🎉🎊🙌😆😂🤣😹😋😎",
    " great ": "👍👏💯🔥✨🌟⭐🏆💪👌🤟🥇",
    " thanks ": "🙏",
    " sad ": "😢😭😞😔☹🙁😟😥😿💔😓😩😫😖😣🥺😰😪",
    " angry ": "😡😠🤬👿😤🖕💢",
    " disgusting ": "🤢🤮💩🤡",
    " bad ": "👎😒🙄😑😬🤦🤷😕🫤😏",
    " horrible ": "😱😨😧💀☠",
}
_BY_EMOJI = {ord(emoji): word for word, group in _EMOJI.items() for emoji in group}
_RUN = re.compile(r"(\W)\1{3,}")
_NO_WORDS = re.compile(r"https?://\S+|@\w+|[\ufe0e\ufe0f\u200d]|[\U0001f3fb-\U0001f3ff]")
_SYMBOLS = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff]")
_NEGATIVE, _POSITIVE = (-0.1, -0.35), (0.35, 0.5)


def _settle(score: float) -> float:
    """Move a score so that its turning points stand at the usual thresholds; the order of scores stays."""
    (low, low_to), (high, high_to) = _NEGATIVE, _POSITIVE
    if score <= low:
        return low_to + (score - low) * (1 + low_to) / (1 + low)
    if score >= high:
        return high_to + (score - high) * (1 - high_to) / (1 - high)
    return score * (low_to / low if score < 0 else high_to / high)


def _shorten(text: str) -> str:
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]} {text[-_TAIL:]}"
    text = _RUN.sub(r"\1\1\1", _NO_WORDS.sub(" ", text))
    if not text.isascii():
        text = _SYMBOLS.sub(" ", text.translate(_BY_EMOJI))
    return " ".join(text.split()[:_WORDS])


class Vader:
    """Judges English, and texts of any language whose emoji are clear."""

    def __init__(self) -> None:
        """Load the words and their weights."""
        self._analyzer = _analyzer()

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        """Return the mood of each; None for other languages, and for an unknown one where no word or emoji is known."""
        return [None if score is None else Opinion(score) for score in (self._score(*words) for words in many)]

    def weights(self, words: Words) -> list[Weight]:
        """Return the score as a whole."""
        score = self._score(*words)
        return [] if score is None else [Weight("", score)]

    def _score(self, text: str, language: str) -> float | None:
        if language not in {"en", "und"}:
            return self._by_emoji(text)
        scores = self._analyzer.polarity_scores(_shorten(text))
        if language == "und" and not scores["pos"] and not scores["neg"]:
            return None
        return _settle(float(scores["compound"]))

    def _by_emoji(self, text: str) -> float | None:
        words = [word for character in text[:_HEAD] if (word := _BY_EMOJI.get(ord(character)))]
        if not words:
            return None
        return _settle(float(self._analyzer.polarity_scores(" ".join(words[:20]))["compound"]))


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    analyzer = SentimentIntensityAnalyzer()
    analyzer.emojis = {}  # ours are words by now
    return analyzer


KIND = Vader
