"""Rehearsal: the examples in rules.yaml, judged by the very functions that judge what is heard, with the clock standing still."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from listener.errors import UsageError
from listener.matching import Matcher
from listener.model import Assessment, Author, Mention, Post, Visibility
from listener.rules.rulebook import Example, Route, Rulebook
from listener.rules.trials import NOON
from listener.scoring.assessor import Assessor
from listener.text import one_line, visible
from responders.model import Circumstances, Decision, Heard, Past
from responders.routing import Router

_NETWORK = "mastodon"
_AUTHOR = "customer"
_WIDTH = 120  # columns of an example in a report
_MENTION = re.compile(r"(?<![\w@/])@([\w.-]*\w(?:@[\w.-]*\w)?)")
_TAG = re.compile(r"(?<!\w)#(\w+)")


class Judge(Protocol):
    """Whatever judges posts; the daemon's is `listener.scoring.assessor.Assessor`."""

    def assess(self, post: Post, thread: Sequence[Post] = ()) -> Assessment:
        """Return all that can be judged of `post` with the posts around it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that did not hold: of which route, which text, and what was expected and found, in words."""

    route: str
    example: str
    expected: str
    got: str

    def __str__(self) -> str:
        """Say it in one line that is safe to show."""
        text = one_line(self.example, _WIDTH)
        return f'route "{self.route}", "{text}": expected {self.expected}, found: {visible(self.got, newlines=False)}'


def example_time(book: Rulebook, example: Example) -> datetime:
    """Return when an example is written, in UTC; see `time_of`."""
    return time_of(book, example.at)


def time_of(book: Rulebook, at: str | None) -> datetime:
    """Return a time of the file in UTC: `at` in its timezone, or noon on a weekday.

    Raises:
        ValueError: `at` is no such time.
        KeyError: there is no such timezone.
    """
    moment = datetime.fromisoformat(at or NOON)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(book.timezone))).astimezone(UTC)


def made_up_post(
    text: str,
    *,
    at: datetime,
    network: str | None = None,
    author: str | None = None,
    visibility: Visibility | None = None,
    followers: int | None = None,
) -> Post:
    """Return a post as its network would give it: a public one unless said otherwise, whose "@" and "#" words are its mentions and tags."""
    where, name = network or _NETWORK, author or _AUTHOR
    return Post(
        network=where,
        id="example",
        text=text,
        author=Author(where, f"author-{name}", name, followers=followers),
        created_at=at,
        thread_id="example",
        visibility=visibility or Visibility.PUBLIC,
        mentions=tuple(dict.fromkeys(_MENTION.findall(text))),
        tags=tuple(_TAG.findall(text)),
    )


class _Stage:
    """All that judging takes, made once for all examples."""

    def __init__(self, book: Rulebook, judge: Judge) -> None:
        self.book = book
        self._matcher, self._judge, self._router = Matcher(book.brands), judge, Router(book)
        self._live: dict[str, Router] = {}

    def _with_live(self, name: str) -> Router:
        """Return the routes with the shadow route of that name live at its place; as they are, where it is no shadow route."""
        book = self.book.with_live(name)
        if book is self.book:
            return self._router
        if name not in self._live:
            self._live[name] = Router(book)
        return self._live[name]

    def play(self, text: str, example: Example, route: str) -> Iterator[tuple[Mention, Heard, Decision]]:
        """Yield what would be decided of the post of a route's example, for every brand it is about."""
        at = example_time(self.book, example)
        post = made_up_post(
            text,
            at=at,
            network=example.network,
            author=example.author,
            visibility=example.visibility,
            followers=example.followers,
        )
        around = Circumstances(now=at, past=Past(known=example.customer == "known"))
        mentions = self._matcher.match(post)
        assessment = self._judge.assess(post) if mentions else None
        for mention in mentions:
            if assessment:
                heard = Heard(mention, assessment)
                yield mention, heard, self._with_live(route).decide(heard, around)


