"""`implies` may miss a dead route, but what it says is true for every mention there can be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.rules.conditions import When
from listener.rules.reach import implies, matches_all

URGENCY, SENTIMENT, SIGNALS, FLAG = (
    ("low", "normal", "high", "critical"),
    ("negative", "neutral", "positive", "unknown"),
    ("a", "b"),
    (True, False),
)
TWO = [(), ("a",), ("b",), ("a", "b")]
FACTS = list(itertools.product(URGENCY, SENTIMENT, TWO, FLAG, ("de", "en"), TWO, ("known", "new")))
Fact = tuple[str, str, tuple[str, ...], bool, str, tuple[str, ...], str]


def holds(when: When, fact: Fact) -> bool:
    urgency, sentiment, signals, addressed, language, said, customer = fact
    checks = [
        when.urgency is None or urgency in when.urgency,
        when.sentiment is None or sentiment in when.sentiment,
        when.language is None or language in when.language,
        when.text is None or bool(set(said) & set(when.text)),
        when.customer is None or customer == when.customer,
        when.addressed is None or addressed is when.addressed,
        when.signals is None or (not signals if when.signals == "none" else bool(set(signals) & set(when.signals))),
        when.any is None or any(holds(part, fact) for part in when.any),
        when.not_ is None or not holds(when.not_, fact),
    ]
    return all(checks)


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


def conditions(inner: st.SearchStrategy[dict[str, object]] | None) -> st.SearchStrategy[dict[str, object]]:
    keys: dict[str, st.SearchStrategy[object]] = {
        "urgency": some(URGENCY),
        "sentiment": some(SENTIMENT),
        "language": some(("de", "en", "fr")),
        "addressed": st.booleans(),
        "text": some(SIGNALS),
        "customer": st.sampled_from(("known", "new")),
        "signals": st.one_of(st.just("none"), some(SIGNALS)),
    }
    if inner is not None:
        keys |= {"any": st.lists(inner, min_size=1, max_size=3), "not": inner}
    return st.fixed_dictionaries({}, optional=keys)


WHENS = conditions(conditions(conditions(None))).map(When.model_validate)


@settings(max_examples=300, deadline=None)
@given(WHENS, WHENS)
def test_what_it_calls_unreachable_is_unreachable(narrow: When, wide: When) -> None:
    if implies(narrow, wide):
        assert all(holds(wide, fact) for fact in FACTS if holds(narrow, fact))


@settings(max_examples=100, deadline=None)
@given(WHENS)
def test_a_condition_takes_all_that_it_takes(when: When) -> None:
    assert implies(when, "always")
    if matches_all(when):
        assert all(holds(when, fact) for fact in FACTS)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"sentiment": ["negative"], "urgency": ["high"]}, {"sentiment": ["negative"]}),
        ({"urgency": ["high"]}, {"urgency": ["high", "critical"]}),
        ({"signals": ["a"]}, {"signals": ["a", "b"]}),
        ({"signals": ["a"]}, {"any": [{"signals": ["a", "b"]}, {"addressed": True}]}),
        ({"any": [{"signals": ["a"]}, {"signals": ["b"]}]}, {"signals": ["a", "b"]}),
        (
            {"addressed": True, "any": [{"signals": ["a"]}, {"sentiment": ["negative"]}]},
            {"any": [{"sentiment": ["negative"]}, {"signals": ["a"]}]},
        ),
        ({"sentiment": ["negative"]}, {"not": {"sentiment": ["positive"]}}),
        ({"signals": "none"}, {"not": {"signals": ["a"]}}),
        ({"not": {"sentiment": ["positive", "neutral"]}}, {"not": {"sentiment": ["positive"]}}),
        ({"language": ["de"]}, {"urgency": ["low", "normal", "high", "critical"]}),
    ],
)
def test_plain_cases_are_seen(narrow: dict[str, object], wide: dict[str, object]) -> None:
    assert implies(When.model_validate(narrow), When.model_validate(wide))


def test_nested_choices_cost_little() -> None:
    part: dict[str, object] = {"signals": ["a"]}
    for _ in range(12):
        part = {"any": [part, {"any": [part, {"signals": ["b"]}]}]}
    when = When.model_validate(part)
    assert not implies(when, When.model_validate({"any": [{"addressed": True}], "signals": ["c"]}))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"sentiment": ["negative", "neutral"]}, {"sentiment": ["negative"]}),
        ({"sentiment": ["negative"]}, {"not": {"sentiment": ["negative", "positive"]}}),
        ({"signals": ["a", "b"]}, {"signals": ["a"]}),
        ({"signals": ["a"]}, {"signals": "none"}),
        ({"signals": ["a"]}, {"not": {"signals": ["b"]}}),
        ({"addressed": True}, {"not": {"addressed": True}}),
        ({"any": [{"signals": ["a"]}, {"addressed": True}]}, {"signals": ["a"]}),
        ({"not": {"sentiment": ["positive"]}}, {"not": {"sentiment": ["positive", "neutral"]}}),
        ({}, {"addressed": False}),
    ],
)
def test_routes_that_can_be_reached_are_left_alone(narrow: dict[str, object], wide: dict[str, object]) -> None:
    assert not implies(When.model_validate(narrow), When.model_validate(wide))
