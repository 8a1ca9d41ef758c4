"""Brakes: what pauses all sending by itself when something goes badly wrong, until a person has looked and resumes.

Mentions are tallied as they are decided, answers are counted as they left. A brake that trips pauses, raises one incident and leaves a
line in the log, all in the transaction that noticed. After a resume only what came later counts, so the same evidence trips nothing twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text
from listener.model import Mood
from listener.rules.kinds import write_span
from listener.rules.rulebook import Brake, Rulebook
from listener.store.base import Reader, Tx, number, pack, text
from responders.boundaries import gist
from responders.ledger import audit, facts, incidents, people, said, tallies
from responders.ledger.caseload import Caseload
from responders.model import Heard
from responders.wording import flat, listed

BY = "brake"
"""Who paused, in the words of `earnest status`, and the name of the incident."""

_WORDS_SHOWN = 3
_TRIPPED, _RELEASED = "brake_tripped", "brake_released"
_NEGATIVE, _UPSET = "negative", "upset"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a brake counted: how many, and how many are usual (None where nobody knows yet)."""

    count: int
    usual: float | None = None


def reason(brake: Brake, seen: Seen) -> str:
    """Say why a brake trips on what it counted, or "" where it does not. Pure; the words hold nothing foreign."""
    wanted = brake.same_text or brake.answers or brake.upset_replies or brake.negative or brake.mentions
    if not wanted or seen.count < wanted:
        return ""
    n, within = seen.count, f"within {write_span(brake.within)}"
    if brake.same_text:
        return f"the same text left {n} times {within}"
    if brake.answers:
        return f"{n} answers left by themselves {within}"
    if brake.upset_replies:
        return f"{n} unhappy replies to our answers {within}"
    if brake.mentions:
        more = ", …" if len(brake.words) > _WORDS_SHOWN else ""
        return f"{n} mentions {within} with one of the words {', '.join(brake.words[:_WORDS_SHOWN])}{more}"
    if seen.usual is not None and n < seen.usual * brake.times:
        return ""
    return f"{n} negative mentions {within}, " + ("and no day yet to compare with" if seen.usual is None else f"{seen.usual:.1f} are usual")


class Brakes:
    """The brakes of a rulebook over a page of mentions: what no mention of it changes is asked once."""

    def __init__(self, load: Caseload, book: Rulebook) -> None:
        """Count with what `load` counts."""
        self._load, self._book = load, book
        self._pedals = book.boundaries.pause_when
        words = dict.fromkeys(brake.words for brake in self._pedals if brake.mentions)
        self._listed = [(_name_of(one), listed(one)) for one in words]
        self._released: tuple[int, datetime | None] | None = None
        self._held: bool | None = None  # nobody looked yet
        self._left: dict[tuple[bool, datetime], int] = {}

    def note(self, heard: Heard) -> bool:
        """Count a mention for the brakes, before it is decided for the first time; return whether it is evidence for any.

        It counts at the time it was written, so that the past taken in at once is no storm; history that was imported is not for here.
        """
        post, at = heard.mention.post, self._load.at
        if not self._pedals or at - post.created_at > tallies.KEPT:
            return False
        names = self._evidence(heard)
        if not names or self._load.near.brands_decided(post):  # a mention of a second brand is no second post either
            return False
        for name in names:
            self._load.tallies.add(name, min(post.created_at, at), epoch=self._since[0])
        return True

    def _evidence(self, heard: Heard) -> list[str]:
        """Return the names of the tallies that a mention belongs to."""
        post, judged = heard.mention.post, heard.assessment
        names = [_NEGATIVE] if judged.sentiment.label is Mood.NEGATIVE else []
        if judged.unhappy and self._load.near.answers_ours(post):
            names.append(_UPSET)
        if self._listed:
            read = flat(post.text)
            names += [name for name, words in self._listed if words.stands_in(read)]
        return names

    @property
    def _since(self) -> tuple[int, datetime | None]:
        if self._released is None:
            self._released = _released(self._load.tx)
        return self._released

    def check(self) -> str:
        """Pause all sending where a brake trips; return its reason, or "" where none does or one holds already."""
        tx, at = self._load.tx, self._load.at
        if self._held is None:
            self._released = None if settle(tx, at=at) else self._released
            self._held = _is_tripped(tx)
        why = "" if self._held else next((why for brake in self._pedals if (why := reason(brake, self._look(brake)))), "")
        if why:
            self._load.write()
            _trip(tx, why, at)
            self._held = True
        return why

    def _look(self, brake: Brake) -> Seen:
        """Count for one brake: what came within its span and after the last resume."""
        at = self._load.at
        since, (epoch, released) = at - brake.within, self._since
        if brake.same_text or brake.answers:
            return Seen(self._sent(max(since, released) if released else since, alike=bool(brake.same_text)))
        name = _UPSET if brake.upset_replies else _name_of(brake.words) if brake.mentions else _NEGATIVE
        count = self._load.tallies.count(name, since=since, until=at, epoch=epoch)
        if not brake.negative or count < brake.negative:
            return Seen(count)
        return Seen(count, self._load.tallies.usual(_NEGATIVE, brake.within, at, zone=self._book.timezone))

    def _sent(self, since: datetime, *, alike: bool) -> int:
        """Return how many answers left by themselves since a moment, or how many of all in the same words: nothing leaves meanwhile."""
        if (alike, since) not in self._left:
            tx = self._load.tx
            most = max(Counter(map(gist, said.texts_left(tx, since=since))).values(), default=0) if alike else 0
            self._left[alike, since] = most if alike else said.count_alone(tx, since=since)
        return self._left[alike, since]


def check(tx: Tx, book: Rulebook, *, at: datetime) -> str:
    """Pause all sending where a brake of `book` trips; return its reason, or "" where none does or one holds already."""
    return Brakes(Caseload(tx, (), at=at), book).check()


def _trip(tx: Tx, why: str, at: datetime) -> None:
    people.pause(tx, why, by=BY, until=None, at=at)
    facts.keep(tx, _TRIPPED, why, at=at)
    incidents.raise_(tx, BY, f"Earnest stopped all sending: {why}. Look at what is being said, then: earnest resume", at=at)
    audit.record(tx, audit.DAEMON, "paused", at=at, by=BY, reason=why)


def settle(tx: Tx, *, at: datetime) -> bool:
    """Notice that a person resumed after a brake: end its incident and begin to count anew; return whether that was so."""
    if not resumed(tx):
        return False
    epoch = _released(tx)[0] + 1
    facts.keep(tx, _TRIPPED, "", at=at)
    facts.keep(tx, _RELEASED, str(epoch), at=at)
    incidents.end(tx, BY, at=at)
    return True


def resumed(reader: Reader) -> bool:
    """Return whether a brake tripped and a person resumed since, which `settle` has not seen yet."""
    paused = reader.one("SELECT 1 FROM switches WHERE name = :name", name=people.PAUSE)
    return paused is None and _is_tripped(reader)


def _is_tripped(reader: Reader) -> bool:
    return reader.one("SELECT 1 FROM facts WHERE name = :name AND value <> ''", name=_TRIPPED) is not None


def _released(reader: Reader) -> tuple[int, datetime | None]:
    """Return how often a person resumed after a brake, and when last."""
    row = reader.one("SELECT value, at FROM facts WHERE name = :name", name=_RELEASED)
    return (number(row, "value"), from_text(text(row, "at"))) if row else (0, None)


def _name_of(words: tuple[str, ...]) -> str:
    """Name the tally of a list of words: other words are another tally."""
    return "words " + hashlib.sha256(pack(sorted(words)).encode()).hexdigest()[:12]
