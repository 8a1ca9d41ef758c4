"""Examples in a rules file hold, or are named with what was expected and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from listener.errors import UsageError
from listener.model import Assessment, Intent, Level, Mood, Post
from listener.rules.rulebook import Rulebook
from responders.rehearsal import Failure, made_up_post, rehearse
from tests.unit.deciding import ROUTES, judged, rulebook, signal


class ByWords:
    """A judge that knows a few words, so that these tests are about examples and not about judging."""

    def assess(self, post: Post, thread: Sequence[Post] = ()) -> Assessment:
        del thread
        if "burned" in post.text:
            return judged(mood=Mood.NEGATIVE, score=-0.4, signals=[signal("safety", "burned")], level=Level.CRITICAL, points=80)
        if "outage" in post.text:
            return judged(mood=Mood.NEGATIVE, score=-0.6, intent=Intent.COMPLAINT)
        if "love" in post.text:
            return judged()
        return judged(mood=Mood.NEUTRAL, score=0.0, intent=Intent.OTHER)


def book(route: str, *examples: Mapping[str, object], **changes: object) -> Rulebook:
    """Return the usual rulebook with examples at one of its routes."""
    routes = [dict(one) | ({"examples": list(examples)} if one["name"] == route else {}) for one in ROUTES]
    return rulebook(routes=routes, **changes)


def play(route: str, *examples: Mapping[str, object], **changes: object) -> tuple[Failure, ...]:
    return rehearse(book(route, *examples, **changes), judge=ByWords())


@pytest.mark.parametrize(
    ("route", "example"),
    [
        ("safety", {"post": "it burned my hand @acme", "urgency": "critical", "sentiment": "negative"}),
        ("safety", {"not": "@acme love it"}),
        ("safety", {"not": "it burned my hand"}),
        ("upset", {"post": "Great, another outage. Thanks @acme"}),
        ("thanks", {"post": "@acme love the new shoes!!"}),
        ("thanks", {"post": "@acme love them", "network": "x", "author": "jo"}),
        ("thanks", {"not": "Acme, love the new shoes!!"}),
        ("everything-else", {"post": "I walked past Acme"}),
    ],
)
def test_examples_that_hold_say_nothing(route: str, example: Mapping[str, object]) -> None:
    assert play(route, example) == ()


def test_a_post_that_goes_elsewhere_says_where_and_why() -> None:
    text = "Great, another outage. Thanks @acme"
    (failure,) = play("thanks", {"post": text})
    assert failure == Failure(
        "thanks",
        text,
        'route "thanks"',
        'it went to "upset" (thanks: upset won above; alone it would not take it: sentiment is negative, asks for positive)',
    )
    (failure,) = play("safety", {"post": text})
    assert failure.got == 'it went to "upset" (safety: signals are none, asks for safety)'


def test_a_post_that_must_be_left_and_is_taken_says_why() -> None:
    (failure,) = play("upset", {"not": "another outage @acme"})
    assert failure.expected == 'any route but "upset"'
    assert failure.got == 'it went to "upset": sentiment is negative'


def test_urgency_and_sentiment_are_part_of_an_example() -> None:
    failures = play("upset", {"post": "another outage @acme", "urgency": "high", "sentiment": "positive"})
    assert [(failure.expected, failure.got) for failure in failures] == [
        ("urgency high", "low (0 points)"),
        ("sentiment positive", "negative (-0.60)"),
    ]


def test_a_post_that_would_not_be_heard_is_a_failure() -> None:
    (failure,) = play("thanks", {"post": "love the new shoes!!"})
    assert failure.got == "it names no brand, so it would not be heard at all"


NIGHT = {"post": "@acme love it", "at": "2026-11-20 23:30", "held_by": "quiet_hours"}
QUIET = {"boundaries": {"quiet_hours": {"between": "22:00-07:00"}}}


def test_an_example_has_its_own_clock_in_the_timezone_of_the_file() -> None:
    assert play("thanks", NIGHT, **QUIET) == ()
    assert play("thanks", NIGHT, timezone="Europe/Berlin", **QUIET) == ()
    late_in_utc = {**NIGHT, "at": "2026-11-20 21:30"}
    assert play("thanks", late_in_utc, timezone="Europe/Berlin", **QUIET)[0].got == "held by nothing"


def test_without_a_time_it_is_noon_on_a_weekday() -> None:
    (failure,) = play("thanks", {"post": "@acme love it", "held_by": "quiet_hours"}, **QUIET)
    assert (failure.expected, failure.got) == ("held by quiet_hours", "held by nothing")


def test_held_by_names_what_held_instead() -> None:
    (failure,) = play("upset", {"post": "another outage at Acme", "held_by": "sarcasm"})
    assert failure.got == "held by policy, not_addressed"


def test_a_time_that_is_none_is_a_failure_and_no_crash() -> None:
    (failure,) = play("thanks", {"post": "@acme love it", "at": "half past nine"})
    assert failure.expected.startswith("a time such as")


def test_one_route_alone_can_be_rehearsed() -> None:
    wrong = book("thanks", {"post": "another outage @acme"})
    assert rehearse(wrong, only="upset", judge=ByWords()) == ()
    assert len(rehearse(wrong, only="thanks", judge=ByWords())) == 1
    with pytest.raises(UsageError, match="no route is called"):
        rehearse(wrong, only="thank", judge=ByWords())


def test_a_failure_is_told_in_one_line_that_is_safe_to_show() -> None:
    (failure,) = play("thanks", {"post": "@acme\nlove\x1b[2J not, outage"})
    assert str(failure) == (
        'route "thanks", "@acme love\\x1b[2J not, outage": '
        'expected route "thanks", found: it went to "upset" (thanks: upset won above; '
        "alone it would not take it: sentiment is negative, asks for positive)"
    )


def test_a_made_up_post_is_what_its_network_would_give() -> None:
    post = made_up_post("Hi @acme@town.example, see #shoes and a@b.example", at=datetime(2026, 11, 18, tzinfo=UTC))
    assert (post.network, post.author.handle) == ("mastodon", "customer")
    assert (post.mentions, post.tags) == (("acme@town.example",), ("shoes",))


def test_the_daemons_own_judge_is_the_one_that_is_asked() -> None:
    plain = book("thanks", {"post": "@acme I love the new shoes, they are wonderful!", "urgency": "low", "sentiment": "positive"})
    assert rehearse(plain) == ()
