"""What the author mainly wants, whether a good brand would answer, and in what tone the author speaks."""

from __future__ import annotations

import re
from collections.abc import Collection

from listener.model import Intent, Mood
from listener.scoring.signals import GRAVE, Reading

_LINK = re.compile(r"https?:|www\.|\bbit\.ly|\bt\.me\b")
# A signal that is a complaint by itself; money, legal, press and bereaved may also come as a question or a request.
_TROUBLE = GRAVE | {"outage", "waiting", "asked_before", "churn", "privacy", "anger", "deadline"}
_ANSWERED = frozenset({Intent.COMPLAINT, Intent.QUESTION, Intent.REQUEST, Intent.BUYING, Intent.SUGGESTION})
_SURE_SPAM = 2  # so many marks of spam need no link beside them
_SCAM = 2  # so many marks of a swindler outweigh an emergency: "she got my stolen money back, write to her"


def _is_spam(reading: Reading, signals: Collection[str]) -> bool:
    scams = len(reading.stands.get("marks.scam", ()))
    if scams >= _SCAM:
        return True
    marks = len(reading.stands.get("marks.spam", ())) + scams
    if not marks or GRAVE & set(signals):
        return False
    return marks >= _SURE_SPAM or bool(_LINK.search(reading.folded.text))


def _complains(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> bool:
    if sarcasm or _TROUBLE & set(signals):
        return True
    if reading.has("complaint"):
        return mood is not Mood.POSITIVE or not reading.has("praise")
    return ("money" in signals or "legal" in signals) and not reading.asks() and not reading.has("request")


def intent(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> Intent:
    """Return what the author mainly wants."""
    if _is_spam(reading, signals):
        return Intent.SPAM
    if reading.has("resolved") and not sarcasm and not _TROUBLE & set(signals) and not reading.asks() and not reading.has("request"):
        return Intent.PRAISE if reading.has("thanks", "praise") else Intent.OTHER
    if _complains(reading, signals, mood, sarcasm=sarcasm):
        return Intent.COMPLAINT
    marked = _by_marks(reading, signals)
    if marked is Intent.OTHER and mood is Mood.POSITIVE and reading.has("praise", "thanks"):
        return Intent.PRAISE
    return marked


def _by_marks(reading: Reading, signals: Collection[str]) -> Intent:
    praised = reading.has("praise")
    if reading.has("buying") and (reading.asks() or not praised):
        return Intent.BUYING
    if reading.has("suggestion"):
        return Intent.SUGGESTION
    if reading.has("question"):
        return Intent.QUESTION
    if reading.has("request"):
        return Intent.REQUEST
    if reading.asks():
        return Intent.QUESTION
    if set(signals) & {"money", "legal", "press", "bereaved"}:
        return Intent.REQUEST
    return Intent.PRAISE if praised else Intent.OTHER


def needs_reply(what: Intent) -> bool:
    """Whether a good brand would answer: always, except to praise, spam and chatter."""
    return what in _ANSWERED


def informal(reading: Reading) -> bool:
    """Whether the author speaks informally, as far as the words show it."""
    return reading.has("informal") and not reading.has("formal")


def moment_of_truth(reading: Reading, signals: Collection[str], what: Intent) -> bool:
    """Whether the outcome decides if the person stays for life or leaves for ever."""
    if what is Intent.SPAM:
        return False
    if (GRAVE - {"many"}) & set(signals) or "bereaved" in signals:
        return True
    return what in {Intent.COMPLAINT, Intent.REQUEST} and reading.has("occasion", "vulnerable")
