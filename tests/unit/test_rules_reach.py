"""`implies` may miss a dead route, but what it says is true for every mention there can be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.rules.conditions import When
from listener.rules.reach import implies, matches_all, never
from listener.rules.together import Together


def covering(narrow: When, above: list[When]) -> tuple[int, ...]:
    return Together([*above, narrow]).covering(len(above))


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


@settings(max_examples=300, deadline=None)
@given(WHENS)
def test_what_it_says_never_holds_never_holds(when: When) -> None:
    if never(when):
        assert not any(holds(when, fact) for fact in FACTS)


@settings(max_examples=300, deadline=None)
@given(WHENS, st.lists(WHENS, min_size=2, max_size=4))
def test_what_several_are_said_to_take_together_they_take(narrow: When, above: list[When]) -> None:
    if numbers := covering(narrow, above):
        taken = [above[number] for number in numbers]
        assert all(any(holds(wide, fact) for wide in taken) for fact in FACTS if holds(narrow, fact))


@pytest.mark.parametrize(
    ("narrow", "above", "together"),
    [
        ({"signals": ["a"]}, [{"urgency": ["low", "normal"]}, {"language": ["de"]}, {"urgency": ["high", "critical"]}], (0, 2)),
        ({"urgency": ["high", "critical"]}, [{"urgency": ["high"]}, {"urgency": ["critical"]}], (0, 1)),
        ({"signals": ["a", "b"]}, [{"signals": ["a"]}, {"signals": ["b"]}], (0, 1)),
        ({"language": ["de", "en"]}, [{"language": ["en"], "addressed": True}, {"language": ["de"]}, {"addressed": False}], (0, 1, 2)),
        ({"any": [{"signals": ["a"]}, {"text": ["x"]}]}, [{"signals": ["a"]}, {"text": ["x", "y"]}], (0, 1)),
        ({"sentiment": ["negative"]}, [{"signals": ["a"]}, {"not": {"signals": ["a"]}}], (0, 1)),
        ({"customer": "known"}, [{"addressed": True, "customer": "known"}, {"addressed": False}], (0, 1)),
        ({"hours": "open", "text": ["x"]}, [{"customer": "new"}, {"customer": "known", "hours": "open"}], (0, 1)),
    ],
)
def test_what_several_routes_take_together_is_seen(
    narrow: dict[str, object], above: list[dict[str, object]], together: tuple[int, ...]
) -> None:
    assert covering(When.model_validate(narrow), [When.model_validate(one) for one in above]) == together


@pytest.mark.parametrize(
    ("narrow", "above"),
    [
        ({"signals": ["a"]}, [{"urgency": ["low", "normal"]}, {"urgency": ["high"]}]),
        ({}, [{"signals": ["a"]}, {"signals": ["b"]}, {"signals": "none"}]),
        ({"text": ["x"]}, [{"addressed": True, "language": ["de"]}, {"addressed": False}]),
        ({"signals": ["a", "b"]}, [{"signals": ["a"], "addressed": True}, {"signals": ["b"]}]),
    ],
)
def test_what_is_not_all_taken_is_left_alone(narrow: dict[str, object], above: list[dict[str, object]]) -> None:
    assert covering(When.model_validate(narrow), [When.model_validate(one) for one in above]) == ()


@pytest.mark.parametrize(
    "when",
    [
        {"urgency": ["low"], "not": {"urgency": ["low", "normal"]}},
        {"signals": "none", "any": [{"signals": ["a"]}, {"signals": ["b"], "addressed": True}]},
        {"addressed": True, "any": [{"addressed": False}]},
        {"customer": "known", "any": [{"customer": "new"}]},
        {"not": {"urgency": ["low", "normal", "high", "critical"]}},
    ],
)
def test_conditions_that_rule_one_another_out_are_seen(when: dict[str, object]) -> None:
    assert never(When.model_validate(when))


@pytest.mark.parametrize(
    "when",
    [
        {"signals": ["a"], "not": {"signals": ["b"]}},
        {"text": ["a"], "any": [{"text": ["b"]}]},
        {"urgency": ["low"], "any": [{"urgency": ["high"]}, {"urgency": ["low"]}]},
    ],
)
def test_conditions_that_can_hold_are_left_alone(when: dict[str, object]) -> None:
    assert not never(When.model_validate(when))


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
