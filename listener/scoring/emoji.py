"""Emoji as words: what is shown as one picture is one word, and `emoji.toml` says what it tells of the mood.

vaderSentiment looks up single characters, so an emoji that is put together (with a variation selector, a tone of skin, a joiner) never
counts there, and it weighs an emoji by the words of its description: a fire engine is bad, a raised hand is good.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources

_JOINER = "\u200d"
_SAME = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[\u2640\u2642]")  # selectors, tones of skin, signs of gender
_PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_SHOWN = re.compile(f"({_PICTURE}(?:{_JOINER}{_PICTURE})*)")
_MOST = 3  # so often an emoji counts in one text; the fortieth tells nothing that the third did not


def apart(text: str) -> str:
    """Return the text with a space around each emoji, in its plainest form; of one emoji only the first three stay. Linear in time."""
    return "".join(_parted(text))


def alone(text: str) -> str:
    """Return nothing but the emoji of a text, at most three of each, in their plainest form, parted by spaces."""
    return "".join(_parted(text)[1::2])


def worth(word: str) -> float | None:
    """Return what an emoji says, from -4 to 4, 0 where it says nothing of a mood; None for a word that is no emoji."""
    if not _SHOWN.fullmatch(word):
        return None
    moods = _moods()
    return next((moods[part] for part in (word, *word.split(_JOINER)) if part in moods), 0.0)


def _parted(text: str) -> list[str]:
    """Cut a text into what is no emoji and emoji, in turn."""
    if text.isascii():
        return [text]
    pieces = _SHOWN.split(_SAME.sub("", text))
    counts: Counter[str] = Counter()
    for place in range(1, len(pieces), 2):
        shown = pieces[place]
        counts[shown] += 1
        pieces[place] = f" {shown} " if counts[shown] <= _MOST else " "
    return pieces


@cache
def _moods() -> Mapping[str, float]:
    written = tomllib.loads(resources.files("listener.scoring").joinpath("emoji.toml").read_text(encoding="utf-8"))
    return {emoji: float(mood["worth"]) for mood in written["mood"] for emoji in mood["emoji"].split()}
