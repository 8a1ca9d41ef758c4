"""Mood and sarcasm, put together from the scorer's number and from what stands in the text.

A scorer counts words: it takes "Great, ANOTHER outage. Thanks" for praise and knows one language. The marks and signals know what went
wrong, in ten languages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from listener.model import Mood, Sentiment, Signal
from listener.rules.rulebook import SentimentSettings
from listener.scoring.breaks import SENTENCE, Breaks
from listener.scoring.intent import robbed, spam, thankful
from listener.scoring.lexicon import Place
from listener.scoring.sentiment.base import Opinion
from listener.scoring.signals import GRAVE, Reading
from listener.scoring.why import Felt, Push, Why, of_marks, of_signals

_AGAINST_US = GRAVE | {"outage", "money", "waiting", "asked_before", "legal", "churn", "privacy", "deadline", "anger"}
_WENT_WRONG = {"outage", "waiting", "asked_before"}
_TOLD = {"medical", "safety"}
_OVER = {"outage", "money", "waiting", "asked_before", "deadline"}  # what is over once it is solved; who is angry still is
_WARM, _WARMLY = 0.75, 2  # how positive, and with how many words of praise
_PLACE = {Mood.NEGATIVE: 0, Mood.NEUTRAL: 1, Mood.POSITIVE: 2}  # in the odds
_EYES = re.compile("[🙄🙃😒]")  # nobody rolls their eyes in earnest praise
_POLITE = 0.4  # how positive at most, where the only kind word thanks for an answer that is asked for
_LEAST = 0.3  # how positive a post is at least that praises and neither asks nor complains
_HINT, _MILD, _CLEAR = 0.4, 0.6, 0.6  # what findings weigh beside the scorer, for and against us, and where it cannot tell

# A scorer that is a third sure is told all that was found; one that is wholly sure, nothing. Scorers know English better than the others.
_ENGLISH, _OTHERS = 1.5, 3.0

_IRONY = of_marks("words that nobody means as they stand", "irony")
_THANKS_FOR_NOTHING = Why("praise and thanks for what went wrong", ("marks.praise", "marks.thanks", "outage"))
_ACCLAIM = Why("acclaim for what went wrong", ("marks.acclaim", "marks.complaint", *sorted(_WENT_WRONG)))
_ROLLED = of_marks("rolling eyes beside words of praise or thanks", "praise", "thanks")
_NOT_US = Why("what is told is no fault of ours: news, spam, or a theft that we are asked to help with")
_THANKS_AHEAD = of_marks("thanks for an answer that is asked for are courtesy", "thanks")
_MERE = Why("who only asks, and names nothing that went wrong, is in no bad mood")
_BUT = of_marks("a but turns the praise", "but")
_MEANT = Why("sarcasm: the words mean the opposite")
_WARM_WORDS = of_marks("words of praise", "praise")
_NO_PRAISE = Why("good words beside trouble count for nothing where they are no praise")
_NO_TROUBLE = Why("bad words beside praise count for nothing where nothing went wrong")
_MOST = Why("no score goes beyond -1 or 1")


def sarcastic(reading: Reading, signals: Collection[str]) -> Why | None:
    """Return why the words praise what plainly went wrong; None where they mean what they say."""
    if reading.has("praise", "thanks") and _EYES.search(reading.places.text) and not reading.asks:
        return _ROLLED
    if any(not _turned(reading, place) for place in reading.stands.get("marks.irony", ())):
        return _IRONY
    if reading.has("resolved"):
        return None
    if reading.has("acclaim") and not reading.has("but") and (_WENT_WRONG & set(signals) or reading.has("complaint")):
        return _ACCLAIM  # "Bravo. Three hours late." with no "but" between them
    return _THANKS_FOR_NOTHING if reading.has("praise") and "outage" in signals and reading.has("thanks") else None


def _turned(reading: Reading, place: Place) -> bool:
    """Whether a "but" stands in what looks like irony: "great crew as always, but the third delay" means both."""
    return any(place.start < one.start and one.end < place.end for one in reading.stands.get("marks.but", ()))


def without_what_went_well(signals: Sequence[Signal], reading: Reading, score: float | None) -> tuple[Signal, ...]:
    """Leave out an emergency that warm thanks tell of: "great job by your crew with the medical emergency"; and what is solved by now."""
    if reading.has("resolved") and not reading.asks and not reading.has("irony", "nudge", "despair"):
        over = _OVER | GRAVE - {"self_harm"} if thankful(reading) else _OVER
        signals = [signal for signal in signals if signal.name not in over or _said_since(reading, signal.name)]
    idioms = reading.places.of("marks.figurative")  # "these shoes are fire" praises, but thanks nobody
    praise = [one for one in reading.stands.get("marks.praise", ()) if not one.meets(idioms)]
    warm = score is not None and score >= _WARM and len(praise) >= _WARMLY
    if not warm or reading.has("complaint", "irony") or reading.asks or {signal.name for signal in signals} - _TOLD:
        return tuple(signals)
    return tuple(signal for signal in signals if not _thanked_for(signal.name, reading))


def _thanked_for(name: str, reading: Reading) -> bool:
    """Whether the sentence that tells of an emergency praises or thanks, too: kind words in other sentences are courtesy."""
    kind = [one for mark in ("praise", "thanks", "acclaim") for one in reading.stands.get(f"marks.{mark}", ())]
    sentences = Breaks(reading.places.text, SENTENCE)
    return all(
        any(not sentences.between(min(one.end, other.end), max(one.start, other.start)) for other in kind)
        for one in reading.stands.get(f"signals.{name}", ())
    )


def _said_since(reading: Reading, signal: str) -> bool:
    """Whether a signal stands behind the words that something is over: "never mind the lamp, you charged me twice"."""
    over = max(one.end for one in reading.stands["marks.resolved"])
    return any(one.start >= over for one in reading.stands.get(f"signals.{signal}", ()))


def label_of(score: float, settings: SentimentSettings) -> Mood:
    """Return the mood of a score, by the thresholds of the rules."""
    if score <= settings.negative:
        return Mood.NEGATIVE
    return Mood.POSITIVE if score >= settings.positive else Mood.NEUTRAL


def sentiment(opinion: Opinion | None, reading: Reading, signals: Collection[str], settings: SentimentSettings, *, sarcasm: bool) -> Felt:
    """Return the mood towards the brand with the steps to it; unknown where neither the scorer nor a single finding can tell."""
    score = opinion.score if opinion else None
    if reading.told or robbed(reading, signals) or spam(reading, signals):
        steps: Sequence[Push] | None = (Push(_NOT_US, -(score or 0.0)),)
    elif sarcasm:
        steps = (Push(_MEANT, -_CLEAR - (score or 0.0)),)
    else:
        steps = _steps(score, reading, _AGAINST_US & set(signals))
        doubt = 1.0 if GRAVE & set(signals) else _doubt(opinion, reading)  # no count of words outweighs an emergency
        steps = steps and [Push(step.why, step.points * doubt) for step in steps]
        if not steps and opinion and label_of(opinion.score, settings) is Mood.NEGATIVE and _merely_asks(opinion, reading, signals):
            steps = (Push(_MERE, -opinion.score),)
    if steps is None:
        return Felt(Sentiment(Mood.UNKNOWN, 0.0), ())
    return _felt(opinion, [step for step in steps if step.points], settings)


def _merely_asks(opinion: Opinion, reading: Reading, signals: Collection[str]) -> bool:
    """Whether the post asks for something, nothing found speaks against us, and the scorer too thinks it likeliest in no mood.

    A scorer's label is the likeliest mood if all were equally common. Among plain questions they are not: nearly all are neutral.
    """
    asks = (reading.asks or reading.has("request", "suggestion", "buying")) and not reading.has("irony", "despair", "nudge", "complaint")
    return asks and not signals and opinion.odds is not None and max(opinion.odds) == opinion.odds[_PLACE[Mood.NEUTRAL]]


def _steps(score: float | None, reading: Reading, against: Collection[str]) -> Sequence[Push] | None:
    """Return what the findings add to the scorer's number; None where neither can tell."""
    trouble = len(against) + len(reading.stands.get("marks.complaint", ()))
    praise = len(reading.stands.get("marks.praise", ()))
    polite = praise == 1 and reading.has("thanks") and (reading.asks or reading.has("request"))
    praise = 0 if polite else praise
    asks = reading.asks or reading.has("request", "suggestion", "buying")
    if score is None:
        known = trouble != praise or asks
        return (_against(against, _CLEAR * trouble), Push(_WARM_WORDS, _CLEAR * praise)) if known else None
    if trouble and not praise:
        return Push(_NO_PRAISE, -max(score, 0.0)), _against(against, _MILD * min(trouble, 2))
    if praise and not trouble:
        least = max(score, 0.0 if asks else _LEAST)
        return Push(_NO_TROUBLE, max(0.0, -score)), Push(_WARM_WORDS, least - max(score, 0.0) + _HINT * min(praise, 2))
    if trouble and reading.has("but"):
        return Push(_BUT, -max(score, 0.0)), _against(against, _MILD)
    return (Push(_THANKS_AHEAD, min(0.0, _POLITE - score)),) if polite else ()


