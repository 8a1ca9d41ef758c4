"""What a sentiment scorer is: the mood of a text as one number.

A scorer is one file in this folder, or an entry point in the group `earnest.scorers`. It offers a module-level `KIND`: a callable
without arguments that makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from listener import plugins

PACKAGE = "listener.scoring.sentiment"
GROUP = "earnest.scorers"
DEFAULT = "vader"


class SentimentScorer(Protocol):
    """Judges the mood of a text. Anything it raises, and any answer that is no number from -1 to 1, counts as a failure."""

    def score(self, text: str, language: str) -> float | None:
        """Return the mood from -1 (negative) to 1 (positive), or None where this scorer cannot tell.

        `language` is ISO 639-1, or "und" where nobody could tell. The text may be of any length and hold anything.
        """


def scorer_names() -> tuple[str, ...]:
    """Return the names a rulebook may use for `scoring.sentiment.scorer`."""
    return ("default", *plugins.names(PACKAGE, GROUP))


def make_scorer(name: str) -> SentimentScorer:
    """Make the scorer of that name; "default" is the one that ships.

    Raises:
        EarnestError: there is none of that name.
    """
    kind = plugins.load(PACKAGE, GROUP, DEFAULT if name == "default" else name)
    return cast("Callable[[], SentimentScorer]", kind)()
