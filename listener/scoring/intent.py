"""What the author mainly wants, whether a good brand would answer, and in what tone the author speaks."""

from __future__ import annotations

import re
from collections.abc import Collection

from listener.model import Intent, Mood
from listener.scoring.signals import GRAVE, Reading
from listener.scoring.why import Wanted, Why, of_marks, of_signals

_LINK = re.compile(r"https?:|www\.|\bbit\.ly|\bt\.me\b")
# A signal that is a complaint by itself; money, legal, press and bereaved may also come as a question or a request.
_TROUBLE = GRAVE | {"outage", "waiting", "asked_before", "churn", "privacy", "deadline", "anger"}
_ANSWERED = frozenset({Intent.COMPLAINT, Intent.QUESTION, Intent.REQUEST, Intent.BUYING, Intent.SUGGESTION})
_SURE_SPAM = 2  # so many marks of spam need no link beside them
_SCAM = 2  # so many marks of a swindler outweigh an emergency: "account hacked? Write to @x, he got mine back"
_BAIT = frozenset({"account", "losing_money", "stranded", "many"})  # emergencies that swindlers speak of

_SARCASM = Why("sarcasm: the words praise what went wrong")
_MONEY = Why("money or the law, neither asked about nor asked for", ("money", "legal"))
_COMPLAINT = of_marks("words of complaint", "complaint")
_SWINDLER = of_marks("the offer of a swindler", "scam")
_SOLVED = of_marks("what was wrong is solved by now", "resolved", "thanks", "praise")
_GRUMBLE = Why("somebody in no good mood tells of what we or ours did")
_PRESS = Why("the press asks", ("press",))
_TELLS = of_marks("news or a notice, in which nobody speaks for themselves", "told")
_LINKED, _MARKED = of_marks("a mark of spam with a link", "spam", "scam"), of_marks("several marks of spam", "spam", "scam")
_THANKED = of_marks("a good mood with words of praise or thanks", "praise", "thanks")
_AT_STAKE = of_marks("a day or a person that cannot wait", "occasion", "vulnerable")
_BUYING = of_marks("words of somebody who may buy", "buying")
_SUGGESTION, _REQUEST = of_marks("words of a suggestion", "suggestion"), of_marks("words of a request", "request")
_QUESTION, _ASKED = of_marks("words of a question", "question"), Why("a question mark")
_PRAISE, _NOTHING = of_marks("words of praise", "praise"), Why("no words of any other intent")


def spam(reading: Reading, signals: Collection[str]) -> Why | None:
    """Return why the post sells or swindles, or None; an emergency outweighs them, of a swindler one that is no bait."""
    swindles = len(reading.stands.get("marks.scam", ()))
    if swindles >= _SCAM and not reading.has("victim") and not (GRAVE - _BAIT) & set(signals):
        return _SWINDLER
    marks = len(reading.stands.get("marks.spam", ())) + swindles
    if not marks or GRAVE & set(signals):
        return None
    if marks >= _SURE_SPAM:
        return _MARKED
    return _LINKED if link(reading) else None


def link(reading: Reading) -> str:
    """Return the beginning of the first link in the text, "" where there is none."""
    found = _LINK.search(reading.folded.text)
    return found[0] if found else ""


def robbed(reading: Reading, signals: Collection[str]) -> bool:
    """Whether the author was robbed, or lost a card, asks for help and blames nobody: that is no fault of the brand."""
    lost = reading.stands.get("marks.robbed", ())
    if not lost:
        return False
    asks = reading.has("request", "question") or reading.asks
    blames = any(not one.meets(lost) for one in reading.stands.get("marks.complaint", ()))
    return asks and not blames and set(signals) <= {"losing_money", "money", "reach"}


def _complaint(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> Why | None:
    if robbed(reading, signals):
        return None
    if sarcasm:
        return _SARCASM
    if trouble := _TROUBLE & set(signals):
        return of_signals("something went wrong for the author", trouble)
    if thankful(reading):
        return None
    if reading.has("complaint") and not (reading.has("hypothetical", "story") and reading.asks):
        return _COMPLAINT if mood is not Mood.POSITIVE or not reading.has("praise") or reading.has("but") else None
    return _MONEY if ("money" in signals or "legal" in signals) and not reading.asks and not reading.has("request") else None


def intent(reading: Reading, signals: Collection[str], mood: Mood, *, sarcasm: bool) -> Wanted:
    """Return what the author mainly wants, and why."""
    if why := spam(reading, signals):
        return Wanted(Intent.SPAM, why)
    if reading.has("resolved") and not sarcasm and not signals and not reading.asks and not reading.has("request"):
        return Wanted(Intent.PRAISE if reading.has("thanks", "praise") else Intent.OTHER, _SOLVED)
    if why := _complaint(reading, signals, mood, sarcasm=sarcasm):
        return Wanted(Intent.COMPLAINT, why)
    if reading.told:
        return Wanted(Intent.OTHER, _TELLS)
    marked = _by_marks(reading, signals)
    if marked.what is Intent.OTHER and _grumbles(reading, mood):
        return Wanted(Intent.COMPLAINT, _GRUMBLE)
    if marked.what is Intent.OTHER and mood is Mood.POSITIVE and reading.has("praise", "thanks"):
        return Wanted(Intent.PRAISE, _THANKED)
    return marked


def _grumbles(reading: Reading, mood: Mood) -> bool:
    """Whether a post without a known word of complaint is one: somebody tells us, in no good mood, what we or ours did."""
    if mood is Mood.POSITIVE or reading.has("fiction", "figurative", "praise", "thanks", "resolved"):
        return False
    if mood is Mood.NEGATIVE:
        return reading.addressed or reading.about_service or "@" in reading.folded.text
    return reading.addressed if mood is Mood.UNKNOWN else reading.about_service and reading.near


def _by_marks(reading: Reading, signals: Collection[str]) -> Wanted:
    praised, asks = reading.has("praise"), not reading.has("riddle")
    if "press" in signals and (reading.asks or reading.has("request", "buying")):
        return Wanted(Intent.REQUEST, _PRESS)
    if reading.has("buying") and (reading.asks or not praised):
        return Wanted(Intent.BUYING, _BUYING)
    if reading.has("suggestion"):
        return Wanted(Intent.SUGGESTION, _SUGGESTION)
    if asks and reading.has("question"):
        return Wanted(Intent.QUESTION, _QUESTION)
    if reading.has("request"):
        return Wanted(Intent.REQUEST, _REQUEST)
    if asks and reading.asks:
        return Wanted(Intent.QUESTION, _ASKED)
    if matters := set(signals) & {"money", "legal", "press", "bereaved"}:
        return Wanted(Intent.REQUEST, of_signals("a matter that somebody must see to", matters))
    return Wanted(Intent.PRAISE, _PRAISE) if praised else Wanted(Intent.OTHER, _NOTHING)


def thankful(reading: Reading) -> bool:
    """Whether the author tells of something that came to a good end, and thanks or praises for it."""
    return reading.has("resolved") and reading.has("praise", "thanks") and not reading.has("irony", "but", "nudge") and not reading.asks


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
