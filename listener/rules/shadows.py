"""Shadow routes that could take nothing, were they live: watching them shows nothing either."""

from __future__ import annotations

from collections.abc import Iterator

from listener.rules.look import Look
from listener.rules.problems import Problem
from listener.rules.reach import implies
from listener.rules.rulebook import Route

_MOST_ROUTES = 400


def shadows(look: Look) -> Iterator[Problem]:
    """Warn of every shadow route below a live one that takes all that it would take."""
    live: list[Route] = []
    for number, route in enumerate(look.book.routes[:_MOST_ROUTES]):
        whole = all(look.whole(("routes", number, key)) for key in ("when", "shadow"))
        if not whole or (route.when != "always" and not route.when.model_fields_set):
            continue
        if not route.shadow:
            live.append(route)
        elif above := next((one for one in live if implies(route.when, one.when)), None):
            message = f'"{route.name}" would never take anything: "{above.name}" above it takes all that it would take'
            yield look.warning(("routes", number, "when"), "shadow-unreachable", message, f'move it above "{above.name}"')
