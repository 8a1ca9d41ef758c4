"""Routing: which route takes a mention, why, and why none of the others did.

A `Router` is made once from a rulebook: every condition is compiled (`conditions`), so that deciding only looks at facts, and only those
routes are asked that may take the mention (`candidates`). Why the others do not is worded where somebody reads it (`tracing`). Nothing here
knows the time, the disk or a network.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.model import Level
from listener.rules.rulebook import Route, Rulebook
from responders.boundaries import holds, no_private
from responders.candidates import Candidates
from responders.conditions import asks_around, compiled
from responders.model import Circumstances, Decision, Heard, Hold, Mode, Shadow, Step
from responders.shadowing import Shadows
from responders.tracing import Trace

NO_ROUTE = Route(name="no-route", when="always")
"""What takes a mention that no route of the file takes: it says nothing."""


def _is_cry(route: Route, heard: Heard) -> bool:
    """Return whether a person must see this at once, whatever else holds."""
    seen = heard.assessment
    grave = route.moment_of_truth or seen.moment_of_truth or seen.urgency.level is Level.CRITICAL
    return grave or bool(seen.failed) or "safety" in [signal.name for signal in seen.signals]


class _Wants:
    """What a route wants done, as far as no mention changes it.

    `told` are the actions for our own people; `public` and `private` those of what it says, empty where it says nothing there; `mode` is
    how far it may go.
    """

    __slots__ = ("mode", "private", "public", "told")

    def __init__(self, book: Rulebook, route: Route) -> None:
        self.told = (*([f"escalate:{route.escalate}"] if route.escalate else ()), *([f"team:{route.team}"] if route.team else ()))
        self.public: tuple[str, ...] = (f"draft:{route.public_template}",) if route.public_template else ()
        self.private: tuple[str, ...] = (f"private:{route.private_template}",) if route.private_template else ()
        self.mode = min((Mode(book.mode), Mode(route.mode or book.mode)), key=lambda one: one.rank)


class Router:
    """The routes of one rulebook, ready to decide."""

    def __init__(self, book: Rulebook) -> None:
        """Compile every route of `book`."""
        self.book = book
        self._routes = [(route, compiled(route.when, book)) for route in book.live]
        self._candidates = Candidates(book, [route.when for route, _ in self._routes])
        self._around = [number for number, (route, _) in enumerate(self._routes) if asks_around(route.when)]
        self._shadows = Shadows(book)
        self._wants = {id(route): _Wants(book, route) for route in (*book.routes, NO_ROUTE)}
        self._version = book.fingerprint

    def route(self, heard: Heard, at: Circumstances) -> tuple[Route, Trace]:
        """Return the first live route that takes the mention, and a step for every live route in the file's order.

        Where no route takes it (a checked file ends with one that takes everything), it is left to a route called "no-route" that
        says nothing.
        """
        for number in self._candidates.of(heard, at):
            route, check = self._routes[number]
            matched, because = check(heard, at)
            if matched:
                return route, self._trace(heard, at, number, Step(route.name, matched, because))
        return NO_ROUTE, self._trace(heard, at, len(self._routes))

    def told_again(self, heard: Heard, won: Step) -> Trace | None:
        """Return a step for every route where the step `won` is known; None where there is no such route.

        The steps of routes that ask about more than the post (`asks_around`), and of shadow routes that match, are void: what they told
        then is another thing now.
        """
        number = next((number for number, (route, _) in enumerate(self._routes) if route.name == won.route), None)
        if number is None:
            return None
        at = Circumstances(now=heard.mention.post.created_at)
        live = self._trace(heard, at, number, won, later=True)
        return self._shadows.woven(live, self._shadows.steps(heard, at, {})) if self._shadows else live

    def _trace(self, heard: Heard, at: Circumstances, winner: int, won: Step | None = None, *, later: bool = False) -> Trace:
        """Return the steps up to the winner, `won`, and behind it; `later` says that `at` tells nothing of then but the time."""

        def word(number: int) -> Step:
            route, check = self._routes[number]
            if won and number == winner:
                return won
            if number < winner:
                return Step(route.name, *check(heard, at))
            above = self._routes[winner][0].name
            if later and number in self._around:
                return Step(route.name, matched=False, because=f"{above} won above")
            takes, because = check(heard, at)
            return Step(route.name, matched=False, because=f"{above} won above; alone it would {'' if takes else 'not '}take it: {because}")

        above = (number for number in self._around if number < winner)
        return Trace(len(self._routes), word, (*above, winner) if won else above)

    def decide(self, heard: Heard, at: Circumstances) -> Decision:
        """Return what is wanted for a mention and what holds it back.

        The actions come in this order: `escalate:TEAM`, `team:TEAM`, `look` (a person must see this though nobody is alerted),
        `draft:TEMPLATE`, `private:TEMPLATE`, `send`, or `nothing` where nothing is said. Our own people are told under any hold.
        """
        route, trace = self.route(heard, at)
        if not self._shadows:
            return self._decided(route, heard, at, trace)
        found, steps = self._shadows.judge(heard, at, route.name, lambda shadow: self._decided(shadow, heard, at))
        return self._decided(route, heard, at, self._shadows.woven(trace, steps), found)

    def _decided(
        self, route: Route, heard: Heard, at: Circumstances, trace: Sequence[Step] = (), shadows: tuple[Shadow, ...] = ()
    ) -> Decision:
        """Return what is decided where `route` takes the mention."""
        found, wants = holds(self.book, route, heard, at), self._wants[id(route)]
        inward = (*wants.told, "look") if not route.escalate and _is_cry(route, heard) else wants.told
        actions = (*inward, *(_outward(wants, route, heard, found) or ("nothing",)))
        return Decision(route.name, self._version, actions, found, trace, shadows)


def _outward(wants: _Wants, route: Route, heard: Heard, found: Sequence[Hold]) -> tuple[str, ...]:
    """Return what may be said to the author, if anything."""
    if wants.mode is Mode.OBSERVE or (found and any(hold.forbids for hold in found)):
        return ()
    said = wants.public
    if wants.private and not no_private(found) and "no_dm" not in [wish.name for wish in heard.assessment.wishes]:
        said += wants.private
    alone = wants.mode is Mode.SEND and route.approval == "none" and not found
    return (*said, "send") if said and alone else said
