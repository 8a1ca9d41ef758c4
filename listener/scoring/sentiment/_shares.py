"""Which words made a score, for a scorer that sees only whole texts.

A word's share is what it adds where the text is read word by word from its beginning, and from its end backwards; the mean of both.
Leaving out one word at a time would say less: of two words that say the same, neither is missed.
"""

from __future__ import annotations

from collections.abc import Callable

from listener.scoring.sentiment.base import Weight

_MOST = 40  # words, or groups of words in a longer text


def weights(text: str, score_of: Callable[[str], float]) -> list[Weight]:
    """Return what each word added to the score of the text; together with the score of no words, which comes first, they are that score."""
    words = text.split()
    size = -(-len(words) // _MOST) or 1
    groups = [" ".join(words[start : start + size]) for start in range(0, len(words), size)]
    forwards = [score_of(" ".join(groups[:count])) for count in range(len(groups) + 1)]
    backwards = [score_of(" ".join(groups[start:])) for start in range(1, len(groups))]
    rest = [forwards[-1], *backwards, forwards[0]]
    shares = [Weight(group, (forwards[at + 1] - forwards[at] + rest[at] - rest[at + 1]) / 2) for at, group in enumerate(groups)]
    return [Weight("", forwards[0]), *shares]
