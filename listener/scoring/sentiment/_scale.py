"""From odds to a score on the scale of the rules, so that a label changes exactly where the usual thresholds stand.

The thresholds of a rulebook are -0.35 and 0.5 unless it says otherwise. A scorer that knows how probable each mood is puts its turning
points there; rules written for one such scorer fit the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.rules.rulebook import SentimentSettings
from listener.scoring.sentiment.base import Odds

_RULES = SentimentSettings()
NEGATIVE, POSITIVE = _RULES.negative, _RULES.positive
_CLOSE = 0.0005  # neutral keeps so far from the thresholds that no rounding moves it across


def balanced(odds: Odds, common: Sequence[float]) -> Odds:
    """Return the odds as they would be if all moods were equally common; `common` is how common each is where the odds come from."""
    parts = [odd / share for odd, share in zip(odds, common, strict=True)]
    whole = sum(parts)
    return Odds(*(part / whole for part in parts))


def score_of(odds: Odds) -> float:
    """Return the score of balanced odds, from -1 to 1: at or below -0.35 where negative is likeliest, from 0.5 on where positive is.

    It grows with the lead of the likeliest mood over the next. A neutral text leans to the likelier of the other two.
    """
    bad, neither, good = odds
    if good >= max(bad, neither):
        return POSITIVE + (1 - POSITIVE) * (good - max(bad, neither))
    if bad >= neither:
        return NEGATIVE + (-1 - NEGATIVE) * (bad - max(neither, good))
    if good >= bad:
        return min(POSITIVE - _CLOSE, POSITIVE * (good - bad) / (neither - bad))
    return max(NEGATIVE + _CLOSE, NEGATIVE * (bad - good) / (neither - good))