def _because(decision: Decision, route: str) -> str:
    """Return where the post went, and what the expected route says to that."""
    went = f'it went to "{decision.route}"'
    step = next((step for step in decision.trace if step.route == route), None)
    return f"{went} ({route}: {step.because})" if step else went


def _taken(stage: _Stage, route: Route, example: Example, text: str) -> Iterator[Failure]:
    """Yield what does not hold for a post that the route must take."""

    def failure(expected: str, got: str) -> Failure:
        return Failure(route.name, text, expected, got)

    played = list(stage.play(text, example, route.name))
    if not played:
        yield failure(f'route "{route.name}"', "it names no brand, so it would not be heard at all")
        return
    heard, decision = next(((heard, one) for _, heard, one in played if one.route == route.name), played[0][1:])
    seen = heard.assessment
    if decision.route != route.name:
        yield failure(f'route "{route.name}"', _because(decision, route.name))
    if example.urgency and seen.urgency.level is not example.urgency:
        yield failure(f"urgency {example.urgency}", f"{seen.urgency.level} ({seen.urgency.points} points)")
    if example.sentiment and seen.sentiment.label is not example.sentiment:
        yield failure(f"sentiment {example.sentiment}", f"{seen.sentiment.label} ({seen.sentiment.score:+.2f})")
    gates = list(dict.fromkeys(hold.gate for hold in decision.holds))
    if example.held_by and example.held_by not in gates:
        yield failure(f"held by {example.held_by}", f"held by {', '.join(gates) or 'nothing'}")


def _left(stage: _Stage, route: Route, example: Example, text: str) -> Iterator[Failure]:
    """Yield where the route takes a post that it must leave."""
    for _, _, decision in stage.play(text, example, route.name):
        if decision.route == route.name:
            step = next(step for step in decision.trace if step.matched)
            yield Failure(route.name, text, f'any route but "{route.name}"', f'it went to "{route.name}": {step.because}')


def _rehearse(stage: _Stage, route: Route, example: Example) -> Iterator[Failure]:
    try:
        if example.post is not None:
            yield from _taken(stage, route, example, example.post)
        if example.not_ is not None:
            yield from _left(stage, route, example, example.not_)
    except (ValueError, KeyError):
        text = example.post or example.not_ or ""
        expected = 'a time such as "2026-11-20 23:30", in a timezone such as Europe/Berlin'
        yield Failure(route.name, text, expected, f'"{example.at or NOON}" in "{stage.book.timezone}"')


def rehearse(book: Rulebook, *, only: str | None = None, judge: Judge | None = None, by: Rulebook | None = None) -> tuple[Failure, ...]:
    """Play the examples of every route, or of the route called `only`, and return those that do not hold.

    Those of a shadow route are played as if it were live at its place. Posts are judged as the daemon judges them, by the scoring of
    `book`, unless another `judge` is given. `by` are other rules to play the same examples by.

    Raises:
        UsageError: there is no route called `only`.
    """
    routes = [route for route in book.routes if only in {None, route.name}]
    if not routes:
        message = f'no route is called "{only}"'
        raise UsageError(message, "the routes are: " + ", ".join(route.name for route in book.routes))
    rules = by or book
    stage = _Stage(rules, judge or Assessor(rules.scoring))
    return tuple(failure for route in routes for example in route.examples for failure in _rehearse(stage, route, example))


def reached(book: Rulebook, judge: Judge | None = None) -> frozenset[str]:
    """Return the routes that the posts of all examples take, also those of examples that say only which route must leave them."""
    stage = _Stage(book, judge or Assessor(book.scoring))
    found: set[str] = set()
    live = book.live[-1].name if book.live else ""  # a shadow route takes nothing from the others
    for example in (example for route in book.routes for example in route.examples):
        with suppress(ValueError, KeyError):  # a time that nobody can read is told as a failure
            for text in filter(None, (example.post, example.not_)):
                found.update(decision.route for _, _, decision in stage.play(text, example, live))
    return frozenset(found)
