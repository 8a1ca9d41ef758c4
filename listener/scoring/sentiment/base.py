"""What a sentiment scorer is: the mood of texts, each as one number with the words that made it.

A scorer is one file in this folder, or an entry point in the group `earnest.scorers`. It offers a module-level `KIND`: a callable
that makes it without being given anything. One that takes `emoji` as a keyword is given `scoring.sentiment.emoji` where the rules say it.
`KIND` may have a function `problem`, which says what keeps the scorer from being used on this machine.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, cast

from listener import plugins
from listener.errors import EarnestError

PACKAGE = "listener.scoring.sentiment"
GROUP = "earnest.scorers"


class Words(NamedTuple):
    """What a scorer is given: a text of any length that may hold anything, and its language, ISO 639-1 or "und"."""

    text: str
    language: str


class Odds(NamedTuple):
    """How probable each mood is, from 0 to 1, calibrated; together they are 1."""

    negative: float
    neutral: float
    positive: float


class Opinion(NamedTuple):
    """The mood of a text from -1 (negative) to 1 (positive), and how probable each mood is where the scorer knows."""

    score: float
    odds: Odds | None = None


class Weight(NamedTuple):
    """What a word or a feature of a text added to its score; the one of no words is where the score started from."""

    words: str
    points: float


class SentimentScorer(Protocol):
    """Judges the mood of texts. Anything it raises, and any score that is no number from -1 to 1, counts as a failure."""

    def judge(self, many: Sequence[Words]) -> Sequence[Opinion | None]:
        """Return an opinion for each text, in the same order; None where this scorer cannot tell."""

    def weights(self, words: Words) -> Sequence[Weight]:
        """Return what made the score of a text, in the order of the text; they add up to the score. Nothing where it cannot tell."""


def scorer_names() -> tuple[str, ...]:
    """Return the names a rulebook may use for `scoring.sentiment.scorer`."""
    return plugins.names(PACKAGE, GROUP)


def scorer_problem(name: str) -> EarnestError | None:
    """Return what keeps the scorer of that name from being used here, as its `KIND.problem` says; None where nothing does."""
    kind = plugins.load(PACKAGE, GROUP, name)
    asks: Callable[[], EarnestError | None] | None = getattr(kind, "problem", None)
    return asks() if asks else None


def make_scorer(name: str, *, emoji: bool | None = None) -> SentimentScorer:
    """Make the scorer of that name.

    Args:
        name: one of `scorer_names()`.
        emoji: whether emoji count, for a scorer whose `KIND` takes a keyword of that name; None leaves it to the scorer.

    Raises:
        EarnestError: there is none of that name.
    """
    kind = cast("Callable[..., SentimentScorer]", plugins.load(PACKAGE, GROUP, name))
    if emoji is None or "emoji" not in inspect.signature(kind).parameters:
        return kind()
    return kind(emoji=emoji)
