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
from listener.scoring.why import Felt, Step, Why, of_marks, of_signals

_AGAINST_US = GRAVE | {"outage", "money", "waiting", "asked_before", "legal", "churn", "privacy", "anger"}
_TOLD = {"medical", "safety"}
_WARM, _WARMLY = 0.75, 2  # how positive, and with how many words of praise
_PLACE = {Mood.NEGATIVE: 0, Mood.NEUTRAL: 1, Mood.POSITIVE: 2}  # in the odds
_HINT, _MILD, _CLEAR = 0.2, 0.4, 0.6  # what findings weigh beside the scorer, for and against us, and where it cannot tell

_IRONY = of_marks("words that nobody means as they stand", "irony")
_THANKS_FOR_NOTHING = Why("praise and thanks for what went wrong", ("marks.praise", "marks.thanks", "outage"))
_MEANT = Why("sarcasm: the words mean the opposite")
_WARM_WORDS = of_marks("words of praise", "praise")
_NO_PRAISE = Why("good words beside trouble count for nothing where they are no praise")
_NO_TROUBLE = Why("bad words beside praise count for nothing where nothing went wrong")
_MOST = Why("no score goes beyond -1 or 1")


def sarcastic(reading: Reading, signals: Collection[str]) -> Why | None:
    """Return why the words praise what plainly went wrong; None where they mean what they say."""
    if reading.has("irony"):
        return _IRONY
    meant = reading.has("praise") and "outage" in signals and reading.has("thanks") and not reading.has("resolved")
    return _THANKS_FOR_NOTHING if meant else None


def without_what_went_well(signals: Sequence[Signal], reading: Reading, score: float | None) -> tuple[Signal, ...]:
    """Leave out an emergency that warm thanks tell of: "great job by your crew with the medical emergency"."""
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


def sentiment(opinion: Opinion | None, reading: Reading, signals: Collection[str], settings: SentimentSettings, *, sarcasm: bool) -> Felt:
    """Return the mood towards the brand with the steps to it; unknown where neither the scorer nor a single finding can tell."""
    score = opinion.score if opinion else None
    against = _AGAINST_US & set(signals)
    trouble = len(against) + len(reading.stands.get("marks.complaint", ()))
    praise = len(reading.stands.get("marks.praise", ()))
    steps: list[Step] = []
    if sarcasm:
        steps.append(Step(_MEANT, -_CLEAR - (score or 0.0)))
    elif score is None:
        if trouble == praise and not reading.asks() and not reading.has("request", "suggestion", "buying"):
            return Felt(Sentiment(Mood.UNKNOWN, 0.0), ())
        steps = [_against(against, _CLEAR * trouble), Step(_WARM_WORDS, _CLEAR * praise)]
    elif trouble and not praise:
        steps = [Step(_NO_PRAISE, -max(score, 0.0)), _against(against, _MILD * min(trouble, 2))]
    elif praise and not trouble:
        steps = [Step(_NO_TROUBLE, -min(score, 0.0)), Step(_WARM_WORDS, _HINT * min(praise, 2))]
    return _felt(opinion, [step for step in steps if step.points], settings)


def _against(signals: Collection[str], points: float) -> Step:
    return Step(of_signals("something went wrong", (*signals, "marks.complaint")), -points)


def _felt(opinion: Opinion | None, steps: Sequence[Step], settings: SentimentSettings) -> Felt:
    total = (opinion.score if opinion else 0.0) + sum(step.points for step in steps)
    judged = round(max(-1.0, min(1.0, total)), 4)
    most = () if -1.0 <= total <= 1.0 else (Step(_MOST, judged - total),)
    label = label_of(judged, settings)
    return Felt(Sentiment(label, judged, _sure(label, opinion, settings)), (*steps, *most))


def _sure(label: Mood, opinion: Opinion | None, settings: SentimentSettings) -> float | None:
    """Return the scorer's odds for the label; None where it gave none, or where findings changed the label: nobody counted those."""
    if opinion is None or opinion.odds is None or label_of(opinion.score, settings) is not label:
        return None
    return float(opinion.odds[_PLACE[label]])
