"""Conditions of routes, compiled: each becomes a small function that looks at facts and says in words why it holds or does not.

Nothing here knows the time, the disk or a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from listener.matching import Phrases
from listener.model import Signal
from listener.openings import is_open
from listener.rules.conditions import AuthorIs, NewTerm, Often, Spike, ThreadIs, When
from listener.rules.kinds import write_span
from listener.rules.rulebook import Rulebook
from listener.text import clean, one_line
from responders.model import NOTHING_ASKED, Asked, Circumstances, Counted, Heard
from responders.overtime import counted_for_spike, fresh_of, newly, spiking, what, words_of

_QUOTE_WIDTH = 60  # columns of the author's words inside a reason

Check = Callable[[Heard, Circumstances], tuple[bool, str]]
"""Whether a condition holds, and the words that say so (or say why not)."""

Lists = Mapping[str, Mapping[str, Sequence[str]]]


def _listed(names: Iterable[str], joint: str = "or") -> str:
    """Write names as a person would: "a, b or c"."""
    *first, last = names
    return f"{', '.join(first)} {joint} {last}" if first else last


def _one_of(what: str, wanted: Iterable[str], look: Callable[[Heard], str]) -> Check:
    asked = tuple(wanted)
    folded = frozenset(name.casefold() for name in asked)
    asks = f", asks for {_listed(asked)}"

    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        found = look(heard)
        if found.casefold() in folded:
            return True, f"{what} is {found}"
        return False, f"{what} is {found or 'empty'}{asks}"

    return check


def _yes_or_no(*, wanted: bool, look: Callable[[Heard], bool], yes: str, no: str) -> Check:
    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        found = look(heard)
        words = yes if found else no
        return found is wanted, words if found is wanted else f"{words}, asks for the opposite"

    return check


def _quoted(signal: Signal) -> str:
    quotes = ", ".join(f'"{one_line(words, _QUOTE_WIDTH)}"' for words in signal.because)
    return f"{signal.name} ({quotes})" if quotes else signal.name


def _no_signals(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
    found = [signal.name for signal in heard.assessment.signals]
    return (False, f"signals are {_listed(found, 'and')}, asks for none") if found else (True, "no signals")


def _any_signal(wanted: Sequence[str]) -> Check:
    asked = frozenset(wanted)
    asks = f", asks for {_listed(wanted)}"

    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        signals = heard.assessment.signals
        found = [_quoted(signal) for signal in signals if signal.name in asked]
        if found:
            return True, f"signals are {_listed(found, 'and')}"
        return False, f"signals are {_listed([signal.name for signal in signals] or ['none'], 'and')}{asks}"

    return check


def _any(parts: Sequence[When], book: Rulebook) -> Check:
    checks = tuple(_compile(part, book) for part in parts)

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        missed = []
        for one in checks:
            held, words = one(heard, at)
            if held:
                return True, words
            missed.append(words)
        return False, f"none of these holds: {' / '.join(missed)}"

    return check


def _not(part: When, book: Rulebook) -> Check:
    inner = _compile(part, book)

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        held, words = inner(heard, at)
        return not held, f"{words}, asks for anything but that" if held else f"not so, as asked: {words}"

    return check


def _text(wanted: tuple[str, ...]) -> Check:
    asks = f"none of the words {_listed(_quote(word) for word in wanted)} stands in it"
    phrases = Phrases(wanted)

    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        found = phrases.find(heard.mention.post.text)
        return (True, f"it says {_quote(found[0].words)}") if found else (False, asks)

    return check


def _quote(words: str) -> str:
    return f'"{one_line(words, _QUOTE_WIDTH)}"'


def _author(wanted: AuthorIs, lists: Lists) -> Iterator[Check]:
    if (least := wanted.followers) is not None:

        def followed(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
            found = heard.mention.post.author.followers
            words = "nobody knows how many follow the author" if found is None else f"{found:,} people follow the author"
            return (True, words) if found is not None and found >= least else (False, f"{words}, asks for {least:,}")

        yield followed
    if wanted.list is not None:
        yield _listed_person(wanted.list, lists)
    if wanted.bot is not None:
        yes, no = "the account says that it is automated", "the account does not say that it is automated"
        yield _yes_or_no(wanted=wanted.bot, look=lambda heard: heard.mention.post.author.bot, yes=yes, no=no)


def _listed_person(names: Sequence[str], lists: Lists) -> Check:
    people = {(network, clean(handle)): name for name in names for network, handles in lists.get(name, {}).items() for handle in handles}

    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        author = heard.mention.post.author
        name = people.get((author.network, clean(author.handle)))
        return (True, f"the author is on the list {name}") if name else (False, f"the author is not on the list {_listed(names)}")

    return check


def _thread(wanted: ThreadIs) -> Iterator[Check]:
    if wanted.ours is not None:
        yield _so(wanted=wanted.ours, look=lambda at: at.our_thread, yes="we began the thread", no="we did not begin the thread")
    if wanted.answered is not None:
        yes, no = "an answer of ours to them stands in the thread", "no answer of ours to them stands in the thread"
        yield _so(wanted=wanted.answered, look=lambda at: at.past.answered, yes=yes, no=no)
    if (least := wanted.waiting) is not None:

        def waits(_heard: Heard, at: Circumstances) -> tuple[bool, str]:
            words = f"post {at.past.waiting} of this author since our last answer in the thread"
            return (True, words) if at.past.waiting >= least else (False, f"{words}, asks for {least}")

        yield waits


def _so(*, wanted: bool, look: Callable[[Circumstances], bool], yes: str, no: str) -> Check:
    def check(_heard: Heard, at: Circumstances) -> tuple[bool, str]:
        found = look(at)
        words = yes if found else no
        return found is wanted, words if found is wanted else f"{words}, asks for the opposite"

    return check


def _hours(wanted: str, book: Rulebook) -> Check:
    def check(heard: Heard, _at: Circumstances) -> tuple[bool, str]:
        now = "open" if is_open(book.hours, book.timezone, heard.mention.post.created_at) else "closed"
        words = f"it was written {'within' if now == 'open' else 'outside'} business hours"
        return (True, words) if now == wanted else (False, f"{words}, asks for the opposite")

    return check


def _customer(wanted: str) -> Check:
    return _so(
        wanted=wanted == "known",
        look=lambda at: at.past.known,
        yes="this person had a conversation with us before",
        no="this person had no conversation with us before",
    )


_WHOSE = {"author": " of this person", "thread": " in this thread", "brand": " of the brand"}


def counted(asked: Often) -> Counted:
    """Return what a condition `count` has to be told."""
    return Counted(asked.of, asked.by, asked.within, asked.at_least)


def _count(asked: Often) -> Check:
    words = f"{what(asked.of)}{_WHOSE[asked.by]} within {write_span(asked.within)}"
    key = counted(asked)

    def check(_heard: Heard, at: Circumstances) -> tuple[bool, str]:
        found = at.past.counts.get(key) or 0
        if found >= asked.at_least:
            return True, f"at least {asked.at_least} {words}"
        return False, f"{found:.0f} {words}, asks for {asked.at_least}"

    return check


def _spike(asked: Spike) -> Check:
    return lambda _heard, at: spiking(asked, at.past)


def _new_term(asked: NewTerm) -> Check:
    return lambda _heard, at: newly(asked, at.past)


def _facts(when: When) -> Iterable[Check]:
    """Turn the conditions about single facts into checks, in the order a person reads them."""
    if when.signals == "none":
        yield _no_signals
    elif when.signals is not None:
        yield _any_signal(when.signals)
    for key, look in FACTS.items():
        wanted: tuple[str, ...] | None = getattr(when, key)
        if wanted is not None:
            yield _one_of(key, wanted, look)
    if when.text is not None:
        yield _text(when.text)


FACTS: Mapping[str, Callable[[Heard], str]] = {
    "urgency": lambda heard: heard.assessment.urgency.level,
    "sentiment": lambda heard: heard.assessment.sentiment.label,
    "intent": lambda heard: heard.assessment.intent,
    "language": lambda heard: heard.assessment.language,
    "network": lambda heard: heard.mention.post.network,
    "brand": lambda heard: heard.mention.brand,
    "visibility": lambda heard: heard.mention.post.visibility,
}
"""How to look at the facts of which a mention has exactly one, by the key of the condition that asks for them."""


def _around(when: When, book: Rulebook) -> Iterator[Check]:
    """Turn the conditions about the person, the conversation and the time into checks."""
    if when.author is not None:
        yield from _author(when.author, book.lists)
    if when.customer is not None:
        yield _customer(when.customer)
    if when.thread is not None:
        yield from _thread(when.thread)
    if when.hours is not None:
        yield _hours(when.hours, book)
    if when.count is not None:
        yield _count(when.count)
    if when.spike is not None:
        yield _spike(when.spike)
    if when.new_term is not None:
        yield _new_term(when.new_term)


def _flags(when: When) -> Iterator[Check]:
    if when.addressed is not None:
        spoken, of = "the post speaks to us", "the post only speaks of us"
        yield _yes_or_no(wanted=when.addressed, look=lambda heard: heard.mention.addressed, yes=spoken, no=of)
    if when.moment_of_truth is not None:
        yes, no = "it is a moment of truth", "it is no moment of truth"
        yield _yes_or_no(wanted=when.moment_of_truth, look=lambda heard: heard.assessment.moment_of_truth, yes=yes, no=no)
    if when.sarcasm is not None:
        yes, no = "it sounds sarcastic", "it does not sound sarcastic"
        yield _yes_or_no(wanted=when.sarcasm, look=lambda heard: heard.assessment.sarcasm, yes=yes, no=no)


def _compile(when: When, book: Rulebook) -> Check:
    """Turn conditions into one check. Its words name all that held, or all that did not."""
    checks = [*_facts(when), *_around(when, book), *_flags(when)]
    if when.any is not None:
        checks.append(_any(when.any, book))
    if when.not_ is not None:
        checks.append(_not(when.not_, book))

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        said: list[str] = []
        missed: list[str] = []
        for one in checks:
            held, words = one(heard, at)
            (said if held else missed).append(words)
        return not missed, "; ".join(missed or said) or "it asks for nothing"

    return check


def _always(_heard: Heard, _at: Circumstances) -> tuple[bool, str]:
    return True, "it takes everything"


def compiled(when: Literal["always"] | When, book: Rulebook) -> Check:
    """Return the check of a route's conditions; `book` holds what they refer to: lists of people, business hours."""
    return _always if when == "always" else _compile(when, book)


