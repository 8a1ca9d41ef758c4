"""Mood and sarcasm, put together from the scorer's number and from what stands in the text.

A scorer counts words: it takes "Great, ANOTHER outage. Thanks" for praise and knows one language. The marks and signals know what went
wrong, in ten languages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from listener.model import Mood, Sentiment, Signal
from listener.rules.rulebook import SentimentSettings
from listener.scoring.sentiment.base import Opinion
from listener.scoring.signals import GRAVE, Reading

_AGAINST_US = GRAVE | {"outage", "money", "waiting", "asked_before", "legal", "churn", "privacy", "anger"}
_WENT_WRONG = {"outage", "waiting", "asked_before"}
_TOLD = {"medical", "safety"}
_OVER = {"outage", "money", "waiting", "asked_before", "deadline"}  # what is over once it is solved; who is angry still is
_WARM, _WARMLY = 0.75, 2  # how positive, and with how many words of praise
_PLACE = {Mood.NEGATIVE: 0, Mood.NEUTRAL: 1, Mood.POSITIVE: 2}  # in the odds
_HINT, _MILD, _CLEAR = 0.2, 0.4, 0.6  # what findings weigh beside the scorer, for and against us, and where it cannot tell


def sarcastic(reading: Reading, signals: Collection[str]) -> bool:
    """Whether the words praise what plainly went wrong."""
    if reading.has("irony"):
        return True
    if reading.has("resolved"):
        return False
    if reading.has("acclaim") and not reading.has("but") and (_WENT_WRONG & set(signals) or reading.has("complaint")):
        return True  # "Bravo. Three hours late." with no "but" between them
    return reading.has("praise") and "outage" in signals and reading.has("thanks")


def without_what_went_well(signals: Sequence[Signal], reading: Reading, score: float | None) -> tuple[Signal, ...]:
    """Leave out an emergency that warm thanks tell of: "great job by your crew with the medical emergency"; and what is solved by now."""
    if reading.has("resolved") and not reading.asks() and not reading.has("irony", "nudge"):
        over = _OVER if not reading.has("thanks", "praise") else _OVER | GRAVE - {"self_harm"}
        signals = [signal for signal in signals if signal.name not in over]
    idioms = reading.places.of("marks.figurative")  # "these shoes are fire" praises, but thanks nobody
    praise = [
        one
        for one in reading.stands.get("marks.praise", ())
        if not any(one.start < idiom.end and idiom.start < one.end for idiom in idioms)
    ]
    warm = score is not None and score >= _WARM and len(praise) >= _WARMLY
    if not warm or reading.has("complaint", "irony") or reading.asks() or {signal.name for signal in signals} - _TOLD:
        return tuple(signals)
    return ()


def label_of(score: float, settings: SentimentSettings) -> Mood:
    """Return the mood of a score, by the thresholds of the rules."""
    if score <= settings.negative:
        return Mood.NEGATIVE
    return Mood.POSITIVE if score >= settings.positive else Mood.NEUTRAL


def sentiment(
    opinion: Opinion | None, reading: Reading, signals: Collection[str], settings: SentimentSettings, *, sarcasm: bool
) -> Sentiment:
    """Return the mood towards the brand; unknown where neither the scorer nor a single finding can tell."""
    score = opinion.score if opinion else None
    trouble = len(_AGAINST_US & set(signals)) + len(reading.stands.get("marks.complaint", ()))
    praise = len(reading.stands.get("marks.praise", ()))
    if sarcasm:
        judged = -_CLEAR
    elif score is None:
        judged = _CLEAR * (praise - trouble)
        if not judged and not reading.asks() and not reading.has("request", "suggestion", "buying"):
            return Sentiment(Mood.UNKNOWN, 0.0)
    elif trouble and not praise:
        judged = min(score, 0.0) - _MILD * min(trouble, 2)
    elif praise and not trouble:
        judged = max(score, 0.0) + _HINT * min(praise, 2)
    else:
        judged = score
    judged = round(max(-1.0, min(1.0, judged)), 4)
    label = label_of(judged, settings)
    return Sentiment(label, judged, _sure(label, opinion, settings))


def _sure(label: Mood, opinion: Opinion | None, settings: SentimentSettings) -> float | None:
    """Return the scorer's odds for the label; None where it gave none, or where findings changed the label: nobody counted those."""
    if opinion is None or opinion.odds is None or label_of(opinion.score, settings) is not label:
        return None
    return float(opinion.odds[_PLACE[label]])
