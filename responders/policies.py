"""What networks ask of programs that answer there: gates with a date and a source, kept as data in policies.toml.

Everybody who wants to know whether an answer may go its way asks `gates`: deciding, drafting, approving, the channels and what is shown
to people. Rules cannot switch a gate off. Pure once the file is read.

Conditions (`when` in the file): "no channel" (Earnest cannot speak there), "not called" (the post neither mentions nor quotes nor answers
us), "place closed" (the subreddit wants no programs), "not labelled" (our account surely lacks the label of automated accounts), "no
consent" (the person did not ask for a private message), "no bots wanted" (#nobot), "asked to stop", "answered", "older than a day", and
"kept" (something else sees to it; `kept_by` says what).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from listener.model import Author, Post
from listener.rules.rulebook import Rulebook
from listener.text import clean
from responders.model import Circumstances, Heard

_FILE = "policies.toml"
_EVERYWHERE = "*"
LOOK_AGAIN_AFTER = timedelta(days=365)
"""How long a reading of a source is trusted."""

CONSENT = "dm_me"
"""The wish by which a person asks for a private message."""

# "#nobot" as people and markup split it: "# no-bot", "#no.bot", "#nobots"; invisible letters are gone before this looks.
_NO_BOT = re.compile(r"#[\W_]{0,3}n[\W_]{0,3}o[\W_]{0,3}b[\W_]{0,3}o[\W_]{0,3}ts?(?![^\W_])")
_SUBREDDIT = re.compile(r"//[^/]+/r/([A-Za-z0-9_]{2,50})(?:/|$)")


class Outcome(StrEnum):
    """What follows where a gate closes."""

    BY_HAND = "by hand"
    NEVER = "never"
    CONSENT = "consent"
    LABEL = "label"

    @property
    def words(self) -> str:
        """Say it to a person."""
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.BY_HAND: "a person posts this by hand",
    Outcome.NEVER: "never",
    Outcome.CONSENT: "only after consent",
    Outcome.LABEL: "label the account",
}


class Reach(StrEnum):
    """Which answers a gate is about."""

    AUTOMATIC = "automatic"
    APPROVED = "approved"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a gate is written down: the document, its address, the day it was last read, and what that confirmed."""

    title: str
    address: str
    read: date
    confirmed: str


@dataclass(frozen=True, slots=True)
class PolicyGate:
    """One thing a network asks, as policies.toml has it."""

    network: str
    name: str
    says: str
    outcome: Outcome
    applies_to: frozenset[Reach]
    when: str
    since: date
    source: Source
    kept_by: str = ""

    @property
    def cited(self) -> str:
        """Where it stands, since when, and when we read it."""
        return f"{self.source.title}, {self.source.address}; since {self.since}, read {self.source.read}"

    @property
    def reason(self) -> str:
        """Why an answer is held, with date and source, for a person."""
        return f"{self.outcome.words}: {self.says} ({self.name}; {self.cited})"

    def is_old(self, today: date) -> bool:
        """Return whether somebody should look again whether it still holds."""
        return today - self.source.read > LOOK_AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts that gates ask about. `labelled` is None where nobody can tell; `place_closed` says why, or is empty."""

    called: bool = True
    speaks: bool = True
    labelled: bool | None = None
    place_closed: str = ""
    consent: bool = False
    no_bots: bool = False
    asked_to_stop: bool = False
    answered: bool = False
    age: timedelta = timedelta()


_CONDITIONS: Mapping[str, Callable[[Standing], bool]] = {
    "no channel": lambda facts: not facts.speaks,
    "not called": lambda facts: not facts.called,
    "place closed": lambda facts: bool(facts.place_closed),
    "not labelled": lambda facts: facts.labelled is False,
    "no consent": lambda facts: not facts.consent,
    "no bots wanted": lambda facts: facts.no_bots,
    "asked to stop": lambda facts: facts.asked_to_stop,
    "answered": lambda facts: facts.answered,
    "older than a day": lambda facts: facts.age > timedelta(days=1),
    "kept": lambda _facts: False,
}


def _gate(entry: Mapping[str, object]) -> PolicyGate:
    source, reaches, since = entry["source"], entry["applies_to"], entry["since"]
    if not isinstance(source, dict) or not isinstance(reaches, list) or not isinstance(since, date):
        message = f"policies.toml: {entry.get('name')} is not written as the others are"
        raise TypeError(message)
    return PolicyGate(
        network=str(entry["network"]),
        name=str(entry["name"]),
        says=str(entry["says"]),
        outcome=Outcome(str(entry["outcome"])),
        applies_to=frozenset(Reach(reach) for reach in reaches),
        when=str(entry["when"]),
        since=since,
        source=Source(**source),
        kept_by=str(entry.get("kept_by", "")),
    )


@cache
def all_gates() -> tuple[PolicyGate, ...]:
    """Return every gate, in the file's order."""
    file = tomllib.loads(resources.files("responders").joinpath(_FILE).read_text(encoding="utf-8"))
    return tuple(map(_gate, file["gate"]))


