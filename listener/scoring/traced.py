"""How one post was judged: what was read, what the scorer said, what was decided and why. Whoever explains starts here."""

from __future__ import annotations

from typing import NamedTuple

from listener.model import Assessment, Signal
from listener.scoring.sentiment.base import Opinion, Words
from listener.scoring.signals import Reading
from listener.scoring.why import Felt, Wanted, Why


class Read(NamedTuple):
    """A post that was read: what stands in it, and what the sentiment scorer is given."""

    reading: Reading
    words: Words


class Judged(NamedTuple):
    """What was judged of a text by itself, and why. `found` are the signals with all their points."""

    assessment: Assessment
    found: tuple[Signal, ...]
    felt: Felt
    wanted: Wanted
    decisive: Why | None
    sarcasm: Why | None


class Trace(NamedTuple):
    """A judgement and how it came about. `alone` is what was judged of the post before its thread was looked at.

    Where the post could not be judged at all, only the assessment stands here.
    """

    assessment: Assessment
    read: Read | None = None
    opinion: Opinion | None = None
    alone: Judged | None = None
