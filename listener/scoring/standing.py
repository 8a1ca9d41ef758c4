"""Which findings stand: a phrase that is denied ("no fire"), figurative ("these shoes are fire") or imagined ("what if") does not.

When in doubt a finding stands: a cry for help that is missed is worse than one looked at for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from listener.scoring.lexicon import Place, Places
from listener.scoring.phrases import small_words

_LOOK_BACK, _WORDS_BACK = 48, 3  # characters, and words, looked at before a finding
_CLAUSE_BREAK = re.compile(r"[.!?;:,\n。！？、]")  # noqa: RUF001 - Japanese marks
_SENTENCE_BREAK = re.compile(r"[.!?\n。！？]")  # noqa: RUF001 - Japanese marks
_TOKEN = re.compile(r"[\w']+")
_LAUGHS = re.compile(r"[😂🤣😆😹💀]|\b(?:lol|lmao|lmfao|rofl|haha\w*|hehe\w*|hihi|jaja\w*|mdr|ptdr|kkk+|rsrs|xd)\b|w{3,}|(?:笑|草)")

# These look at what was not done for the author, or begin with a denial themselves.
_NEVER_DENIED = frozenset(
    {"signals.waiting", "signals.asked_before", "signals.churn", "marks.figurative", "marks.hypothetical", "marks.irony"}
)
_DENYING = ("don't", "dont", "do not", "never", "not")
_MAY_BE_FIGURATIVE = frozenset({"marks.praise", "marks.irony", "marks.figurative"})


def _denied(text: str, place: Place) -> bool:
    """Whether a denial stands right before the place in the same clause, or right behind it."""
    before = text[max(0, place.start - _LOOK_BACK) : place.start]
    clause = _CLAUSE_BREAK.split(before)[-1]
    for word in reversed(_TOKEN.findall(clause)[-_WORDS_BACK:]):
        if word in small_words("turns", place.language):
            return _denied_after(text, place)
        if word in small_words("denials", place.language):
            return True
    return _denied_after(text, place)


def _denied_after(text: str, place: Place) -> bool:
    after = text[place.end : place.end + 12].lstrip()
    for denial in small_words("denials_after", place.language):
        if after.startswith(denial) and (not denial.isascii() or not after[len(denial) :].strip()[:1].isalnum()):
            return True
    return False


def _told_of_others(text: str, place: Place) -> bool:
    """Whether a wish is only told of: "if you don't answer", "they never call me"."""
    if not text.startswith(_DENYING, place.start):
        return False
    before = _TOKEN.findall(text[max(0, place.start - _LOOK_BACK) : place.start])
    return bool(before) and before[-1] in small_words("tellers", place.language)


def _within(place: Place, others: tuple[Place, ...]) -> bool:
    return any(other.start <= place.start and place.end <= other.end for other in others)


def _imagined(places: Places, place: Place) -> bool:
    """Whether the sentence around the place is about something imagined."""
    for other in places.of("marks.hypothetical"):
        first, last = sorted([(other.start, other.end), (place.start, place.end)])
        if not _SENTENCE_BREAK.search(places.text[first[1] : max(first[1], last[0])]):
            return True
    return False


def laughs(text: str) -> bool:
    """Whether the author laughs in the (folded) text."""
    return bool(_LAUGHS.search(text))


def standing(places: Places) -> Mapping[str, tuple[Place, ...]]:
    """Return the findings that stand, by name."""
    idioms = places.of("marks.figurative")
    kept: dict[str, tuple[Place, ...]] = {}
    for name, found in places.found.items():
        signal = name.startswith("signals.")
        left = tuple(
            place
            for place in found
            if not (idioms and name not in _MAY_BE_FIGURATIVE and _within(place, idioms))
            and not (name not in _NEVER_DENIED and (signal or name in {"marks.praise", "marks.complaint"}) and _denied(places.text, place))
            and not (signal and _imagined(places, place))
            and not (name.startswith("wishes.") and _told_of_others(places.text, place))
        )
        if left:
            kept[name] = left
    return kept
