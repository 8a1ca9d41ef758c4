"""What the file defines and nothing uses: templates, teams, signals, lists. Each is a warning: it may be a leftover, or a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from listener.rules.look import Look
from listener.rules.problems import Problem, near

_HINT = "use it, or remove it"


def unused(look: Look) -> Iterator[Problem]:
    """Find what nothing uses. Where routes could not be read, nobody knows what they use."""
    if look.whole(("routes",)):
        for check in (_templates, _teams, _signals, _lists):
            yield from check(look)


def _misspelt(name: str, used: Iterable[str | None], defined: Iterable[str]) -> bool:
    """Tell whether a name is used after all, only misspelt, which is said elsewhere."""
    return near(name, {word for word in used if word} - {"none", *defined}) is not None


def _templates(look: Look) -> Iterator[Problem]:
    used = {name for route in look.book.routes for name in (route.reply, route.private)}
    for name in look.book.templates:
        if name not in used and not _misspelt(name, used, look.book.templates):
            yield look.warning_at_key(("templates", name), "unused-template", f'no route uses the template "{name}"', _HINT)


def _teams(look: Look) -> Iterator[Problem]:
    told = {route.escalate for route in look.book.live}
    watching = {watch.tell for watch in look.book.watch}
    used = {name for route in look.book.routes for name in (route.escalate, route.team)} | watching | {look.book.tell}
    for name, team in look.book.teams.items():
        if name not in used and not _misspelt(name, used, look.book.teams):
            yield look.warning_at_key(("teams", name), "unused-team", f'no route names the team "{name}"', _HINT)
        elif not team.members and team.alert is None and look.whole(("teams", name)):
            hint = f'add members, or alert: "secret:{name.lower()}"'
            yield look.warning_at_key(("teams", name), "empty-team", f'the team "{name}" has neither members nor an alert', hint)
        elif name in told | watching | {look.book.tell} and team.alert is None and look.whole(("teams", name)):
            what = "told at once by a route" if name in told else 'to be told of what concerns Earnest ("tell")'
            what = "told by a watch" if name in watching - told else what
            hint = f'add alert: "secret:{name.lower()}"'
            yield look.warning_at_key(("teams", name), "no-alert", f'"{name}" is {what}, but has no alert', hint)


def _signals(look: Look) -> Iterator[Problem]:
    asked = {name for when, _ in look.conditions() if isinstance(when.signals, tuple) for name in when.signals}
    asked |= {name for watch in look.book.watch for name in watch.signals}
    asked |= {part.of for when, _ in look.conditions() for part in (when.count, when.spike) if part is not None}
    for name, signal in look.book.scoring.urgency.signals.items():
        if signal.points == 0 and name not in asked:
            message = f'the signal "{name}" has no points and no route asks for it'
            yield look.warning_at_key(("scoring", "urgency", "signals", name), "unused-signal", message, _HINT)


def _lists(look: Look) -> Iterator[Problem]:
    asked = {name for when, _ in look.conditions() if when.author for name in when.author.list or ()}
    for name in look.book.lists:
        if name not in asked and not _misspelt(name, asked, look.book.lists):
            yield look.warning_at_key(("lists", name), "unused-list", f'no route asks for the list "{name}"', _HINT)
