"""Routes that can never work as meant, and things that are allowed but odd (warnings)."""

from __future__ import annotations

from collections.abc import Iterator

from listener.rules.above import Above
from listener.rules.conditions import When
from listener.rules.look import Look, Path
from listener.rules.overtime import is_storm
from listener.rules.problems import Problem
from listener.rules.reach import matches_all, never
from listener.rules.rulebook import Route
from listener.rules.together import Together

_MODES = ("observe", "draft", "send")
_MOST_ROUTES = 2_000


def order(look: Look) -> Iterator[Problem]:
    """Find routes with the same name, routes that are never reached, and mentions that no route would take."""
    routes = look.book.routes
    yield from look.doubles("routes", "route", (route.name for route in routes))
    for number, route in enumerate(routes):
        if isinstance(route.when, When) and not route.when.model_fields_set and look.whole(("routes", number, "when")):
            yield look.error(("routes", number, "when"), "empty", '"when" holds no condition', "write: when: always")
    for when, path in look.conditions():
        for number, part in enumerate(when.any or ()):
            if not part.model_fields_set and look.whole((*path, "any", number)):
                message = "this part holds no condition, so it takes everything"
                yield look.error((*path, "any", number), "empty", message, "take it out, or give it a condition")
    yield from _unreachable(look)
    # A shadow route takes nothing, so the last of the others is the last; where all are, there is none.
    last = max((number for number, route in enumerate(routes) if not route.shadow), default=len(routes) - 1)
    if look.whole(("routes",)) and (routes[last].shadow or not matches_all(routes[last].when)):
        message = f'"{routes[last].name}" is the last route and must take what no other took'
        if routes[last].shadow:
            message = "every route is a shadow route, so nothing takes a mention"
        yield look.error(("routes", last, "when"), "last-route", message, "add a route below it with: when: always, reply: none")


def _unreachable(look: Look) -> Iterator[Problem]:
    numbered = enumerate(look.book.routes[:_MOST_ROUTES])
    judged = [(number, route) for number, route in numbered if not route.shadow and _clear(look, number, route)]
    whens = [route.when for _, route in judged]
    above, together = Above(whens), Together(whens)
    for place, (number, route) in enumerate(judged):
        if matches_all(route.when):
            below = judged[place + 1 :]
            if below:
                more = f" (and {len(below) - 1} more)" if len(below) > 1 else ""
                message = f'"{route.name}" matches everything, so "{below[0][1].name}"{more} below it can never be reached'
                yield look.error(("routes", number, "when"), "unreachable", message, "move it to the end, or give it conditions")
            return
        path: Path = ("routes", number, "when")
        if never(route.when):
            message = f'"{route.name}" can never be reached: its conditions rule one another out'
            yield look.error(path, "unreachable", message, "keys together mean and; lists and any mean or")
            continue
        wider = above.wider(place)
        hiding = (wider,) if wider is not None else together.covering(place)
        if hiding:
            *first, last = [f'"{judged[one][1].name}"' for one in hiding]
            names = f"{', '.join(first)} and {last}" if first else last
            take = "together take" if first else "takes"
            message = f'"{route.name}" can never be reached: {names} above it {take} all that it would take'
            yield look.error(path, "unreachable", message, f"move it above {first[0] if first else last}")


def _clear(look: Look, number: int, route: Route) -> bool:
    """Tell whether a route's condition is all there."""
    said = look.whole(("routes", number, "when")) and look.whole(("routes", number, "shadow"))
    return said and (route.when == "always" or bool(route.when.model_fields_set))


def oddities(look: Look) -> Iterator[Problem]:
    """Find routes that are allowed but odd."""
    for check in (_private, _modes, _untested):
        yield from check(look)


def _private(look: Look) -> Iterator[Problem]:
    for number, route in enumerate(look.book.routes):
        if route.private_template and not route.public_template and look.whole(("routes", number)):
            message = f'"{route.name}" writes in private and says nothing in public'
            hint = 'give it a "reply" that says why you take it there; to others it looks as if nobody answered'
            yield look.warning(("routes", number, "private"), "silent-private", message, hint)


def _modes(look: Look) -> Iterator[Problem]:
    ceiling = look.book.mode
    for number, route in enumerate(look.book.routes):
        if route.mode and _MODES.index(route.mode) > _MODES.index(ceiling):
            message = f'"mode: {route.mode}" has no effect here: the whole file may only "{ceiling}"'
            yield look.warning(("routes", number, "mode"), "mode", message, "a route can only go lower")


def _untested(look: Look) -> Iterator[Problem]:
    tried = {trial.route for trial in look.book.tests}
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number)
        shown = any(example.post for example in route.examples) or route.name in tried or _needs_a_past(look, route) or route.shadow
        if look.whole((*path, "examples")) and look.whole(("tests",)) and not shown:
            hint = "add examples: [{post: ...}] with a post it must take"
            yield look.warning((*path, "name"), "no-example", f'no example shows what "{route.name}" takes', hint)


def _needs_a_past(look: Look, route: Route) -> bool:
    """Tell whether one post alone can never show what a route takes."""
    if route.when == "always":
        return False
    if isinstance(route.when.signals, tuple) and all(is_storm(look, name) for name in route.when.signals):
        return True
    return any(part is not None for part in (route.when.thread, route.when.count, route.when.spike, route.when.new_term))
