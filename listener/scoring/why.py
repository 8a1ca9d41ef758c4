"""Why something was judged as it was: a rule in words, and the findings whose words prove it.

A reason is made beside each decision and costs next to nothing: only whoever asks (`explained`) looks up the author's own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from listener.model import Intent, Sentiment


class Why(NamedTuple):
    """One reason. `findings` are names of signals ("outage") and of marks ("marks.praise"): their words are the proof."""

    rule: str
    findings: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """What the author mainly wants, and why."""

    what: Intent
    why: Why


class Push(NamedTuple):
    """What one reason added to the score of the mood."""

    why: Why
    points: float


class Felt(NamedTuple):
    """The mood, and the steps from the scorer's number (0 where it told none) to the score; together they are the score."""

    sentiment: Sentiment
    steps: tuple[Push, ...]


def of_signals(rule: str, names: Iterable[str]) -> Why:
    """Return a reason that rests on signals."""
    return Why(rule, tuple(names))


def of_marks(rule: str, *names: str) -> Why:
    """Return a reason that rests on marks, given by their short names."""
    return Why(rule, tuple(f"marks.{name}" for name in names))
