"""How much a post complains, as one number: for ranking posts, and for measuring how well complaints are told from the rest."""

from __future__ import annotations

from listener.model import Assessment, Intent

_INTENT, _MOOD, _URGENCY = 0.5, 0.3, 0.2  # what each part weighs; together 1
_ALL_POINTS = 100
_BY_INTENT = {
    Intent.COMPLAINT: 1.0,
    Intent.QUESTION: 0.5,  # who asks often has trouble and does not say so
    Intent.REQUEST: 0.5,
    Intent.SUGGESTION: 0.4,
    Intent.OTHER: 0.3,
    Intent.BUYING: 0.2,
    Intent.PRAISE: 0.0,
    Intent.SPAM: 0.0,
}


def complaining(assessment: Assessment) -> float:
    """Return from 0 (praise, spam) to 1 (an urgent complaint in the worst mood) how much a post complains.

    Half of it is what the author wants, three tenths how negative the mood is (its score turned round), two tenths the points of urgency,
    which are the points of the signals: what went wrong for the author stands in them.
    """
    bad = (1 - assessment.sentiment.score) / 2  # the score of a mood that nobody could tell is 0: neither for nor against it
    return _INTENT * _BY_INTENT[assessment.intent] + _MOOD * bad + _URGENCY * assessment.urgency.points / _ALL_POINTS
