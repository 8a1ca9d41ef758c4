"""The thresholds of a rulebook, as stairs that `cuts` can look for better ones on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from listener.measuring.cuts import Cut, Steps, Suggestion, suggest
from listener.measuring.judged import Judged
from listener.model import Assessment, Intent, Level, Mood
from listener.rules.rulebook import Levels, Scoring, SentimentSettings
from listener.scoring.assessor import Assessor
from listener.scoring.sentiment.base import SentimentScorer
from listener.scoring.urgency import is_pressing

_MOODS = (Mood.NEGATIVE.value, Mood.NEUTRAL.value, Mood.POSITIVE.value)
_LEVELS = tuple(level.value for level in Level)
_MOST = 100  # points
_ROUND = 5  # points; the points of signals are round numbers too
_APART = Levels(normal=1, high=99, critical=100)  # by which the points of signals are read before they are held below critical


class Found(NamedTuple):
    """What a file says of one group of thresholds: the setting's place in rules.yaml, their names, and the suggestion if there is one."""

    setting: str
    names: tuple[str, ...]
    suggestion: Suggestion | None
    rarest: tuple[str, int]


def of_mood(judged: Sequence[Judged], settings: SentimentSettings) -> Found | None:
    """Look for better ends of neutral; None where no mood is labelled."""
    of = [one for one in judged if "sentiment" in one.row.expected]
    if not of:
        return None
    scores = np.array([one.assessment.sentiment.score for one in of])
    negative = _with(settings.negative, [-place / 100 for place in range(100, 0, -1)])
    positive = _with(settings.positive, [place / 100 for place in range(1, 101)])
    truth = np.array([_MOODS.index(one.row.expected["sentiment"]) for one in of])
    steps = Steps(
        truth=truth,
        told=np.array([one.assessment.sentiment.label is not Mood.UNKNOWN for one in of]),
        cuts=(Cut(negative, scores[:, None] > np.array(negative)), Cut(positive, scores[:, None] >= np.array(positive))),
        now=(negative.index(settings.negative), positive.index(settings.positive)),
    )
    return Found("sentiment", ("negative", "positive"), suggest(steps), _rarest(truth, _MOODS))


def of_levels(judged: Sequence[Judged], scoring: Scoring, scorer: SentimentScorer) -> Found | None:
    """Look for better beginnings of the levels of urgency; None where no urgency is labelled.

    The points of a post hang on the levels, since what merely presses is held below critical. So each post is judged once more with
    levels so far up that nothing is held, and the levels are put on what its signals say by themselves.
    """
    of = [one for one in judged if "urgency" in one.row.expected]
    if not of:
        return None
    apart = scoring.model_copy(update={"urgency": scoring.urgency.model_copy(update={"levels": _APART})})
    seen = Assessor(apart, scorer).assess_all([(one.row.post, one.row.earlier) for one in of])
    levels = scoring.urgency.levels
    truth = np.array([_LEVELS.index(one.row.expected["urgency"]) for one in of])
    values = [_with(getattr(levels, name), range(_ROUND, _MOST + 1, _ROUND)) for name in _LEVELS[1:]]
    points = np.array([_points(one) for one in seen])
    asks = np.array([one.needs_reply for one in seen])
    firm = np.array([[_firm(one, scoring, value) for value in values[2]] for one in seen])
    normal, high, critical = (np.array(one) for one in values)
    steps = Steps(
        truth=truth,
        told=np.array([not one.failed for one in seen]),
        cuts=(
            Cut(values[0], (points[:, None] >= normal) | asks[:, None]),
            Cut(values[1], points[:, None] >= high),
            Cut(values[2], firm >= critical),
        ),
        now=(values[0].index(levels.normal), values[1].index(levels.high), values[2].index(levels.critical)),
        keep_top=True,
    )
    return Found("urgency.levels", _LEVELS[1:], suggest(steps), _rarest(truth, _LEVELS))


def _with(today: float, values: Sequence[float]) -> tuple[float, ...]:
    return tuple(sorted({today, *values}))


def _rarest(truth: np.ndarray, names: Sequence[str]) -> tuple[str, int]:
    sizes = np.bincount(truth, minlength=len(names))
    return names[int(sizes.argmin())], int(sizes.min())


def _points(seen: Assessment) -> int:
    return 0 if seen.intent is Intent.SPAM else min(_MOST, sum(signal.points for signal in seen.signals))


def _firm(seen: Assessment, scoring: Scoring, critical: float) -> int:
    """Return the points that count towards critical, where critical begins there: all but those of what merely presses."""
    if seen.intent is Intent.SPAM:
        return 0
    signals = scoring.urgency.signals
    firm = sum(one.points for one in seen.signals if one.points >= critical or not is_pressing(one.name, signals.get(one.name)))
    return min(_MOST, firm if firm < critical else _points(seen))
