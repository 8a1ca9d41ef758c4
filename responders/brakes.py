"""Brakes: what pauses all sending by itself when something goes badly wrong, until a person has looked and resumes.

Mentions are tallied as they are decided, answers are counted as they left. A brake that trips pauses, raises one incident and leaves a
line in the log, all in the transaction that noticed. After a resume only what came later counts, so the same evidence trips nothing twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text
from listener.model import Mood
from listener.rules.kinds import write_span
from listener.rules.rulebook import Brake, Rulebook
from listener.store.base import Reader, Tx, number, pack, text
from responders.boundaries import gist
from responders.ledger import audit, cases, incidents, people, said, tallies
from responders.model import Heard
from responders.wording import find_words

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


def note(tx: Tx, book: Rulebook, heard: Heard, *, at: datetime) -> bool:
    """Count a mention for the brakes, before it is decided for the first time; return whether it is evidence for any.

    It counts at the time it was written, so that the past taken in at once is no storm; history that was imported is not for here.
    """
    post = heard.mention.post
    if not book.boundaries.pause_when or at - post.created_at > tallies.KEPT:
        return False
    names = list(_evidence(tx, book, heard))
    if not names or cases.brands_decided(tx, post.network, post.id):  # a mention of a second brand is no second post either
        return False
    epoch = _epoch(tx)
    for name in names:
        tallies.add(tx, name, min(post.created_at, at), epoch=epoch)
    return True


def _evidence(reader: Reader, book: Rulebook, heard: Heard) -> Iterator[str]:
    """Yield the names of the tallies that a mention belongs to."""
    post, judged = heard.mention.post, heard.assessment
    if judged.sentiment.label is Mood.NEGATIVE:
        yield _NEGATIVE
    if judged.unhappy and post.parent_id and said.ours(reader, post.network, post.parent_id):
        yield _UPSET
    listed = {brake.words for brake in book.boundaries.pause_when if brake.mentions}
    yield from (_name_of(words) for words in listed if find_words(words, post.text))


def _name_of(words: tuple[str, ...]) -> str:
    """Name the tally of a list of words: other words are another tally."""
    return "words " + hashlib.sha256(pack(sorted(words)).encode()).hexdigest()[:12]


def check(tx: Tx, book: Rulebook, *, at: datetime) -> str:
    """Pause all sending where a brake of `book` trips; return its reason, or "" where none does or one holds already."""
    settle(tx, at=at)
    if _is_tripped(tx):
        return ""
    for brake in book.boundaries.pause_when:
        if why := reason(brake, _look(tx, brake, at, book.timezone)):
            _trip(tx, why, at)
            return why
    return ""


def _trip(tx: Tx, why: str, at: datetime) -> None:
    people.pause(tx, why, by=BY, until=None, at=at)
    people.set_fact(tx, _TRIPPED, why, at=at)
    incidents.raise_(tx, BY, f"Earnest stopped all sending: {why}. Look at what is being said, then: earnest resume", at=at)
    audit.record(tx, audit.DAEMON, "paused", at=at, by=BY, reason=why)


def settle(tx: Tx, *, at: datetime) -> bool:
    """Notice that a person resumed after a brake: end its incident and begin to count anew; return whether that was so."""
    if not resumed(tx):
        return False
    epoch = _epoch(tx) + 1
    people.set_fact(tx, _TRIPPED, "", at=at)
    people.set_fact(tx, _RELEASED, str(epoch), at=at)
    incidents.end(tx, BY, at=at)
    return True


def resumed(reader: Reader) -> bool:
    """Return whether a brake tripped and a person resumed since, which `settle` has not seen yet."""
    paused = reader.one("SELECT 1 FROM switches WHERE name = :name", name=people.PAUSE)
    return paused is None and _is_tripped(reader)


def _is_tripped(reader: Reader) -> bool:
    return reader.one("SELECT 1 FROM facts WHERE name = :name AND value <> ''", name=_TRIPPED) is not None


def _epoch(reader: Reader) -> int:
    """Return how often a person resumed after a brake."""
    return _released(reader)[0]


def _released(reader: Reader) -> tuple[int, datetime | None]:
    """Return how often a person resumed after a brake, and when last."""
    row = reader.one("SELECT value, at FROM facts WHERE name = :name", name=_RELEASED)
    return (number(row, "value"), from_text(text(row, "at"))) if row else (0, None)


def _look(reader: Reader, brake: Brake, at: datetime, zone: str) -> Seen:
    """Count for one brake: what came within its span and after the last resume."""
    epoch, released = _released(reader)
    since = at - brake.within
    left_since = max(since, released) if released else since
    if brake.same_text:
        texts = Counter(map(gist, said.texts_left(reader, since=left_since)))
        return Seen(max(texts.values(), default=0))
    if brake.answers:
        return Seen(said.count_alone(reader, since=left_since))
    name = _UPSET if brake.upset_replies else _name_of(brake.words) if brake.mentions else _NEGATIVE
    count = tallies.count(reader, name, since=since, until=at, epoch=epoch)
    usual = tallies.usual(reader, _NEGATIVE, brake.within, at, zone=zone) if brake.negative and count >= brake.negative else None
    return Seen(count, usual)
