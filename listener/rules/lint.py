"""Routes that can never work as meant, and things that are allowed but odd (warnings)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from listener.rules.above import Above
from listener.rules.conditions import When
from listener.rules.look import Look, Path, TooLong
from listener.rules.overtime import is_storm
from listener.rules.problems import Problem, near
from listener.rules.reach import matches_all
from listener.rules.rulebook import Route, Rulebook
from listener.rules.texts import fields_of, fill, stray_brace, variants
from listener.text import clean

_MODES = ("observe", "draft", "send")
_MOST_ROUTES = 2_000
# Values as long as real ones are: a template must fit with these.
_SAMPLE = {"author": "a" * 20, "agent": "Alexandra", "case": "A-10000", "answer": ""}


def order(look: Look) -> Iterator[Problem]:
    """Find routes with the same name, routes that are never reached, and mentions that no route would take."""
    routes = look.book.routes
    first: dict[str, int] = {}
    for number, route in enumerate(routes):
        if route.name in first:
            line = look.node(("routes", first[route.name], "name")).at[0]
            message = f'another route is called "{route.name}" too'
            yield look.error(("routes", number, "name"), "double-route", message, f"it is in line {line}")
        first.setdefault(route.name, number)
        if isinstance(route.when, When) and not route.when.model_fields_set and look.whole(("routes", number, "when")):
            yield look.error(("routes", number, "when"), "empty", '"when" holds no condition', "write: when: always")
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
    above = Above([route.when for _, route in judged])
    for place, (number, route) in enumerate(judged):
        if matches_all(route.when):
            below = judged[place + 1 :]
            if below:
                more = f" (and {len(below) - 1} more)" if len(below) > 1 else ""
                message = f'"{route.name}" matches everything, so "{below[0][1].name}"{more} below it can never be reached'
                yield look.error(("routes", number, "when"), "unreachable", message, "move it to the end, or give it conditions")
            return
        if (wider := above.wider(place)) is not None:
            taker = judged[wider][1].name
            message = f'"{route.name}" can never be reached: "{taker}" above it takes all that it would take'
            yield look.error(("routes", number, "when"), "unreachable", message, f'move it above "{taker}"')


def _clear(look: Look, number: int, route: Route) -> bool:
    """Tell whether a route's condition is all there."""
    said = look.whole(("routes", number, "when")) and look.whole(("routes", number, "shadow"))
    return said and (route.when == "always" or bool(route.when.model_fields_set))


def oddities(look: Look) -> Iterator[Problem]:
    """Find what is allowed but odd."""
    for check in (_private, _modes, _untested, _unused_templates, _unused_rest, _bait, _lengths, _never_said):
        yield from check(look)


def _private(look: Look) -> Iterator[Problem]:
    for number, route in enumerate(look.book.routes):
        if route.private not in {None, "none"} and route.reply == "none" and look.whole(("routes", number)):
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
    for number, route in enumerate(look.book.routes):
        path: Path = ("routes", number)
        shown = any(example.post for example in route.examples) or _needs_a_past(look, route) or route.shadow
        if look.whole((*path, "examples")) and not shown:
            hint = "add examples: [{post: ...}] with a post it must take"
            yield look.warning((*path, "name"), "no-example", f'no example shows what "{route.name}" takes', hint)


def _needs_a_past(look: Look, route: Route) -> bool:
    """Tell whether one post alone can never show what a route takes."""
    if route.when == "always":
        return False
    if isinstance(route.when.signals, tuple) and all(is_storm(look, name) for name in route.when.signals):
        return True
    return any(part is not None for part in (route.when.thread, route.when.count, route.when.spike, route.when.new_term))


def _unused_templates(look: Look) -> Iterator[Problem]:
    used = {name for route in look.book.routes for name in (route.reply, route.private)}
    if look.whole(("routes",)):
        for name in look.book.templates:
            if name not in used and not _misspelt(name, used, look.book.templates):
                message = f'no route uses the template "{name}"'
                yield look.warning_at_key(("templates", name), "unused-template", message, "use it, or remove it")


