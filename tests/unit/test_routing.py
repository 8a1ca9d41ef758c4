"""First match wins, and every route says why or why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Assessment, Intent, Level, Mood
from responders.routing import Router
from tests.unit.deciding import ROUTES, at, heard, judged, rulebook, signal

ANGRY = judged(mood=Mood.NEGATIVE, score=-0.6, intent=Intent.COMPLAINT)


def because(router: Router, assessment: Assessment, route: str) -> str:
    _, trace = router.route(heard(assessment), at())
    return next(step.because for step in trace if step.route == route)


def test_the_first_route_that_matches_wins() -> None:
    both = judged(mood=Mood.NEGATIVE, signals=[signal("safety", "smoking"), signal("money", "refund")], level=Level.HIGH)
    route, trace = Router(rulebook()).route(heard(both), at())
    assert route.name == "safety"
    assert [step.route for step in trace] == [str(route["name"]) for route in ROUTES]
    assert [step.matched for step in trace] == [True, False, False, False, False]


def test_a_match_says_what_held_with_the_words_of_the_author() -> None:
    router = Router(rulebook())
    assert because(router, judged(signals=[signal("safety", "smoking", "burned")]), "safety") == (
        'signals are safety ("smoking", "burned")'
    )
    assert because(router, judged(), "thanks") == "no signals; urgency is low; sentiment is positive; the post speaks to us"
    assert because(router, judged(mood=Mood.NEUTRAL), "everything-else") == "it takes everything"


def test_a_miss_says_all_that_failed() -> None:
    router = Router(rulebook())
    seen = judged(mood=Mood.NEUTRAL, signals=[signal("churn")], level=Level.CRITICAL)
    assert because(router, seen, "billing") == "signals are churn, asks for money; urgency is critical, asks for normal or high"
    assert because(router, seen, "thanks") == (
        "signals are churn, asks for none; urgency is critical, asks for low; sentiment is neutral, asks for positive"
    )
    assert because(router, ANGRY, "safety") == "signals are none, asks for safety"


def test_any_says_every_part_that_failed_or_the_one_that_held() -> None:
    router = Router(rulebook())
    assert because(router, ANGRY, "upset") == "sentiment is negative"
    assert because(router, judged(), "upset") == (
        "none of these holds: sentiment is positive, asks for negative / signals are none, asks for outage or waiting"
    )


def test_routes_below_the_winner_are_named_as_not_looked_at() -> None:
    router = Router(rulebook())
    assert because(router, ANGRY, "thanks") == "upset won above; alone it would not take it: sentiment is negative, asks for positive"
    assert because(router, ANGRY, "everything-else") == "upset won above; alone it would take it: it takes everything"


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"intent": ["question", "praise"]}, True),
        ({"intent": "question"}, False),
        ({"language": ["EN", "de"]}, True),
        ({"language": "de"}, False),
        ({"network": ["mastodon"]}, True),
        ({"network": "x"}, False),
        ({"brand": "acme"}, True),
        ({"brand": "zenith"}, False),
        ({"addressed": False}, False),
        ({"moment_of_truth": False}, True),
        ({"moment_of_truth": True}, False),
        ({"sarcasm": True}, False),
        ({"not": {"sentiment": "negative"}}, True),
        ({"not": {"sentiment": "positive"}}, False),
        ({"not": {"any": [{"signals": ["money"]}, {"not": {"addressed": True}}]}}, True),
        ({}, True),
    ],
)
def test_every_condition_is_honoured(when: dict[str, object], fits: bool) -> None:  # noqa: FBT001 - a table's column
    book = rulebook(routes=[{"name": "this", "when": when}, {"name": "rest", "when": "always"}])
    route, trace = Router(book).route(heard(), at())
    assert route.name == ("this" if fits else "rest")
    assert trace[0].because


def test_without_a_last_route_that_takes_all_nothing_is_said_and_nothing_breaks() -> None:
    book = rulebook(routes=[{"name": "this", "when": {"sentiment": "negative"}}])
    decision = Router(book).decide(heard(), at())
    assert (decision.route, decision.actions) == ("no-route", ("nothing",))


def test_plain_praise_may_leave_by_itself() -> None:
    decision = Router(rulebook()).decide(heard(), at())
    assert decision.actions == ("draft:thanks", "send")
    assert decision.rule_version == "f00d"
    assert decision.holds == ()


@pytest.mark.parametrize(("mode", "actions"), [("draft", ("draft:thanks",)), ("observe", ("nothing",))])
def test_the_mode_of_the_book_is_a_ceiling(mode: str, actions: tuple[str, ...]) -> None:
    assert Router(rulebook(mode=mode)).decide(heard(), at()).actions == actions


@pytest.mark.parametrize(("book", "route", "sends"), [("send", "draft", False), ("draft", "send", False), ("send", "send", True)])
def test_a_route_can_only_go_lower(book: str, route: str, sends: bool) -> None:  # noqa: FBT001 - a table's column
    routes = [{"name": "thanks", "when": "always", "mode": route, "reply": "thanks", "approval": "none"}]
    assert ("send" in Router(rulebook(mode=book, routes=routes)).decide(heard(), at()).actions) is sends


def test_what_needs_a_person_never_leaves_by_itself() -> None:
    routes = [{"name": "thanks", "when": "always", "reply": "thanks", "approval": "one-person"}]
    assert Router(rulebook(routes=routes)).decide(heard(), at()).actions == ("draft:thanks",)


def test_a_route_without_words_sends_nothing() -> None:
    routes = [{"name": "quiet", "when": "always", "approval": "none"}]
    assert Router(rulebook(routes=routes)).decide(heard(), at()).actions == ("nothing",)


def test_any_hold_keeps_an_answer_from_leaving_by_itself() -> None:
    decision = Router(rulebook()).decide(heard(), at(paused="checking"))
    assert decision.actions == ("draft:thanks",)


@pytest.mark.parametrize("mode", ["observe", "draft", "send"])
def test_a_cry_for_help_escalates_in_any_mode_and_under_any_hold(mode: str) -> None:
    cry = heard(judged(mood=Mood.NEGATIVE, signals=[signal("safety", "burned")], level=Level.CRITICAL))
    world = at(suppressed="never write to me again", paused="a crisis", heard_late=True, answered=True)
    decision = Router(rulebook(mode=mode)).decide(cry, world)
    assert decision.actions == ("escalate:on-call", "nothing")
    assert decision.forbidden


def test_where_nobody_is_alerted_a_person_still_looks_at_what_is_grave() -> None:
    router = Router(rulebook(routes=[{"name": "all", "when": "always", "team": "care"}]))
    grave = [
        judged(signals=[signal("safety", "burned")]),
        judged(level=Level.CRITICAL),
        judged(moment_of_truth=True),
        judged(failed="the scorer took too long"),
    ]
    for assessment in grave:
        assert router.decide(heard(assessment), at(suppressed="stop")).actions == ("team:care", "look", "nothing")
    assert router.decide(heard(), at()).actions == ("team:care", "nothing")


def test_who_wants_no_private_messages_is_offered_none() -> None:
    seen = judged(signals=[signal("money", "refund")], level=Level.NORMAL, wishes=(signal("no_dm", "no DMs please"),))
    assert Router(rulebook()).decide(heard(seen), at()).actions == ("draft:sorry-billing",)


def test_five_hundred_routes_are_all_looked_at() -> None:
    when = {"signals": ["money", "churn"], "sentiment": ["negative"], "any": [{"intent": "question"}, {"language": ["de", "fr"]}]}
    routes = [{"name": f"route-{number}", "when": when} for number in range(499)] + [{"name": "rest", "when": "always"}]
    assert len(Router(rulebook(routes=routes)).decide(heard(), at()).trace) == 500


moods, levels, intents = st.sampled_from(Mood), st.sampled_from(Level), st.sampled_from(Intent)
signals = st.lists(st.sampled_from(["safety", "money", "outage", "churn"]).map(signal), max_size=3, unique=True)
judgements = st.builds(judged, mood=moods, level=levels, intent=intents, signals=signals, sarcasm=st.booleans())


@given(seen=judgements, addressed=st.sampled_from([True, False]))
def test_exactly_one_route_takes_a_mention_and_the_trace_names_all(seen: Assessment, *, addressed: bool) -> None:
    decision = Router(rulebook()).decide(heard(seen, addressed=addressed), at())
    matched = [step.route for step in decision.trace if step.matched]
    assert matched == [decision.route]
    assert [step.route for step in decision.trace] == [str(route["name"]) for route in ROUTES]
    assert all(step.because for step in decision.trace)
    if "send" in decision.actions:
        assert (seen.sentiment.label, seen.urgency.level, addressed) == (Mood.POSITIVE, Level.LOW, True)
        assert not seen.sarcasm
        assert not seen.signals