def of_network(network: str) -> tuple[PolicyGate, ...]:
    """Return the gates of a network, and those of every network after them."""
    return tuple(gate for where in (network, _EVERYWHERE) for gate in all_gates() if gate.network == where)


@cache
def _asked(network: str) -> tuple[tuple[PolicyGate, Callable[[Standing], bool]], ...]:
    return tuple((gate, _CONDITIONS[gate.when]) for gate in of_network(network))


def gates(network: str, facts: Standing) -> tuple[PolicyGate, ...]:
    """Return the gates of a network that are closed, given the facts."""
    return tuple([gate for gate, closed in _asked(network) if closed(facts)])


def by_hand(found: tuple[PolicyGate, ...]) -> PolicyGate | None:
    """Return the gate, of those found closed, for which a person posts the answer by hand; None where none asks for that."""
    return next((gate for gate in found if gate.outcome is Outcome.BY_HAND), None)


def standing(book: Rulebook, heard: Heard, at: Circumstances) -> Standing:
    """Return the facts about answering a mention."""
    post, wishes = heard.mention.post, [wish.name for wish in heard.assessment.wishes]
    return Standing(
        called=heard.mention.addressed,
        speaks=not at.mute,
        labelled=at.labelled,
        place_closed=at.place_closed or skipped(book, post),
        consent=CONSENT in wishes and "no_dm" not in wishes,
        no_bots=wants_no_bots(post.author),
        asked_to_stop=bool(at.suppressed) or "stop" in wishes,
        answered=at.answered,
        age=at.now - post.created_at,
    )


def wants_no_bots(author: Author) -> bool:
    """Return whether a profile says #nobot, in its words or beside the name, however it is split."""
    both = (author.bio, author.display_name)
    return any(_NO_BOT.search(clean(words)) for words in both if words and ("#" in words or not words.isascii()))


def place_of(post: Post) -> str:
    """Return the part of its network that a post stands in, folded (on Reddit the subreddit), or ""."""
    found = _SUBREDDIT.search(post.url) if post.network == "reddit" else None
    return found[1].casefold() if found else ""


def skipped(book: Rulebook, post: Post) -> str:
    """Say that the rules leave a post's subreddit to people, or ""."""
    place = place_of(post)
    if not place:
        return ""
    names = {name.removeprefix("/").removeprefix("r/").casefold() for name in _skipped(book, post.network)}
    return f"rules.yaml leaves r/{place} to people (skip_subreddits)" if place in names else ""


def _skipped(book: Rulebook, network: str) -> Iterator[str]:
    for name, source in book.sources.items():
        listed = source.options.get("skip_subreddits", ()) if (source.kind or name) == network else ()
        yield from (listed,) if isinstance(listed, str) else map(str, listed if isinstance(listed, list | tuple) else ())


def table() -> str:
    """Return all gates as docs/rules.md lists them."""
    rows = [
        f"| {'everywhere' if gate.network == _EVERYWHERE else gate.network} | `{gate.name}` | {gate.says} | {gate.outcome.words} "
        f"| {', '.join(reach for reach in Reach if reach in gate.applies_to)} | {gate.since} | {gate.source.title}, "
        f"{gate.source.address} (read {gate.source.read}; {gate.source.confirmed}) |"
        for gate in all_gates()
    ]
    return "\n".join(("| network | gate | what it asks | then | applies to | since | source |", "| --- " * 7 + "|", *rows))
