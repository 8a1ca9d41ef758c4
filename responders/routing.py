"""Routing: which route takes a mention, why, and why none of the others did.

A `Router` is made once from a rulebook: every condition becomes a small function, so that deciding only looks at facts. Nothing
here knows the time, the disk or a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from listener.model import Level, Signal
from listener.rules.rulebook import Route, Rulebook, When
from listener.text import one_line
from responders.boundaries import holds
from responders.model import Circumstances, Decision, Heard, Hold, Mode, Step

_QUOTE_WIDTH = 60  # columns of the author's words inside a reason

Check = Callable[[Heard], tuple[bool, str]]
"""Whether a condition holds, and the words that say so (or say why not)."""

_UNTAKEN = Route(name="no-route", when="always")


def _listed(names: Iterable[str], joint: str = "or") -> str:
    """Write names as a person would: "a, b or c"."""
    *first, last = names
    return f"{', '.join(first)} {joint} {last}" if first else last


def _one_of(what: str, wanted: Iterable[str], look: Callable[[Heard], str]) -> Check:
    asked = tuple(wanted)
    folded = frozenset(name.casefold() for name in asked)
    asks = f", asks for {_listed(asked)}"

    def check(heard: Heard) -> tuple[bool, str]:
        found = look(heard)
        if found.casefold() in folded:
            return True, f"{what} is {found}"
        return False, f"{what} is {found or 'empty'}{asks}"

    return check


def _yes_or_no(*, wanted: bool, look: Callable[[Heard], bool], yes: str, no: str) -> Check:
    def check(heard: Heard) -> tuple[bool, str]:
        found = look(heard)
        words = yes if found else no
        return found is wanted, words if found is wanted else f"{words}, asks for the opposite"

    return check


def _quoted(signal: Signal) -> str:
    quotes = ", ".join(f'"{one_line(words, _QUOTE_WIDTH)}"' for words in signal.because)
    return f"{signal.name} ({quotes})" if quotes else signal.name


def _no_signals(heard: Heard) -> tuple[bool, str]:
    found = [signal.name for signal in heard.assessment.signals]
    return (False, f"signals are {_listed(found, 'and')}, asks for none") if found else (True, "no signals")


def _any_signal(wanted: Sequence[str]) -> Check:
    asked = frozenset(wanted)
    asks = f", asks for {_listed(wanted)}"

    def check(heard: Heard) -> tuple[bool, str]:
        signals = heard.assessment.signals
        found = [_quoted(signal) for signal in signals if signal.name in asked]
        if found:
            return True, f"signals are {_listed(found, 'and')}"
        return False, f"signals are {_listed([signal.name for signal in signals] or ['none'], 'and')}{asks}"

    return check


def _any(parts: Sequence[When]) -> Check:
    checks = tuple(map(_compile, parts))

    def check(heard: Heard) -> tuple[bool, str]:
        missed = []
        for one in checks:
            held, words = one(heard)
            if held:
                return True, words
            missed.append(words)
        return False, f"none of these holds: {' / '.join(missed)}"

    return check


def _not(part: When) -> Check:
    inner = _compile(part)

    def check(heard: Heard) -> tuple[bool, str]:
        held, words = inner(heard)
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

    def check(heard: Heard) -> tuple[bool, str]:
        looked = [one(heard) for one in checks]
        missed = [words for held, words in looked if not held]
        return not missed, "; ".join(missed or [words for _, words in looked]) or "it asks for nothing"

    return check


def _always(_heard: Heard) -> tuple[bool, str]:
    return True, "it takes everything"


def _is_cry(route: Route, heard: Heard) -> bool:
    """Return whether a person must see this at once, whatever else holds."""
    seen = heard.assessment
    grave = route.moment_of_truth or seen.moment_of_truth or seen.urgency.level is Level.CRITICAL
    return grave or bool(seen.failed) or any(signal.name == "safety" for signal in seen.signals)


class Router:
    """The routes of one rulebook, ready to decide."""

    def __init__(self, book: Rulebook) -> None:
        """Compile every route of `book`."""
        self.book = book
        self._routes = [(route, _always if route.when == "always" else _compile(route.when)) for route in book.routes]
        self._below: dict[int, tuple[Step, ...]] = {}

    def route(self, heard: Heard) -> tuple[Route, tuple[Step, ...]]:
        """Return the first route that takes the mention, and a step for every route in the file's order.

        Where no route takes it (a checked file ends with one that takes everything), it is left to a route called "no-route" that
        says nothing.
        """
        steps: list[Step] = []
        for index, (route, check) in enumerate(self._routes):
            matched, because = check(heard)
            steps.append(Step(route.name, matched, because))
            if matched:
                return route, (*steps, *self._not_looked_at(index))
        return _UNTAKEN, tuple(steps)

    def _not_looked_at(self, winner: int) -> tuple[Step, ...]:
        if winner not in self._below:
            words = f"not looked at: {self._routes[winner][0].name} won above"
            self._below[winner] = tuple(Step(route.name, matched=False, because=words) for route, _ in self._routes[winner + 1 :])
        return self._below[winner]

    def decide(self, heard: Heard, at: Circumstances) -> Decision:
        """Return what is wanted for a mention and what holds it back.

        The actions come in this order: `escalate:TEAM`, `team:TEAM`, `look` (a person must see this though nobody is alerted),
        `draft:TEMPLATE`, `private:TEMPLATE`, `send`, or `nothing` where nothing is said. Our own people are told under any hold.
        """
        route, trace = self.route(heard)
        found = holds(self.book, route, heard, at)
        actions = (*self._inward(route, heard), *(self._outward(route, heard, found) or ("nothing",)))
        return Decision(route.name, self.book.fingerprint, actions, found, trace)

    @staticmethod
    def _inward(route: Route, heard: Heard) -> tuple[str, ...]:
        """Return what our own people are told: in any mode and under any hold."""
        told = [f"escalate:{route.escalate}"] if route.escalate else []
        told += [f"team:{route.team}"] if route.team else []
        return (*told, "look") if not route.escalate and _is_cry(route, heard) else tuple(told)

    def _outward(self, route: Route, heard: Heard, found: Sequence[Hold]) -> tuple[str, ...]:
        """Return what may be said to the author, if anything."""
        mode = min((Mode(self.book.mode), Mode(route.mode or self.book.mode)), key=lambda one: one.rank)
        if mode is Mode.OBSERVE or any(hold.forbids for hold in found):
            return ()
        no_dm = any(wish.name == "no_dm" for wish in heard.assessment.wishes)
        said = [f"draft:{route.reply}"] if route.reply != "none" else []
        said += [f"private:{route.private}"] if route.private and route.private != "none" and not no_dm else []
        alone = mode is Mode.SEND and route.approval == "none" and not found
        return (*said, "send") if said and alone else tuple(said)
