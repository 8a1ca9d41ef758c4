"""`tests:` in a rules file: a post with a past, played through everything the daemon would do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from listener.rules.rulebook import Rulebook
from responders.trials import Fell, run_tests
from tests.street import RULES

LOVE = "@acme love the new shoes!!"
ALONE = {
    "mode": "send",
    "boundaries": {"limits": {"per_thread": 1, "per_author": "1/24h", "per_hour": 2}, "quiet_hours": {"between": "22:00-07:00"}},
}
ANGRY = "@acme this is terrible, the worst service I ever had, I hate it"


def play(*tests: Mapping[str, object], **changes: object) -> tuple[Fell, ...]:
    named = [{"name": f"test {number}", **test} for number, test in enumerate(tests)]
    return run_tests(Rulebook.model_validate({**RULES, **ALONE, "tests": named, **changes}))


@pytest.mark.parametrize(
    "test",
    [
        {"post": LOVE, "route": "thanks", "sends": True, "says": "enjoy them", "private": False, "sentiment": "positive"},
        {"post": "@acme charged me twice", "route": "billing", "sends": False, "says": ["A-1", "put right"], "brand": "acme"},
        {"post": "love the new shoes", "not_heard": True},
        {"post": LOVE, "at": "2026-11-20 23:30", "held_by": ["quiet_hours"], "sends": False},
        {"post": LOVE, "author": "marta", "history": [{"post": LOVE, "by": "marta", "ago": "2h"}], "held_by": "per_author", "sends": False},
        {"post": LOVE, "author": "marta", "history": [{"post": LOVE, "by": "marta", "ago": "25h"}], "sends": True},
        {"post": LOVE, "author": "marta", "history": [{"ours": "Hello", "ago": "1h"}], "held_by": "per_author"},
        {"post": LOVE, "author": "marta", "history": [{"ours": "Hello", "ago": "1h", "to": "tom"}], "sends": True},
        {"post": LOVE, "history": [{"post": LOVE, "ago": "5m", "times": 2}], "held_by": "per_hour"},
        {"post": LOVE, "history": [{"ours": "Hello", "ago": "5m", "to": "tom"}, {"ours": "Hi", "ago": "6m", "to": "ann"}], "sends": True},
        {
            "post": LOVE,
            "history": [
                {"ours": "Hello", "ago": "5m", "to": "tom", "by_itself": True},
                {"ours": "Hi", "ago": "6m", "to": "ann", "by_itself": True},
            ],
            "held_by": "per_hour",
        },
        {"post": LOVE, "history": [{"ours": "Hello", "to": "tom", "thread": "same"}], "held_by": "crowd", "sends": False},
        {"post": LOVE, "author": "tom", "history": [{"post": "@acme stop writing to me", "by": "tom"}], "held_by": "suppressed"},
        {"post": LOVE, "history": [{"post": ANGRY, "times": 25, "ago": "10m"}], "held_by": "paused", "sends": False},
        {"post": LOVE, "history": [{"post": ANGRY, "times": 19, "ago": "10m"}], "sends": True},
        {"post": LOVE, "visibility": "followers", "network": "bluesky", "followers": 3, "urgency": "low", "intent": "praise"},
    ],
    ids=str,
)  # fmt: skip
def test_a_test_that_holds_says_nothing(test: Mapping[str, object]) -> None:
    assert play(test) == ()


@pytest.mark.parametrize(
    ("test", "expected", "got"),
    [
        (
            {"post": LOVE, "route": "rest"},
            'route "rest"',
            'it went to "thanks" (rest: thanks won above; alone it would take it: it takes everything)',
        ),
        ({"post": LOVE, "sends": False}, "nothing that leaves by itself", "an answer leaves by itself"),
        ({"post": ANGRY, "sends": True}, "an answer that leaves by itself", "it stays here (rest)"),
        ({"post": LOVE, "held_by": "quiet_hours"}, "held by quiet_hours", "held by nothing"),
        ({"post": LOVE, "says": "refund"}, 'a draft that says "refund"', '"@customer Good to hear. Enjoy them. ^Acme"'),
        ({"post": LOVE, "private": True}, "a private message", "none"),
        ({"post": LOVE, "not_heard": True}, "that it is not heard", 'it is a mention of "acme"'),
        ({"post": "love them", "route": "thanks"}, "that it is heard", "it names no brand, so it would not be heard at all"),
        ({"post": LOVE, "urgency": "high"}, "urgency high", "low (0 points)"),
        ({"post": LOVE, "intent": "complaint"}, "intent complaint", "praise"),
    ],
    ids=str,
)
def test_what_does_not_hold_is_said_with_what_was_found(test: Mapping[str, object], expected: str, got: str) -> None:
    assert [(fell.expected, fell.got) for fell in play(test)] == [(expected, got)]


def test_tests_know_nothing_of_each_other() -> None:
    assert play(*[{"post": LOVE, "author": "marta", "sends": True, "says": "enjoy"}] * 3) == ()


def test_a_failure_is_one_line_that_is_safe_to_show() -> None:
    assert str(Fell("a\nb", "route", "x\x1b[31m")) == 'test "a b": expected route, found: x\\x1b[31m'
