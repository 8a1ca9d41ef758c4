"""What a route may ask: of the words, the person, the conversation, the hour, and of what came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.model import Visibility
from listener.openings import is_open
from listener.rules.rulebook import Rulebook
from responders.conditions import asked_in
from responders.model import Circumstances, Counted, Heard, Past
from responders.routing import Router
from tests.unit.deciding import NOON, at, by, heard, judged, post, rulebook

HOURS = {"mon-fri": "08:00-20:00", "sat": "10:00-16:00"}
LISTS = {"vip": {"mastodon": ["marta@town.example"], "x": ["tom"]}, "press": {"x": ["marta@town.example"]}}
HOUR = timedelta(hours=1)
MANY = Counted("mentions", "author", HOUR, 3)
NOW, USUAL = Counted("negative", "brand", HOUR, 10_000), Counted("negative", "brand", HOUR, 10_000, usual=True)


def asking(when: Mapping[str, object]) -> Rulebook:
    routes = ({"name": "asked", "when": when}, {"name": "rest", "when": "always"})
    return rulebook(routes=routes, hours=HOURS, lists=LISTS, timezone="Europe/Berlin")


def said(when: Mapping[str, object], one: Heard, around: Circumstances | None = None) -> tuple[bool, str]:
    """Whether the condition holds, and the words of the first step."""
    _, trace = Router(asking(when)).route(one, around or at())
    return trace[0].matched, trace[0].because


def of(text: str = "@acme hello", **changes: object) -> Heard:
    found = heard(judged())
    return replace(found, mention=replace(found.mention, post=post(text, **changes)))


def past(**changes: object) -> Circumstances:
    return replace(at(), past=Past(**changes))  # type: ignore[arg-type]


HOLDS = [
    ({"text": ["refund", "gift card"]}, of("My GIFT card, please"), None, 'it says "GIFT card"'),
    ({"text": "返金"}, of("返金してください"), None, 'it says "返金"'),
    ({"visibility": ["unlisted", "direct"]}, of(visibility=Visibility.DIRECT), None, "visibility is direct"),
    ({"author": {"followers": 5000}}, of(author=by("tom", followers=5000)), None, "5,000 people follow the author"),
    ({"author": {"list": ["press", "vip"]}}, of(author=by("Marta@Town.example")), None, "the author is on the list vip"),
    ({"author": {"bot": True}}, of(author=by("robo", bot=True)), None, "the account says that it is automated"),
    ({"customer": "known"}, of(), past(known=True), "this person had a conversation with us before"),
    ({"customer": "new"}, of(), past(), "this person had no conversation with us before"),
    ({"thread": {"answered": True}}, of(), past(answered=True), "an answer of ours to them stands in the thread"),
    ({"thread": {"waiting": 2}}, of(), past(waiting=3), "post 3 of this author since our last answer in the thread"),
    ({"thread": {"ours": True}}, of(), replace(at(), our_thread=True), "we began the thread"),
    ({"hours": "open"}, of(created_at=NOON), None, "it was written within business hours"),
    ({"hours": "closed"}, of(created_at=NOON + timedelta(hours=9)), None, "it was written outside business hours"),
    (
        {"count": {"by": "author", "at_least": 3, "within": "1h"}},
        of(),
        past(counts={MANY: 3}),
        "at least 3 mentions of this person within 1h",
    ),
    (
        {"spike": {"of": "negative", "times": 4}},
        of(),
        past(counts={NOW: 20, USUAL: 4.5}),
        "20 negative mentions within 1h, 4.5 are usual at this hour",
    ),
    (
        {"spike": {"of": "negative"}},
        of(),
        past(counts={NOW: 10, USUAL: None}),
        "10 negative mentions within 1h, no day yet to compare with",
    ),
]
FAILS = [
    ({"text": ["refund"]}, of("refunds are fine"), None, 'none of the words "refund" stands in it'),
    ({"visibility": ["direct"]}, of(), None, "visibility is public, asks for direct"),
    ({"author": {"followers": 5000}}, of(author=by("tom", followers=4999)), None, "4,999 people follow the author, asks for 5,000"),
    ({"author": {"followers": 1}}, of(author=by("tom")), None, "nobody knows how many follow the author, asks for 1"),
    ({"author": {"list": ["press"]}}, of(), None, "the author is not on the list press"),
    ({"customer": "known"}, of(), past(), "this person had no conversation with us before, asks for the opposite"),
    ({"thread": {"waiting": 2}}, of(), past(waiting=1), "post 1 of this author since our last answer in the thread, asks for 2"),
    ({"hours": "open"}, of(created_at=NOON + timedelta(days=4)), None, "it was written outside business hours, asks for the opposite"),
    (
        {"count": {"by": "author", "at_least": 3, "within": "1h"}},
        of(),
        past(counts={MANY: 2}),
        "2 mentions of this person within 1h, asks for 3",
    ),
    (
        {"spike": {"of": "negative", "times": 4}},
        of(),
        past(counts={NOW: 20, USUAL: 6.0}),
        "20 negative mentions within 1h, 6.0 are usual at this hour, asks for 10 and 4 times the usual",
    ),
    (
        {"spike": {"of": "negative"}},
        of(),
        past(counts={NOW: 9, USUAL: 0.0}),
        "9 negative mentions within 1h, 0.0 are usual at this hour, asks for 10 and 4 times the usual",
    ),
]


@pytest.mark.parametrize(("when", "one", "around", "words"), HOLDS, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_what_holds_says_why(when: Mapping[str, object], one: Heard, around: Circumstances | None, words: str) -> None:
    assert said(when, one, around) == (True, words)


@pytest.mark.parametrize(("when", "one", "around", "words"), FAILS, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_what_does_not_hold_says_why_not(when: Mapping[str, object], one: Heard, around: Circumstances | None, words: str) -> None:
    assert said(when, one, around) == (False, words)


def test_conditions_together_must_all_hold_and_can_be_turned_round() -> None:
    both = {"text": "refund", "author": {"followers": 10}, "not": {"customer": "known"}}
    assert said(both, of("a refund", author=by("tom", followers=10)), past())[0]
    assert not said(both, of("a refund", author=by("tom", followers=10)), past(known=True))[0]
    assert not said(both, of("a refund", author=by("tom", followers=9)), past())[0]


def test_only_what_conditions_ask_is_asked_of_the_store() -> None:
    assert asked_in(asking({"text": "refund"})) == asked_in(rulebook())
    deep = asking({"any": [{"not": {"customer": "known"}}, {"count": {"by": "author", "at_least": 3, "within": "1h"}}]})
    assert asked_in(deep).known
    assert asked_in(deep).counts == {MANY}
    assert asked_in(asking({"spike": {"of": "negative"}})).counts == {NOW, USUAL}


@pytest.mark.parametrize(
    ("day", "clock", "there"),
    [
        (16, "07:59", False),
        (16, "08:00", True),
        (20, "19:59", True),
        (20, "20:00", False),
        (21, "12:00", True),
        (21, "16:00", False),
        (22, "12:00", False),
    ],
)
def test_business_hours_by_day_in_the_timezone_of_the_file(day: int, clock: str, there: bool) -> None:  # noqa: FBT001
    moment = datetime.fromisoformat(f"2026-11-{day}T{clock}:00+01:00").astimezone(UTC)
    assert is_open(HOURS, "Europe/Berlin", moment) is there


def test_a_stretch_of_days_may_reach_over_the_weekend_and_no_hours_mean_always() -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert is_open({"fri-mon": "10:00-14:00"}, "UTC", sunday)
    assert not is_open({"fri-mon": "10:00-14:00"}, "UTC", sunday + timedelta(days=3))
    assert is_open({"sun": "00:00-24:00"}, "UTC", sunday.replace(hour=23, minute=59))
    assert is_open({}, "UTC", sunday)
    assert not is_open({"mon-sun": "08:00-10:00", "sun": "16:00-18:00"}, "UTC", sunday.replace(hour=9)), "the later entry counts"
