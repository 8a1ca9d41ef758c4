"""Labelled posts, judged: what people expected beside what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from listener.measuring.labelled import ASPECTS, Labelled
from listener.model import Assessment, Level, Mood
from listener.scoring.assessor import Assessor
from listener.scoring.sentiment.base import SentimentScorer, Weight, Words

_BATCH = 256
_HEAVIEST = 3  # words that are shown
_MOODS = (Mood.NEGATIVE.value, Mood.NEUTRAL.value, Mood.POSITIVE.value)
_LEVELS = tuple(level.value for level in Level)


class Judged(NamedTuple):
    """One post with its labels, and how it was judged."""

    row: Labelled
    assessment: Assessment


class Miss(NamedTuple):
    """Something that was said otherwise than people expected."""

    aspect: str
    expected: str
    said: str


def judge(rows: Sequence[Labelled], assessor: Assessor) -> list[Judged]:
    """Judge the posts, each in its thread."""
    found: list[Judged] = []
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        found += map(Judged, some, assessor.assess_all([(row.post, row.earlier) for row in some]))
    return found


def misses(one: Judged) -> tuple[Miss, ...]:
    """Return what was said wrongly of a post."""
    said = {aspect.name: aspect.said(one.assessment) for aspect in ASPECTS if aspect.name in one.row.expected}
    return tuple(Miss(name, one.row.expected[name], word) for name, word in said.items() if word != one.row.expected[name])


class Wrong(NamedTuple):
    """A post that was judged wrongly: how, and the words that made it so."""

    judged: Judged
    misses: tuple[Miss, ...]
    words: tuple[str, ...]


def worst_first(judged: Sequence[Judged], scorer: SentimentScorer, most: int) -> list[Wrong]:
    """Return at most so many posts that were judged wrongly, the worst first, otherwise in the order of the file.

    A level of urgency too low weighs 2 and one too high 1; a mood turned into its opposite 2; anything else 1. Of what weighs the same,
    that comes first which was said most surely.
    """
    wrong = [(one, missed) for one in judged if (missed := misses(one))]
    wrong.sort(key=lambda pair: (-sum(map(_weight, pair[1])), -(pair[0].assessment.sentiment.sure or 0.0)))
    return [Wrong(one, missed, words_behind(one, missed, scorer)) for one, missed in wrong[:most]]


def words_behind(one: Judged, missed: Sequence[Miss], scorer: SentimentScorer) -> tuple[str, ...]:
    """Return what made a judgement: its signals with the author's words, and for a wrong mood the words that weighed most in it."""
    seen = one.assessment
    found = [" ".join([signal.name, *(f'"{words}"' for words in signal.because), f"+{signal.points}"]) for signal in seen.signals]
    if any(miss.aspect == "sentiment" for miss in missed):
        weights = [weight for weight in _weights(one, scorer) if weight.words]
        heaviest = sorted(weights, key=lambda weight: -abs(weight.points))[:_HEAVIEST]
        found += [f'"{weight.words}" {weight.points:+.2f}' for weight in heaviest]
    return tuple(found)


def _weights(one: Judged, scorer: SentimentScorer) -> Sequence[Weight]:
    try:
        return scorer.weights(Words(one.row.post.text, one.assessment.language))
    except Exception:  # noqa: BLE001 - a plug-in may raise anything; its words are only shown
        return ()


def _weight(miss: Miss) -> float:
    if miss.aspect == "urgency":
        low = _LEVELS.index(miss.expected) - _LEVELS.index(miss.said)
        return 2 * low if low > 0 else -low
    if miss.aspect == "sentiment" and miss.said in _MOODS:
        return abs(_MOODS.index(miss.expected) - _MOODS.index(miss.said))
    return 1