def _doubt(opinion: Opinion | None, reading: Reading) -> float:
    """Return how much findings count, from 0 to 1: the less, the surer the scorer is, which has read the same words."""
    if opinion is None or opinion.odds is None:
        return 1.0
    return min(1.0, (_ENGLISH if reading.language == "en" else _OTHERS) * (1 - max(opinion.odds)))


def _against(signals: Collection[str], points: float) -> Push:
    return Push(of_signals("something went wrong", (*signals, "marks.complaint")), -points)


def _felt(opinion: Opinion | None, steps: Sequence[Push], settings: SentimentSettings) -> Felt:
    total = (opinion.score if opinion else 0.0) + sum(step.points for step in steps)
    judged = round(max(-1.0, min(1.0, total)), 4)
    most = () if -1.0 <= total <= 1.0 else (Push(_MOST, judged - total),)
    label = label_of(judged, settings)
    return Felt(Sentiment(label, judged, _sure(label, opinion, settings)), (*steps, *most))


def _sure(label: Mood, opinion: Opinion | None, settings: SentimentSettings) -> float | None:
    """Return the scorer's odds for the label; None where it gave none, or where findings changed the label: nobody counted those."""
    if opinion is None or opinion.odds is None or label_of(opinion.score, settings) is not label:
        return None
    return float(opinion.odds[_PLACE[label]])
