"""Routing: which route takes a mention, why, and why none of the others did.

A `Router` is made once from a rulebook: every condition is compiled (`conditions`), so that deciding only looks at facts. Nothing
here knows the time, the disk or a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from listener.model import Level
from listener.rules.rulebook import Route, Rulebook
from responders.boundaries import holds, no_private
from responders.conditions import compiled
from responders.model import Circumstances, Decision, Heard, Hold, Mode, Step
from responders.shadowing import Shadows

_UNTAKEN = Route(name="no-route", when="always")


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
        self._routes = [(route, compiled(route.when, book)) for route in book.live]
        self._shadows = Shadows(book)
        self._below: dict[int, tuple[Step, ...]] = {}

    def route(self, heard: Heard, at: Circumstances) -> tuple[Route, tuple[Step, ...]]:
        """Return the first live route that takes the mention, and a step for every live route in the file's order.

        Where no route takes it (a checked file ends with one that takes everything), it is left to a route called "no-route" that
        says nothing.
        """
        steps: list[Step] = []
        for index, (route, check) in enumerate(self._routes):
            matched, because = check(heard, at)
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
        route, trace = self.route(heard, at)
        decision = self._decided(route, heard, at, trace)
        if not self._shadows:
            return decision
        found, steps = self._shadows.judge(heard, at, route.name, lambda shadow: self._decided(shadow, heard, at))
        return replace(decision, trace=self._shadows.woven(trace, steps), shadows=found)

    def _decided(self, route: Route, heard: Heard, at: Circumstances, trace: tuple[Step, ...] = ()) -> Decision:
        """Return what is decided where `route` takes the mention."""
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
        said += [f"private:{route.private}"] if route.private not in {None, "none"} and not no_dm and not no_private(found) else []
        alone = mode is Mode.SEND and route.approval == "none" and not found
        return (*said, "send") if said and alone else tuple(said)
