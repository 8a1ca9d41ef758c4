"""Shadow routes: routes that decide beside the live ones and say nothing.

Each is judged at its place in the list as if it alone were live: the other shadow routes are not there for it. It never changes what is
decided; the verdicts stand beside the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from listener.rules.rulebook import Route, Rulebook
from responders.boundaries import may_draft
from responders.conditions import compiled
from responders.model import Circumstances, Decision, Heard, Shadow, Step

Would = Callable[[Route], Decision]
"""What would be decided, had this route taken the mention."""


class Shadows:
    """The shadow routes of one rulebook, ready to judge."""

    def __init__(self, book: Rulebook) -> None:
        """Compile every shadow route of `book`."""
        self._order = {route.name: place for place, route in enumerate(book.routes)}
        self._routes = [(route, compiled(route.when, book)) for route in book.routes if route.shadow]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._routes)

    def judge(self, heard: Heard, at: Circumstances, winner: str, would: Would) -> tuple[tuple[Shadow, ...], tuple[Step, ...]]:
        """Return the shadow routes that match a mention which `winner` took, and a step for every one of them."""
        found, steps = [], []
        last = self._order.get(winner, len(self._order))
        for route, check in self._routes:
            matched, because = check(heard, at)
            above = winner if self._order[route.name] > last else ""
            words = _words(because, above) if matched else because
            if matched:
                found.append(Shadow(route.name, above, words) if above else _taken(route, words, would))
            steps.append(Step(route.name, matched=False, because=words, shadow=True))
        return tuple(found), tuple(steps)

    def woven(self, live: Sequence[Step], shadows: Sequence[Step]) -> tuple[Step, ...]:
        """Return all steps in the order of the file."""
        return tuple(sorted((*live, *shadows), key=lambda step: self._order[step.route]))


def _words(because: str, above: str) -> str:
    return f"would have taken it, had {above} above not: {because}" if above else f"would have taken it: {because}"


def _taken(route: Route, words: str, would: Would) -> Shadow:
    wanted = would(route)
    gates = tuple(dict.fromkeys(hold.gate for hold in wanted.holds))
    return Shadow(route.name, "", words, wanted.actions, gates, drafts=may_draft(wanted))
