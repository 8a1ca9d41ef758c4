"""The watches of rules.yaml, compiled: which mentions each counts, and whether what was counted rings. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from listener.matching import Phrases
from listener.openings import is_open
from listener.rules.conditions import NewTerm, Spike
from listener.rules.kinds import write_span
from listener.rules.rulebook import Rulebook
from listener.rules.watches import Flatline, Watch
from responders.model import Heard
from responders.overtime import Compared, is_a, quoted, what

_SHOWN = 3  # words of a topic
_CALM = 2.0  # a storm is over when so much less is counted than what makes it one


class State(StrEnum):
    """How a watch stands: nothing to tell, told and not over, no day to compare with yet, or outside business hours."""

    QUIET = "quiet"
    RINGING = "ringing"
    YOUNG = "young"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Seen:
    """How a watch stands, and in words what was found."""

    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Note:
    """A tally that a mention belongs to. `when_heard` counts it when it was heard and not when it was written.

    `each_brand` counts a post once for every brand it is about, and not once in all.
    """

    name: str
    when_heard: bool
    each_brand: bool


class CompiledWatch:
    """One watch, ready to be asked."""

    def __init__(self, watch: Watch) -> None:
        """Compile its topic."""
        self.watch = watch
        self._phrases = Phrases(watch.words) if watch.words else None
        self._signals = frozenset(watch.signals)
        self.tally = f"watch {hashlib.sha256(repr(self._topic()).encode()).hexdigest()[:12]}"
        self._note = Note(self.tally, when_heard=watch.flatline is not None, each_brand=watch.brand is not None)

    def _topic(self) -> list[object]:
        """Return what decides which mentions count: another topic is another tally."""
        one = self.watch
        kind = "flatline" if one.flatline else "spike"
        return [one.brand, one.network, one.source, sorted(one.words), sorted(one.signals), self._of, kind]

    @property
    def _of(self) -> str:
        return self.watch.spike.of if self.watch.spike else "mentions"

    @property
    def counts(self) -> bool:
        """Return whether it counts mentions; new words are kept elsewhere."""
        return self.watch.new_term is None

    def note(self, heard: Heard, source: str) -> Note | None:
        """Return where a mention is counted, or None; `source` brought its post."""
        one, mention = self.watch, heard.mention
        if not self.counts or one.brand not in {None, mention.brand} or one.network not in {None, mention.post.network}:
            return None
        if one.source not in {None, source}:
            return None
        if self._signals and not any(signal.name in self._signals for signal in heard.assessment.signals):
            return None
        if not is_a(self._of, heard.assessment) or (self._phrases and not self._phrases.find(mention.post.text)):
            return None
        return self._note

    def about(self) -> str:
        """Say what is counted: "negative mentions of acme on mastodon with one of the words recall, battery"."""
        one = self.watch
        parts = [what(self._of)]
        parts += [f"of {one.brand}"] if one.brand else []
        parts += [f"on {one.network}"] if one.network else []
        parts += [f"from {one.source}"] if one.source else []
        for kind, names in (("words", one.words), ("signals", one.signals)):
            more = ", …" if len(names) > _SHOWN else ""
            parts += [f"with one of the {kind} {', '.join(names[:_SHOWN])}{more}"] if names else []
        return " ".join(parts)

    def spike(self, asked: Spike, seen: Compared, *, ringing: bool) -> Seen:
        """Judge what was counted for a storm; one that rings goes on until there is half of what makes one."""
        words = seen.words(f"{self.about()} within {write_span(asked.over)}")
        if seen.usual is None:
            return Seen(State.YOUNG, words)
        calmer = asked.model_copy(update={"at_least": asked.at_least / _CALM, "times": asked.times / _CALM}) if ringing else asked
        return Seen(State.RINGING if seen.spikes(calmer) else State.QUIET, words)

    def flatline(self, asked: Flatline, seen: Compared, *, ringing: bool) -> Seen:
        """Judge what was counted for a silence; one that rings goes on until something is heard, however long that takes."""
        words = seen.words(f"{self.about()} within {write_span(asked.over)}")
        wanted = max(float(asked.fewer_than), (asked.share or 0.0) * (seen.usual or 0.0))
        if ringing:
            return Seen(State.RINGING if seen.found < wanted else State.QUIET, words)
        if seen.usual is None:
            return Seen(State.YOUNG, words)
        if seen.usual < asked.usually:
            return Seen(State.QUIET, f"{words}: too few to miss anything")
        return Seen(State.RINGING if seen.found < wanted else State.QUIET, words)

    def new_term(self, asked: NewTerm, found: Sequence[tuple[str, tuple[str, ...] | None]]) -> Seen:
        """Judge the new terms of each brand that is watched; None stands for no day to compare with."""
        span = write_span(asked.over)
        told = [f"{brand}: {quoted(terms)}" for brand, terms in found if terms]
        if told:
            return Seen(State.RINGING, f"new within {span}, about {'; '.join(told)}")
        if all(terms is None for _, terms in found):
            return Seen(State.YOUNG, "no day yet to compare words with")
        return Seen(State.QUIET, f"no new word within {span}")


class Watches:
    """The watches of one rulebook."""

    def __init__(self, book: Rulebook) -> None:
        """Compile all of them."""
        self.book = book
        self.all = tuple(CompiledWatch(watch) for watch in book.watch)

    def notes(self, heard: Heard, source: str) -> list[Note]:
        """Return where a mention is counted, each tally once."""
        return list(dict.fromkeys([note for one in self.all if (note := one.note(heard, source))]))

    def closed(self, watch: Watch, at: datetime) -> bool:
        """Return whether a watch is at rest at a moment."""
        return watch.hours == "open" and not is_open(self.book.hours, self.book.timezone, at)
