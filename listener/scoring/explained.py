"""Explained: a post judged once more, with the reasons told: the steps to its mood and its urgency, and why each answer is what it is.

It runs the very functions that judge. What stands here are the reasons of the judge that is asked now; whether that is the one who
judged a stored post is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from listener.model import Assessment, Post
from listener.scoring.assessor import Assessor
from listener.scoring.reasons import Reason, reasons
from listener.scoring.sentiment.base import Odds, Weight
from listener.scoring.steps import Waterfall, mood, urgency
from listener.scoring.traced import Trace


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a post is judged as it is. `odds` are what the scorer gives for each mood, where it knows."""

    assessment: Assessment
    mood: Waterfall
    urgency: Waterfall
    reasons: tuple[Reason, ...]
    odds: Odds | None
    _assessor: Assessor = field(repr=False, compare=False)
    _trace: Trace = field(repr=False, compare=False)

    def reason(self, about: str) -> Reason | None:
        """Return the first reason about a part of the judgement, such as "intent"."""
        return next((one for one in self.reasons if one.about == about), None)

    def over(self, seen: Assessment, lessons: Sequence[Weight] = ()) -> Explanation:
        """Return the explanation of the same judgement with what was put on top: by a storm, by what corrections taught, by a person."""
        return self if seen == self.assessment else _told(self._assessor, self._trace, seen, lessons)

    def to_json(self) -> dict[str, object]:
        """Return it for scripts: the field `why` of `earnest score --why` and of `earnest explain --json`."""
        seen = self.assessment
        sure = {"sure": seen.sentiment.sure} if seen.sentiment.sure is not None else {}
        odds = {"odds": self.odds._asdict()} if self.odds else {}
        return {
            "mood": {"label": seen.sentiment.label.value, **sure, **odds, **self.mood.to_json()},
            "urgency": {"level": seen.urgency.level.value, **self.urgency.to_json()},
            "reasons": [one.to_json() for one in self.reasons],
        }


def explain(assessor: Assessor, post: Post, thread: Sequence[Post] = ()) -> Explanation:
    """Judge a post as `assessor.assess` does, and tell why. Never raises."""
    (trace,) = assessor.trace_all(((post, thread),))
    return _told(assessor, trace, trace.assessment)


def _told(assessor: Assessor, trace: Trace, seen: Assessment, lessons: Sequence[Weight] = ()) -> Explanation:
    scoring, signals = assessor.scoring, assessor.signals
    full = {name: signals.points(name) for name in signals.names}
    return Explanation(
        seen,
        mood(trace, seen, assessor.scorer, scoring.sentiment, lessons),
        urgency(trace, seen, scoring.urgency, full),
        reasons(trace, seen),
        trace.opinion.odds if trace.opinion else None,
        assessor,
        trace,
    )
