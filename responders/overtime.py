"""What rules say about a brand over time: storms and new words, looked at in the facts that were gathered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from listener.model import Assessment, Mood, Signal
from listener.rules.conditions import COUNTED, MOST_COUNTED, NewTerm, Spike
from listener.rules.kinds import write_span
from listener.rules.rulebook import Brand, Rulebook
from listener.scoring.raising import raised
from listener.terms import own_words
from responders.model import Counted, Fresh, Heard, Past

KINDS: Mapping[str, str] = {"mentions": "mentions", "negative": "negative mentions"}
"""What is counted besides signals, in words."""


def what(of: str) -> str:
    """Say what is counted: "negative mentions", "mentions with outage"."""
    return KINDS.get(of, f"mentions with {of}")


def is_a(of: str, judged: Assessment) -> bool:
    """Return whether a mention is what is counted: "mentions", "negative", or the name of a signal."""
    if of == "negative":
        return judged.sentiment.label is Mood.NEGATIVE
    return of in COUNTED or any(signal.name == of for signal in judged.signals)


def counted_for_spike(asked: Spike) -> tuple[Counted, Counted]:
    """Return what has to be told for a spike: the count, and what is usual."""
    now = Counted(asked.of, "brand", asked.over, MOST_COUNTED)
    return now, replace(now, usual=True)


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found in a span, and how many are usual at that hour (None: there is no day to compare with)."""

    found: float
    usual: float | None

    def spikes(self, asked: Spike) -> bool:
        """Return whether it is a spike; without a day to compare with, `at_least` decides alone."""
        return self.found >= asked.at_least and (self.usual is None or self.found >= self.usual * asked.times)

    def words(self, counted: str) -> str:
        """Say it; `counted` is what was counted, and within which span."""
        compared = "no day yet to compare with" if self.usual is None else f"{self.usual:.1f} are usual at this hour"
        return f"{self.found:.0f} {counted}, {compared}"


def spiking(asked: Spike, past: Past) -> tuple[bool, str]:
    """Return whether a spike lasts, and the words that say so or say why not."""
    now, usually = counted_for_spike(asked)
    seen = Compared(past.counts.get(now) or 0, past.counts.get(usually))
    words = seen.words(f"{what(asked.of)} within {write_span(asked.over)}")
    if seen.spikes(asked):
        return True, words
    return False, f"{words}, asks for {asked.at_least} and {asked.times:g} times the usual"


def fresh_of(asked: NewTerm) -> Fresh:
    """Return what has to be told for new terms."""
    return Fresh(asked.over, asked.at_least, asked.authors)


def newly(asked: NewTerm, past: Past) -> tuple[bool, str]:
    """Return whether the post holds a new term, and which, or why not."""
    found = past.fresh.get(fresh_of(asked))
    span = write_span(asked.over)
    if found:
        return True, f"new within {span}: {quoted(found)}"
    if found is None:
        return False, "no day yet to compare its words with"
    return False, f"none of its words is new within {span} in {asked.at_least} posts of {asked.authors} people"


def quoted(terms: tuple[str, ...]) -> str:
    """Write terms in quotation marks, by which they are found where they are erased."""
    return ", ".join(f'"{term}"' for term in terms)


def words_of(brand: Brand) -> frozenset[str]:
    """Return what a brand is called, as terms: they are no news about it."""
    return own_words([*brand.names, *brand.hashtags, *brand.handles.values()])


class Storms:
    """The storm signals of a rulebook, ready to be put on mentions."""

    def __init__(self, book: Rulebook) -> None:
        """Take those of `book`."""
        self._settings = book.scoring.urgency
        self._spikes = [(name, one.points, one.spike) for name, one in book.scoring.urgency.signals.items() if one.spike]

    def over(self, heard: Heard, past: Past) -> Heard:
        """Return a mention with the storms that last around its brand, and with the urgency that follows."""
        if not self._spikes:
            return heard
        found = [(name, points, *spiking(spike, past)) for name, points, spike in self._spikes]
        storms = [Signal(name, points, (words,)) for name, points, lasts, words in found if lasts]
        return replace(heard, assessment=raised(heard.assessment, storms, self._settings)) if storms else heard
