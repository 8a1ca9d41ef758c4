"""All that a file of labelled posts says about one way of judging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from listener.measuring import thresholds
from listener.measuring.certainty import Calibration, calibration
from listener.measuring.classes import Classes, classes
from listener.measuring.judged import Judged, judge
from listener.measuring.labelled import ASPECTS, COMPLAINT, Aspect, Labelled
from listener.measuring.ranking import auroc
from listener.measuring.shares import Estimate
from listener.model import Level
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor
from listener.scoring.complaining import complaining
from listener.scoring.sentiment.base import SentimentScorer, make_scorer

_HIGH = frozenset({Level.HIGH.value, Level.CRITICAL.value})
_CRITICAL = frozenset({Level.CRITICAL.value})


class Ranking(NamedTuple):
    """How well a number ranks posts: what it ranks, how many should stand above, of how many, and the area under the ROC curve."""

    name: str
    above: int
    of: int
    area: Estimate


class Part(NamedTuple):
    """The posts with one value in the column that the file is split by, or all of them (`value` is empty), by one aspect."""

    aspect: str
    value: str
    figures: Classes


@dataclass(frozen=True, slots=True)
class Measured:
    """How one scorer did on a file: `whole` for each labelled aspect, `parts` the same for each value of the column `by`.

    `scorer` is its name and `asked` the scorer itself.
    """

    scorer: str
    asked: SentimentScorer
    posts: int
    whole: tuple[Part, ...]
    by: str
    parts: tuple[Part, ...]
    rankings: tuple[Ranking, ...]
    calibration: Calibration | None
    found: tuple[thresholds.Found, ...]
    judged: tuple[Judged, ...]


def measure(rows: Sequence[Labelled], scoring: Scoring, by: str = "") -> Measured:
    """Judge the posts by these settings and measure; `by` is the column to split them by, if any.

    Raises:
        EarnestError: there is no scorer of the name in the settings.
    """
    scorer = make_scorer(scoring.sentiment.scorer, emoji=scoring.sentiment.emoji)
    judged = judge(rows, Assessor(scoring, scorer))
    found = (thresholds.of_mood(judged, scoring.sentiment), thresholds.of_levels(judged, scoring, scorer))
    return Measured(
        scorer=scoring.sentiment.scorer,
        asked=scorer,
        posts=len(rows),
        whole=tuple(_parts(judged)),
        by=by,
        parts=tuple(_split(judged, by)) if by else (),
        rankings=tuple(rankings(judged)),
        calibration=calibration(
            (one.assessment.sentiment.sure, one.assessment.sentiment.label.value == one.row.expected["sentiment"])
            for one in judged
            if "sentiment" in one.row.expected
        ),
        found=tuple(one for one in found if one),
        judged=tuple(judged),
    )


def of_aspect(judged: Sequence[Judged], aspect: Aspect) -> Classes | None:
    """Return how one aspect was judged; None where no post has a label of it."""
    pairs = [(one.row.expected[aspect.name], aspect.said(one.assessment)) for one in judged if aspect.name in one.row.expected]
    return classes(pairs, aspect.classes, may_be_unknown=aspect.name == "sentiment")


def rankings(judged: Sequence[Judged]) -> list[Ranking]:
    """Return how well the points of urgency and the measure of complaining rank the posts."""
    found = []
    urgent = [one for one in judged if "urgency" in one.row.expected]
    for name, levels in (("urgency high or above", _HIGH), ("urgency critical", _CRITICAL)):
        truths = [one.row.expected["urgency"] in levels for one in urgent]
        if area := auroc([one.assessment.urgency.points for one in urgent], truths):
            found.append(Ranking(name, sum(truths), len(truths), area))
    complaints = [one for one in judged if COMPLAINT in one.row.expected]
    truths = [one.row.expected[COMPLAINT] == "true" for one in complaints]
    if area := auroc([complaining(one.assessment) for one in complaints], truths):
        found.append(Ranking(COMPLAINT, sum(truths), len(truths), area))
    return found


def _parts(judged: Sequence[Judged], value: str = "") -> list[Part]:
    return [Part(aspect.name, value, figures) for aspect in ASPECTS if (figures := of_aspect(judged, aspect))]


def _split(judged: Sequence[Judged], by: str) -> list[Part]:
    heaps: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        heaps[one.row.fields.get(by, "")].append(one)
    return [part for value in sorted(heaps, key=lambda name: (-len(heaps[name]), name)) for part in _parts(heaps[value], value or "-")]
