"""What is only told of: news, notices, films, songs and jokes speak of fires and stolen cards that nobody here has met with.

When in doubt a finding is the author's own. News and notices are told of only where nobody speaks for themselves; what stands in
quotation marks, only where the text says that it is from a film, a song, an advert or the like: a quoted cry of somebody in need stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from listener.scoring.lexicon import Place, Places
from listener.scoring.phrases import LANGUAGES, UNSPACED, small_words

TOLD, ACTED = "marks.told", "marks.acted"
_BEFORE, _WORDS = 24, 2  # characters, and words, before the name of a kind of fiction in which it is denied
_TOKEN = re.compile(r"[\w']+")
_QUOTED = re.compile(
    r"[\"“„«»]([^\"“”„«»\n]{2,200})[\"“”«»]|(?<!\w)'([^'\n]{2,200}(?:'\w[^'\n]{0,200}){0,8})'(?!\w)"  # an apostrophe may stand inside
)
# An episode such as s2e4, and the notes that people set around lines of a song.
_TITLED = re.compile(r"s(?<!\ws)\d{1,2} ?e\d{1,3}\b|🎵|🎶|♪|♫|🎬|🍿|📺|🎮")  # each begins with one sign, so the search skips to these
# What is left of a text that is only told of: who it is for, and what sells something.
_KEPT = frozenset(
    {
        "marks.spam",
        "marks.scam",
        "marks.informal",
        "marks.formal",
        "marks.figurative",
        "marks.hypothetical",
        "marks.story",
        "signals.self_harm",
    }
)


def quoted(text: str) -> list[tuple[int, int]]:
    """Return where the (folded) text stands in quotation marks."""
    return [found.span() for found in _QUOTED.finditer(text)]


def is_told(places: Places, language: str) -> bool:
    """Whether the whole text only tells of something: news of others, or a notice such as a job that is offered."""
    for name, speaker in (("marks.news", "near"), ("marks.notice", "self")):
        found = places.of(name)
        if not found:
            continue
        spoken = {one.language for one in found} | ({language} if language in LANGUAGES else set())
        speakers = frozenset().union(*(small_words(speaker, one) for one in spoken))
        unspaced = [word for one in spoken & UNSPACED for word in small_words(speaker, one)]
        if speakers and speakers.isdisjoint(_TOKEN.findall(places.text)) and not any(word in places.text for word in unspaced):
            return True
    return False


def only_left(kept: Mapping[str, tuple[Place, ...]], places: Places) -> Mapping[str, tuple[Place, ...]]:
    """Return what still stands in a text that is only told of, and by which words it is."""
    left = {name: found for name, found in kept.items() if name in _KEPT or name.startswith("wishes.")}
    return left | {TOLD: (*places.of("marks.news"), *places.of("marks.notice"))}


def _denied(text: str, title: Place) -> bool:
    """Whether a denial stands right before a word such as film: "this is not a film", "kein Witz"."""
    before = _TOKEN.findall(text[max(0, title.start - _BEFORE) : title.start])[-_WORDS:]
    return any(not small_words("denials", one).isdisjoint(before) for one in LANGUAGES)  # "film" is a word of many


def acted(places: Places) -> tuple[Place, ...]:
    """Return the quoted stretches of a text that says, outside of them, that it speaks of a film, a song or the like.

    A post that is wholly set in quotation marks says nothing outside of them: it is the author's own.
    """
    titles = [(one.start, one.end) for one in places.of("marks.fiction") if not _denied(places.text, one)] or [
        one.span() for one in _TITLED.finditer(places.text)
    ]
    if not titles:
        return ()
    found = quoted(places.text)
    if all(any(start <= begin and stop <= end for start, end in found) for begin, stop in titles):
        return ()
    return tuple(Place(start, end, "") for start, end in found)