def asked_in(book: Rulebook) -> Asked:
    """Return what the rules have to be told about the past: conditions, and signals that are storms."""
    whens = [part for route in book.routes if route.when != "always" for part in _parts(route.when)]
    counts = {counted(when.count) for when in whens if when.count is not None}
    spikes = [when.spike for when in whens] + [signal.spike for signal in book.scoring.urgency.signals.values()]
    counts |= {one for spike in spikes if spike is not None for one in counted_for_spike(spike)}
    fresh = frozenset(fresh_of(when.new_term) for when in whens if when.new_term is not None)
    terms = bool(fresh) or any(one.new_term for one in book.watch)
    found = Asked(
        known=any(when.customer is not None for when in whens),
        thread=any(when.thread is not None for when in whens),
        counts=frozenset(counts),
        fresh=fresh,
        terms=terms,
        own_words={name: words_of(brand) for name, brand in book.brands.items()} if terms else {},
        zone=book.timezone if counts else "UTC",
    )
    return NOTHING_ASKED if found == NOTHING_ASKED else found


_OF_THE_POST = frozenset(
    {"signals", "text", "author", "hours", "addressed", "moment_of_truth", "sarcasm", "any", "not_", *FACTS},
)


def asks_around(when: Literal["always"] | When) -> bool:
    """Return whether conditions look at anything besides the post and how it was judged: it may be otherwise a moment later."""
    parts = () if when == "always" else _parts(when)
    return any(part.model_fields_set - _OF_THE_POST for part in parts)


def _parts(when: When) -> Iterator[When]:
    yield when
    for part in (*(when.any or ()), *([when.not_] if when.not_ else [])):
        yield from _parts(part)
