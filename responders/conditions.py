"""Conditions of routes, compiled: each becomes a small function that looks at facts and says in words why it holds or does not.

Nothing here knows the time, the disk or a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from listener.model import Signal
from listener.rules.rulebook import When
from listener.text import one_line
from responders.model import Circumstances, Heard

_QUOTE_WIDTH = 60  # columns of the author's words inside a reason

Check = Callable[[Heard, Circumstances], tuple[bool, str]]
"""Whether a condition holds, and the words that say so (or say why not)."""


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


def _any(parts: Sequence[When]) -> Check:
    checks = tuple(map(_compile, parts))

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        missed = []
        for one in checks:
            held, words = one(heard, at)
            if held:
                return True, words
            missed.append(words)
        return False, f"none of these holds: {' / '.join(missed)}"

    return check


def _not(part: When) -> Check:
    inner = _compile(part)

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        held, words = inner(heard, at)
        return not held, f"{words}, asks for anything but that" if held else f"not so, as asked: {words}"

    return check


def _facts(when: When) -> Iterable[Check]:
    """Turn the conditions about single facts into checks, in the order a person reads them."""
    if when.signals == "none":
        yield _no_signals
    elif when.signals is not None:
        yield _any_signal(when.signals)
    if when.urgency is not None:
        yield _one_of("urgency", when.urgency, lambda heard: heard.assessment.urgency.level)
    if when.sentiment is not None:
        yield _one_of("sentiment", when.sentiment, lambda heard: heard.assessment.sentiment.label)
    if when.intent is not None:
        yield _one_of("intent", when.intent, lambda heard: heard.assessment.intent)
    if when.language is not None:
        yield _one_of("language", when.language, lambda heard: heard.assessment.language)
    if when.network is not None:
        yield _one_of("network", when.network, lambda heard: heard.mention.post.network)
    if when.brand is not None:
        yield _one_of("brand", when.brand, lambda heard: heard.mention.brand)


def _compile(when: When) -> Check:
    """Turn conditions into one check. Its words name all that held, or all that did not."""
    checks = list(_facts(when))
    if when.addressed is not None:
        spoken, of = "the post speaks to us", "the post only speaks of us"
        checks.append(_yes_or_no(wanted=when.addressed, look=lambda heard: heard.mention.addressed, yes=spoken, no=of))
    if when.moment_of_truth is not None:
        yes, no = "it is a moment of truth", "it is no moment of truth"
        checks.append(_yes_or_no(wanted=when.moment_of_truth, look=lambda heard: heard.assessment.moment_of_truth, yes=yes, no=no))
    if when.sarcasm is not None:
        yes, no = "it sounds sarcastic", "it does not sound sarcastic"
        checks.append(_yes_or_no(wanted=when.sarcasm, look=lambda heard: heard.assessment.sarcasm, yes=yes, no=no))
    if when.any is not None:
        checks.append(_any(when.any))
    if when.not_ is not None:
        checks.append(_not(when.not_))

    def check(heard: Heard, at: Circumstances) -> tuple[bool, str]:
        looked = [one(heard, at) for one in checks]
        missed = [words for held, words in looked if not held]
        return not missed, "; ".join(missed or [words for _, words in looked]) or "it asks for nothing"

    return check


def _always(_heard: Heard, _at: Circumstances) -> tuple[bool, str]:
    return True, "it takes everything"


def compiled(when: Literal["always"] | When) -> Check:
    """Return the check of a route's conditions."""
    return _always if when == "always" else _compile(when)