def _misspelt(name: str, used: Iterable[str | None], defined: Iterable[str]) -> bool:
    """Tell whether a name is used after all, only misspelt, which is said elsewhere."""
    return near(name, {word for word in used if word} - {"none", *defined}) is not None


def _unused_rest(look: Look) -> Iterator[Problem]:
    if not look.whole(("routes",)):
        return
    told = {route.escalate for route in look.book.live}
    watching = {watch.tell for watch in look.book.watch}
    used = {name for route in look.book.routes for name in (route.escalate, route.team)} | watching | {look.book.tell}
    for name, team in look.book.teams.items():
        if name not in used and not _misspelt(name, used, look.book.teams):
            yield look.warning_at_key(("teams", name), "unused-team", f'no route names the team "{name}"', "use it, or remove it")
        if name in told | watching | {look.book.tell} and team.alert is None and look.whole(("teams", name)):
            what = "told at once by a route" if name in told else 'to be told of what concerns Earnest ("tell")'
            what = "told by a watch" if name in watching - told else what
            hint = f'add alert: "secret:{name.lower()}"'
            yield look.warning_at_key(("teams", name), "no-alert", f'"{name}" is {what}, but has no alert', hint)
    asked = {name for when, _ in look.conditions() if isinstance(when.signals, tuple) for name in when.signals}
    asked |= {name for watch in look.book.watch for name in watch.signals}
    for name, signal in look.book.scoring.urgency.signals.items():
        if signal.points == 0 and name not in asked:
            message = f'the signal "{name}" has no points and no route asks for it'
            yield look.warning_at_key(("scoring", "urgency", "signals", name), "unused-signal", message, "use it, or remove it")


def _bait(look: Look) -> Iterator[Problem]:
    replies = {route.reply for route in look.book.routes}
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            if name in replies and "author" in fields_of(text):
                message = "{author} repeats in public a name that a stranger chose"
                yield look.warning(("templates", name, *keys), "author-field", message, "leave it out; networks show whom you answer")


def _lengths(look: Look) -> Iterator[Problem]:
    public = {route.reply for route in look.book.routes}
    private = {route.private for route in look.book.routes}
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            if not stray_brace(text):
                shown = fill(text, sample(look.book))
                path: Path = ("templates", name, *keys)
                yield from _too_long(look, path, shown, look.known.too_long if name in public else {})
                yield from _too_long(look, path, shown, look.known.too_long_private if name in private else {})


def sample(book: Rulebook) -> dict[str, str]:
    """Return values for the fields of templates, as long as real ones are; none for `{answer}`, whose words are looked at by themselves."""
    longest = max((brand.contact or "" for brand in book.brands.values()), key=len)
    return _SAMPLE | {"brand": max(book.brands, key=len), "link": longest.replace("{case}", _SAMPLE["case"])}


def _too_long(look: Look, path: Path, text: str, limits: Mapping[str, TooLong]) -> Iterator[Problem]:
    spoken = {source.network_of(name) for name, source in look.book.sources.items()}
    spoken |= {network for brand in look.book.brands.values() for network in brand.handles}
    for network in sorted(spoken & set(limits)):
        if problem := limits[network](text):
            yield look.warning(path, "too-long", f"too long for {network}: {problem}", "shorten it, or add a shorter template")


def _never_said(look: Look) -> Iterator[Problem]:
    phrases = {clean(phrase): phrase for phrase in look.book.boundaries.never_say}
    for name, texts in look.book.templates.items():
        for _, text, keys in variants(texts):
            words = f" {' '.join(clean(text).replace('.', ' ').replace(',', ' ').split())} "
            for folded, phrase in phrases.items():
                if f" {folded} " in words:
                    message = f'this text says "{phrase}", which boundaries.never_say forbids'
                    yield look.warning(("templates", name, *keys), "never-say", message, "it could never leave")
