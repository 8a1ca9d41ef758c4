"""Which findings stand: a phrase that is denied ("no fire"), figurative ("these shoes are fire") or imagined ("what if") does not.

When in doubt a finding stands: a cry for help that is missed is worse than one looked at for nothing.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate

from listener.scoring.breaks import CLAUSE, SENTENCE, Breaks
from listener.scoring.lexicon import Place, Places
from listener.scoring.pairs import HALVES, paired
from listener.scoring.phrases import LANGUAGES, small_words
from listener.scoring.told import ACTED, acted, is_told, only_left

_LOOK_BACK, _WORDS_BACK = 48, 3  # characters, and words, looked at before a finding
_TOKEN = re.compile(r"[\w']+")
# As people write it: haha, ahah, jajaja, kkk, rsrs, mdr, www, 草 (but no tobacco and no meadow), the Turkish hammering of keys, хаха, ㅋㅋ.  # noqa: RUF003
_LAUGHS = re.compile(
    r"[😂🤣😆😹💀笑]|(?<!\w)w{3,}(?![\w.])|(?<=[\u3040-\u30ff\u4e00-\u9fff])w+(?!\w)|(?<![煙雑薬牧海除芝水毒干野山])草(?![むぎ原木花地取刈案稿書野食])|[\u110f\u1112]{2,}"
    r"|\b(?=[lrbwahejkmpxsdå\u0430\u0445\u043b][^\W\d_])(?:lo+l+|lmao+|lmfao|rofl|b?w?a*(?:ha){2,}h*a*|a?(?:ah){2,}a*|(?:he){2,}h?|(?:eh){2,}e?|(?:hi){2,}h?|(?:hu[ea]){2,}"
    r"|a?(?:ja){2,}j?|(?:je){2,}j?|(?:ji){2,}|mdr+|ptdr+|k{3,}|(?:rs){2,}|xd+|(?:sj){2,}s?|(?:ks){2,}k?|(?:dj|jd|sk|js){3,}\w{0,9}|[aå]sdf\w{0,12}"
    r"|а?(?:ха){2,}х?|а?(?:ах){2,}а?|(?:хе){2,}|(?:хи){2,}|лол)\b"  # noqa: RUF001
)

# These look at what was not done for the author, or begin with a denial themselves.
_NEVER_DENIED = frozenset(
    {
        "signals.waiting",
        "signals.asked_before",
        "signals.churn",
        "marks.figurative",
        "marks.hypothetical",
        "marks.story",
        "marks.news",
        "marks.irony",
    }
)
_DENIED_MARKS = frozenset({"marks.praise", "marks.complaint", "marks.resolved"})
_DENYING = ("don't", "dont", "do not", "never", "not")
_UNDOING = frozenset({"marks.figurative", "marks.hypothetical", "marks.story", "marks.fiction"})
_MAY_BE_FIGURATIVE = frozenset({"marks.praise", "marks.irony", "marks.figurative"})


def _denied(text: str, place: Place, language: str) -> bool:
    """Whether a denial stands right before the place in the same clause, or right behind it.

    A denial counts in the language of the phrase and in that of the text: many phrases look the same in two languages.
    """
    before = text[max(0, place.start - _LOOK_BACK) : place.start]
    clause = CLAUSE.split(before)[-1]
    for word in reversed(_TOKEN.findall(clause)[-_WORDS_BACK:]):
        if word in _small("turns", place.language, language):
            return _denied_after(text, place, language)
        if word in _small("denials", place.language, language):
            return True
    return _denied_after(text, place, language)


def _denied_after(text: str, place: Place, language: str) -> bool:
    after = text[place.end : place.end + 12].lstrip()
    for denial in _small("denials_after", place.language, language):
        if after.startswith(denial) and (not denial.isascii() or not after[len(denial) :].strip()[:1].isalnum()):
            return True
    return False


@cache
def _small(name: str, phrase: str, text: str) -> frozenset[str]:
    """Return the small words of the language of the phrase, and of that of the text if it has a file."""
    return small_words(name, phrase) | (small_words(name, text) if text in LANGUAGES else frozenset())


def _told_of_others(text: str, place: Place) -> bool:
    """Whether a wish is only told of: "if you don't answer", "they never call me"."""
    if not text.startswith(_DENYING, place.start):
        return False
    before = _TOKEN.findall(text[max(0, place.start - _LOOK_BACK) : place.start])
    return bool(before) and before[-1] in small_words("tellers", place.language)


def _likened(text: str, place: Place) -> bool:
    """Whether something is only likened to it: "stuck in the lift, like in a film" happened all the same."""
    before = _TOKEN.findall(text[max(0, place.start - _LOOK_BACK) : place.start])
    return bool(before) and before[-1] in small_words("likened", place.language)


class _Around:
    """Places by which others are undone: figures of speech they lie in, or what is imagined in the same sentence."""

    def __init__(self, text: str, places: Sequence[tuple[int, int]]) -> None:
        """Sort the places, so that each question takes no longer for many of them."""
        spans = sorted(set(places))
        self._spans = spans
        self._reach = list(accumulate((end for _, end in spans), max))
        self._sentences, self._clauses = (Breaks(text if spans else "", kind) for kind in (SENTENCE, CLAUSE))

    def hold(self, place: Place) -> bool:
        """Whether the place lies within one of them."""
        before = bisect_right(self._spans, (place.start, sys.maxsize))
        return before > 0 and self._reach[before - 1] >= place.end

    def share_a_sentence(self, place: Place) -> bool:
        """Whether one of them stands in the same sentence."""
        before = bisect_right(self._spans, (place.start, place.end))
        if before and not self._sentences.between(self._reach[before - 1], place.start):
            return True
        return before < len(self._spans) and not self._sentences.between(place.end, self._spans[before][0])

    def imagine(self, place: Place) -> bool:
        """Whether they make the place imagined, too: in the same clause, or leading to it in a sentence that asks."""
        before = bisect_right(self._spans, (place.start, place.end))
        if before and not self._sentences.between(end := self._reach[before - 1], place.start):
            return self._sentences.next(place.end) == "?" or not self._clauses.between(end, place.start)
        return before < len(self._spans) and not self._clauses.between(place.end, self._spans[before][0])


def _around(places: Places, name: str) -> _Around | None:
    if name not in places:
        return None
    found = [(one.start, one.end) for one in places.of(name) if not _likened(places.text, one)]
    return _Around(places.text, found) if found else None


class _Unreal:
    """What did not happen, or harms nobody: what is harmless, what a story tells, what is imagined."""

    def __init__(self, places: Places) -> None:
        """Find it."""
        self._harmless, self._story, self._imagined = (_around(places, f"marks.{name}") for name in ("harmless", "story", "hypothetical"))

    def holds(self, name: str, place: Place) -> bool:
        """Whether the place of a finding of this name belongs to it. Whoever plays with the thought of dying is in need all the same."""
        if (self._harmless and self._harmless.hold(place)) or (self._story and self._story.share_a_sentence(place)):
            return True
        return bool(self._imagined and name != "signals.self_harm" and self._imagined.imagine(place))


def laughs(text: str) -> bool:
    """Whether the author laughs in the (folded) text."""
    return bool(_LAUGHS.search(text))


def standing(places: Places, language: str) -> Mapping[str, tuple[Place, ...]]:
    """Return the findings that stand, by name; `language` is that of the text, "und" where it is unknown."""
    text, idioms, unreal, played = places.text, _around(places, "marks.figurative"), _Unreal(places), acted(places)
    kept: dict[str, tuple[Place, ...]] = {}
    for name, found in places.found.items():
        signal = name.startswith("signals.")
        left: Sequence[Place] = found
        if idioms and name not in _MAY_BE_FIGURATIVE:
            left = [one for one in left if not idioms.hold(one)]
        if (signal and name not in _NEVER_DENIED) or name in _DENIED_MARKS:
            left = [one for one in left if not _denied(text, one, language)]
        if signal or name in HALVES:
            left = [one for one in left if not unreal.holds(name, one)]
        if played and name not in _UNDOING:
            left = [one for one in left if not one.meets(played)]
        if name.startswith("wishes."):
            left = [one for one in left if not _told_of_others(text, one)]
        if left:
            kept[name] = tuple(left)
    if played:
        kept[ACTED] = played
    return only_left(kept, places) if is_told(places, language) else paired(kept)
