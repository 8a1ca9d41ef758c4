"""Shadow routes: routes that decide beside the live ones and say nothing.

Each is judged at its place in the list as if it alone were live: the other shadow routes are not there for it. It never changes what is
decided; the verdicts stand beside the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from listener.rules.rulebook import Route, Rulebook
from responders.boundaries import may_draft
from responders.candidates import Candidates
from responders.conditions import asks_around, compiled
from responders.model import Circumstances, Decision, Heard, Shadow, Step
from responders.tracing import Trace

Would = Callable[[Route], Decision]
"""What would be decided, had this route taken the mention."""


class Shadows:
    """The shadow routes of one rulebook, ready to judge."""

    def __init__(self, book: Rulebook) -> None:
        """Compile every shadow route of `book`."""
        self._order = {route.name: place for place, route in enumerate(book.routes)}
        self._routes = [(route, compiled(route.when, book)) for route in book.routes if route.shadow]
        self._candidates = Candidates(book, [route.when for route, _ in self._routes])
        self._around = frozenset(number for number, (route, _) in enumerate(self._routes) if asks_around(route.when))
        live, shadow = count(), count()
        self._places = [(route.shadow, next(shadow if route.shadow else live)) for route in book.routes]
        self._live = [place for place, route in enumerate(book.routes) if not route.shadow]
        self._shadow = [place for place, route in enumerate(book.routes) if route.shadow]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._routes)

    def judge(self, heard: Heard, at: Circumstances, winner: str, would: Would) -> tuple[tuple[Shadow, ...], Trace]:
        """Return the shadow routes that match a mention which `winner` took, and a step for every one of them."""
        found: list[Shadow] = []
        steps: dict[int, Step] = {}
        last = self._order.get(winner, len(self._order))
        for number in self._candidates.of(heard, at):
            route, check = self._routes[number]
            matched, because = check(heard, at)
            if matched:
                above = winner if self._order[route.name] > last else ""
                words = _words(because, above)
                found.append(Shadow(route.name, above, words) if above else _taken(route, words, would))
                steps[number] = Step(route.name, matched=False, because=words, shadow=True)
        return tuple(found), self.steps(heard, at, steps)

    def steps(self, heard: Heard, at: Circumstances, known: Mapping[int, Step]) -> Trace:
        """Return a step for every shadow route: those that are `known`, and what the others say."""

        def word(number: int) -> Step:
            route, check = self._routes[number]
            return known.get(number) or Step(route.name, *check(heard, at), shadow=True)

        return Trace(len(self._routes), word, sorted({*known, *self._around}))

    def woven(self, live: Trace, shadows: Trace) -> Trace:
        """Return all steps in the order of the file."""
        lasting = [self._live[number] for number in live.lasting] + [self._shadow[number] for number in shadows.lasting]
        return Trace(len(self._places), lambda place: self._step(place, live, shadows), sorted(lasting))

    def _step(self, place: int, live: Trace, shadows: Trace) -> Step:
        shadow, number = self._places[place]
        return (shadows if shadow else live)[number]


def _words(because: str, above: str) -> str:
    return f"would have taken it, had {above} above not: {because}" if above else f"would have taken it: {because}"


def _taken(route: Route, words: str, would: Would) -> Shadow:
    wanted = would(route)
    gates = tuple(dict.fromkeys(hold.gate for hold in wanted.holds))
    return Shadow(route.name, "", words, wanted.actions, gates, drafts=may_draft(wanted))
