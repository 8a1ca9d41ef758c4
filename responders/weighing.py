"""What an edit of the rules would have made of the last day, weighed against the rules in force: what no saved file may change unasked.

The newest mentions of the last day are played by both, as `rules replay` plays them; the store is only read. An edit by which ten times
more would have left, or by which a route that speaks takes a fifth of everything, wants a person's word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.clock import from_text
from listener.errors import EarnestError
from listener.rules.look import place
from listener.rules.reading import read
from listener.rules.rulebook import Route, Rulebook
from listener.store.looking import looking
from responders.ledger import bygone
from responders.ledger.bygone import Span
from responders.model import Mode
from responders.replaying import TABLES, Story, Told, replay

SPAN = timedelta(days=1)
"""How much of the past an edit is tried on."""

MOST = 2_000
"""At most so many posts of it, the newest."""

TIMES = 10
"""So many times more answers by themselves want a person's word; rules that would have sent none count as one."""

PART = 5
"""A route that speaks and newly takes one in so many mentions wants a person's word."""

FEWEST = 20
"""A route that newly takes fewer mentions than this is never asked about."""


class Interrupted(Exception):
    """The daemon ends: nobody waits for the weighing any more."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an edit wants a person's word. `code` is `mode`, `more`, `wide`, `answers` or `untried`; line and column count from 1."""

    code: str
    words: str
    line: int = 1
    column: int = 1

    def to_json(self) -> dict[str, object]:
        """Return what `rules take --json` prints of it."""
        return {"code": self.code, "line": self.line, "column": self.column, "message": self.words}


@dataclass(frozen=True, slots=True)
class Weighed:
    """What both would have made of a span of the last day; `capped` is true where only the newest posts of it were played.

    `as_is` is false where the old rules were played in a mode that is not their own.
    """

    after: Story
    before: Story
    span: Span
    capped: bool = False
    as_is: bool = True

    @property
    def mentions(self) -> int:
        """How many mentions there were by either."""
        return len(self.before.mentions.keys() | self.after.mentions.keys())


def weigh(url: str, new: Rulebook, old: Rulebook, *, at: datetime, go_on: Callable[[int], None] = lambda _posts: None) -> Weighed:
    """Play the last day by both. What rules do whose mode alone is raised is asked elsewhere, so the old ones are played in that mode too.

    `go_on` is called now and then, and may raise to end it.

    Raises:
        Unreachable: the store cannot be read.
    """
    span, capped = last_day(url, at=at)
    base = _as_far(old, new)
    return Weighed(replay(url, new, span, progress=go_on), replay(url, base, span, progress=go_on), span, capped, base is old)


def last_day(url: str, *, at: datetime) -> tuple[Span, bool]:
    """Return the stretch of time that is played, and whether it is shorter than a day because so much was heard.

    Raises:
        Unreachable: the store cannot be read.
    """
    span = Span(at - SPAN, at + timedelta(seconds=1))
    with looking(url, TABLES) as reader:
        places = bygone.places(reader, span)
    if len(places) <= MOST:
        return span, False
    return replace(span, since=from_text(places[-MOST].at)), True


def _as_far(old: Rulebook, new: Rulebook) -> Rulebook:
    """Return the old rules, in the mode of the new ones where that is higher."""
    return old.model_copy(update={"mode": new.mode}) if Mode(new.mode).rank > Mode(old.mode).rank else old


def objections(new: Rulebook, old: Rulebook, weighed: Weighed) -> tuple[Objection, ...]:
    """Return why a person must say yes to the new rules; empty where nobody need be asked."""
    return (*_more(new, weighed), *_wide(new, _as_far(old, new), weighed))


def untried(problem: Exception) -> Objection:
    """Return the objection to an edit that could not be tried: what nobody has looked at is not taken."""
    why = problem.message if isinstance(problem, EarnestError) else type(problem).__name__
    return Objection("untried", f"what it would have made of the last day could not be found out: {why}")


def _more(new: Rulebook, weighed: Weighed) -> Iterator[Objection]:
    """Object where far more would have left by itself."""
    now, then = weighed.after.sent, weighed.before.sent
    if now < TIMES * max(then, 1):
        return
    by = Counter(told.route for told in weighed.after.mentions.values() if told.sent)
    most, count = by.most_common(1)[0]
    words = (
        f'{now:,} answers would have left by themselves {_of(weighed)}, {count:,} of them by route "{most}"; '
        f"by the rules in force {then:,} would have"
    )
    yield _at_route(new, most, "more", words)


def _wide(new: Rulebook, old: Rulebook, weighed: Weighed) -> Iterator[Objection]:
    """Object to every route that speaks to a good part of all, whom the old rules answered otherwise or not at all."""
    now, then = {route.name: _says(route, new) for route in new.routes}, {route.name: _says(route, old) for route in old.routes}
    before = weighed.before.mentions
    gained = Counter(told.route for key, told in weighed.after.mentions.items() if _newly(told, before.get(key), now, then))
    whole = weighed.mentions
    for route, count in gained.most_common():
        if count >= FEWEST and count * PART >= whole:
            words = (
                f'route "{route}" would have spoken to {count:,} of the {whole:,} mentions {_of(weighed)}, '
                "to whom the rules in force say something else or nothing"
            )
            yield _at_route(new, route, "wide", words)


_Says = tuple[str, str, str]
_SILENT: _Says = ("", "", "")


def _says(route: Route, book: Rulebook) -> _Says:
    """Return what a route says in public, in private, and to which team at once: names of templates, "" for nothing."""
    mute = Mode.OBSERVE in {Mode(book.mode), Mode(route.mode or book.mode)}
    spoken = ("", "") if mute else (route.reply, route.private or "")
    public, private = ("" if name == "none" else name for name in spoken)
    return public, private, route.escalate or ""


def _newly(now: Told, before: Told | None, new: dict[str, _Says], old: dict[str, _Says]) -> bool:
    """Return whether a mention is spoken to by a route that did not speak to it before. A route of another name may say the same."""
    says = new.get(now.route, _SILENT)
    said = _SILENT if before is None else old.get(before.route, _SILENT)
    moved = before is None or before.route != now.route or said == _SILENT
    return says != _SILENT and moved and says != said


def _of(weighed: Weighed) -> str:
    return f"of the last day, of which the newest {MOST:,} posts were played" if weighed.capped else "of the last day"


def _at_route(book: Rulebook, name: str, code: str, words: str) -> Objection:
    number = next((index for index, route in enumerate(book.routes) if route.name == name), None)
    line, column = (1, 1) if number is None else place(read(book.words), ("routes", number))
    return Objection(code, words, line, column)
