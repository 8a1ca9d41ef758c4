"""A person's word on how a post is judged, put over the judgement: it changes what the person named, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from listener.model import Assessment, Corrected, Labels, Level, Mood, Sentiment, Urgency
from listener.rules.rulebook import Scoring, SentimentSettings
from listener.scoring.intent import needs_reply

_CLEARLY, _INSIDE = 0.25, 0.15  # how far beyond a threshold a score is moved: to one of the ends, and into the middle


def moved(score: float, mood: Mood, settings: SentimentSettings) -> float:
    """Return the score nearest to `score` that clearly stands for a mood, by the thresholds of the rules."""
    if mood is Mood.POSITIVE:
        return max(score, min(settings.positive + _CLEARLY, 1.0))
    if mood is Mood.NEGATIVE:
        return min(score, max(settings.negative - _CLEARLY, -1.0))
    low, high = settings.negative + _INSIDE, settings.positive - _INSIDE
    return (settings.negative + settings.positive) / 2 if low > high else max(low, min(high, score))


def agree(labels: Labels, seen: Assessment) -> bool:
    """Return whether what a person says is what was judged."""
    return not _changes(seen, labels)


def put(seen: Assessment, labels: Labels, scoring: Scoring, *, who: str, at: datetime) -> Assessment:
    """Return a judgement as a person corrected it; itself where they say the same.

    A higher urgency asks for a reply, a lower one does not take that wish back.
    """
    changes = _changes(seen, labels)
    if not changes:
        return seen
    changed = {what for what, _, _ in changes}
    sentiment, urgency, what = seen.sentiment, seen.urgency, labels.intent or seen.intent
    if labels.mood and "mood" in changed:
        sentiment = Sentiment(labels.mood, round(moved(sentiment.score, labels.mood, scoring.sentiment), 4))
    if labels.level and "urgency" in changed:
        urgency = Urgency(labels.level, getattr(scoring.urgency.levels, labels.level.value))
    wanted = needs_reply(what) if "intent" in changed else seen.needs_reply
    return replace(
        seen,
        sentiment=sentiment,
        urgency=urgency,
        intent=what,
        sarcasm=seen.sarcasm if labels.sarcasm is None else labels.sarcasm,
        needs_reply=wanted or urgency.level.rank >= Level.HIGH.rank,
        learned=0.0 if "mood" in changed else seen.learned,
        corrected=Corrected(who, at, changes),
    )


def _changes(seen: Assessment, labels: Labels) -> tuple[tuple[str, str, str], ...]:
    said = (
        ("mood", seen.sentiment.label.value, labels.mood and labels.mood.value),
        ("urgency", seen.urgency.level.value, labels.level and labels.level.value),
        ("intent", seen.intent.value, labels.intent and labels.intent.value),
        ("sarcasm", _yes(seen.sarcasm), None if labels.sarcasm is None else _yes(labels.sarcasm)),
    )
    return tuple((what, was, now) for what, was, now in said if now is not None and now != was)


def _yes(so: bool) -> str:  # noqa: FBT001  # a word for the value itself
    return "yes" if so else "no"
