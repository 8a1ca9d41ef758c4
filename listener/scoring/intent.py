"""What the author mainly wants, whether a good brand would answer, and in what tone the author speaks."""

from __future__ import annotations

import re
from collections.abc import Collection

from listener.model import Intent, Mood
from listener.scoring.signals import GRAVE, Reading
from listener.scoring.why import Wanted, Why, of_marks, of_signals

_LINK = re.compile(r"https?:|www\.|\bbit\.ly|\bt\.me\b")
# A signal that is a complaint by itself; money, legal, press and bereaved may also come as a question or a request.
_TROUBLE = GRAVE | {"outage", "waiting", "asked_before", "churn", "privacy", "anger"}
_ANSWERED = frozenset({Intent.COMPLAINT, Intent.QUESTION, Intent.REQUEST, Intent.BUYING, Intent.SUGGESTION})
_SURE_SPAM = 2  # so many marks of spam need no link beside them


_SARCASM = Why("sarcasm: the words praise what went wrong")
_MONEY = Why("money or the law, neither asked about nor asked for", ("money", "legal"))
_COMPLAINT = of_marks("words of complaint", "complaint")
_LINKED, _MARKED = of_marks("a mark of spam with a link", "spam"), of_marks("several marks of spam", "spam")
_THANKED = of_marks("a good mood with words of praise or thanks", "praise", "thanks")
_AT_STAKE = of_marks("a day or a person that cannot wait", "occasion", "vulnerable")
_BUYING = of_marks("words of somebody who may buy", "buying")
_SUGGESTION, _REQUEST = of_marks("words of a suggestion", "suggestion"), of_marks("words of a request", "request")
_QUESTION, _ASKED = of_marks("words of a question", "question"), Why("a question mark")
_PRAISE, _NOTHING = of_marks("words of praise", "praise"), Why("no words of any other intent")


def _spam(reading: Reading, signals: Collection[str]) -> Why | None:
    marks = len(reading.stands.get("marks.spam", ()))
    if not marks or GRAVE & set(signals):
        return None
    if marks >= _SURE_SPAM:
        return _MARKED
    return _LINKED if link(reading) else None


def link(reading: Reading) -> str:
    """Return the beginning of the first link in the text, "" where there is none."""
    found = _LINK.search(reading.folded.text)
    return found[0] if found else ""


def _complaint(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> Why | None:
    if sarcasm:
        return _SARCASM
    if trouble := _TROUBLE & set(signals):
        return of_signals("something went wrong for the author", trouble)
    if reading.has("complaint"):
        return _COMPLAINT if mood is not Mood.POSITIVE or not reading.has("praise") else None
    return _MONEY if ("money" in signals or "legal" in signals) and not reading.asks() and not reading.has("request") else None


def intent(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> Wanted:
    """Return what the author mainly wants, and why."""
    if why := _spam(reading, signals):
        return Wanted(Intent.SPAM, why)
    if why := _complaint(reading, signals, mood, sarcasm=sarcasm):
        return Wanted(Intent.COMPLAINT, why)
    marked = _by_marks(reading, signals)
    if marked.what is Intent.OTHER and mood is Mood.POSITIVE and reading.has("praise", "thanks"):
        return Wanted(Intent.PRAISE, _THANKED)
    return marked


def _by_marks(reading: Reading, signals: Collection[str]) -> Wanted:
    praised = reading.has("praise")
    if reading.has("buying") and (reading.asks() or not praised):
        return Wanted(Intent.BUYING, _BUYING)
    if reading.has("suggestion"):
        return Wanted(Intent.SUGGESTION, _SUGGESTION)
    if reading.has("question"):
        return Wanted(Intent.QUESTION, _QUESTION)
    if reading.has("request"):
        return Wanted(Intent.REQUEST, _REQUEST)
    if reading.asks():
        return Wanted(Intent.QUESTION, _ASKED)
    if matters := set(signals) & {"money", "legal", "press", "bereaved"}:
        return Wanted(Intent.REQUEST, of_signals("a matter that somebody must see to", matters))
    return Wanted(Intent.PRAISE, _PRAISE) if praised else Wanted(Intent.OTHER, _NOTHING)


def needs_reply(what: Intent) -> bool:
    """Whether a good brand would answer: always, except to praise, spam and chatter."""
    return what in _ANSWERED


def informal(reading: Reading) -> bool:
    """Whether the author speaks informally, as far as the words show it."""
    return reading.has("informal") and not reading.has("formal")


def moment_of_truth(reading: Reading, signals: Collection[str], what: Intent) -> Why | None:
    """Return why the outcome decides if the person stays for life or leaves for ever; None where it does not."""
    if what is Intent.SPAM:
        return None
    if decisive := ((GRAVE - {"many"}) | {"bereaved"}) & set(signals):
        return of_signals("somebody is in grave trouble", decisive)
    at_stake = what in {Intent.COMPLAINT, Intent.REQUEST} and reading.has("occasion", "vulnerable")
    return _AT_STAKE if at_stake else None
