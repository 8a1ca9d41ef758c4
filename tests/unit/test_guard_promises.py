"""Nothing is promised that nobody stands behind, in ten languages, and honest answers are left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from listener.rules.rulebook import Rulebook
from responders.guard import check
from responders.model import Kind
from responders.promising import promises
from tests.unit.deciding import TEMPLATES, post, rulebook

TEXTS = Path(__file__).parent / "texts"
TOLD: dict[str, dict[str, list[str]]] = yaml.safe_load((TEXTS / "promises.yaml").read_text(encoding="utf-8"))
ANSWERS: dict[str, list[str]] = yaml.safe_load((TEXTS / "answers.yaml").read_text(encoding="utf-8"))
ALL_KINDS = ["email", "phone", "card", "iban", "order_number"]
BRANDS = {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme@mastodon.example"}, "sites": ["acme.example"]}}
LAST_DAY = date(2026, 12, 31)


def book(*may_promise: dict[str, Any], **templates: object) -> Rulebook:
    boundaries = {"keep_private": ALL_KINDS, "may_promise": may_promise}
    return rulebook(brands=BRANDS, boundaries=boundaries, templates={**TEMPLATES, **templates})


def objections(text: str, rules: Rulebook | None = None, kind: Kind = Kind.PUBLIC, today: date | None = None) -> tuple[str, ...]:
    return check(text, kind=kind, book=rules or book(), post=post(), today=today)


def promised(text: str, rules: Rulebook | None = None, today: date | None = None) -> bool:
    return any("it promises" in problem for problem in objections(text, rules, today=today))


@pytest.mark.parametrize("text", [text for told in TOLD.values() for text in told["promises"]])
def test_a_promise_without_a_source_never_leaves(text: str) -> None:
    for kind in Kind:
        assert any("it promises" in problem for problem in objections(text, kind=kind)), kind


@pytest.mark.parametrize("text", [text for told in TOLD.values() for text in told["fine"]])
def test_asking_declining_mentioning_and_looking_into_it_are_no_promises(text: str) -> None:
    assert promises(text) == ()


def test_two_hundred_answers_in_ten_languages_are_all_left_alone() -> None:
    assert {language: len(texts) for language, texts in ANSWERS.items()} == dict.fromkeys(TOLD, 20)
    blocked = [(text, found) for texts in ANSWERS.values() for text in texts for kind in Kind if (found := objections(text, kind=kind))]
    assert blocked == []


@pytest.mark.parametrize(
    "text",
    [
        "WE WILL REFUND YOU",
        "".join(chr(ord(letter) + 0xFEE0) if letter != " " else letter for letter in "WeWill refund you".replace("WeW", "We W")),
        "we will re\u200bfund you",
        "we\nwill\nrefund you",
        "we will \u2014 of course \u2014 refund you",
        "@marta@town.example We will refund you.",
        "Hello. Sorry! We'll refund you \U0001f600",
    ],
)
def test_a_promise_is_found_however_it_is_written(text: str) -> None:
    assert promised(text)


def test_the_problem_names_the_words_and_what_to_do() -> None:
    (problem,) = objections("Sorry! We will refund you today.")
    assert problem == 'it promises "We will refund you", and neither a template nor boundaries.may_promise says that we do'


def test_a_sentence_of_a_template_has_its_source() -> None:
    rules = book(refund="Sorry, {case} is ours. We will refund {case} within 5 days, says {agent}. ^{agent}")
    assert not promised("Sorry, A-217 is ours. We will refund A-217 within 5 days, says Jo. ^Jo", rules)
    assert not promised("Hello! We will refund A-217 within 5 days, says Jo.", rules), "the rest may be edited"
    assert promised("We will refund A-217 within 1 day, says Jo.", rules)
    assert promised("We will refund A-217 within 5 days, says Jo and nobody else at all in this house.", rules), "words behind it"
    assert promised("We will refund A-217 within 5 days, says Jo plus 50 euros.", rules), "nobody is called so"
    assert promised("We will refund A-217 within 5 days, says", rules), "half a sentence"
    assert promised("We will refund A-217.", rules), "half a sentence may leave out its condition"
    assert promised("We will refund A-217 within 5 days and send you the other pair for free on top, says Jo.", rules)


def test_a_template_backs_what_it_says_in_japanese_too() -> None:
    rules = book(refund="{case}として全額返金いたします。")
    assert not promised("A-217として全額返金いたします。", rules)
    assert promised("全額返金いたします。", rules)


def test_what_the_rules_name_may_be_promised() -> None:
    rules = book({"say": "full refund within 30 days", "source": "returns policy, section 2"})
    assert not promised("You get a full refund within 30 days.", rules)
    assert not promised("YOU'LL GET A FULL  REFUND within\n30 days", rules)
    assert promised("You get a full refund within 90 days.", rules)
    assert promised("You get a full refund within 30 days. And we'll send you a voucher.", rules), "each promise needs its own source"
    assert promised("A full refund within 30 days is our rule. You will get a new pair.", rules)


def test_one_entry_may_name_several_ways_to_say_it() -> None:
    rules = book({"say": ["free replacement", "new pair"], "source": "recall of batch 7"})
    assert not promised("We'll send you a free replacement.", rules)
    assert not promised("You will get a new pair.", rules)
    assert promised("You will get a refund.", rules)


@pytest.mark.parametrize(
    ("today", "kept_back"),
    [(date(2026, 12, 30), False), (LAST_DAY, False), (date(2027, 1, 1), True), (None, True)],
)
def test_a_source_counts_up_to_its_last_day_and_never_where_the_day_is_unknown(today: date | None, kept_back: bool) -> None:  # noqa: FBT001
    rules = book({"say": "free replacement", "source": "recall of batch 7", "until": LAST_DAY.isoformat()})
    assert promised("We'll send you a free replacement.", rules, today) is kept_back


def test_an_expired_source_does_not_take_another_one_with_it() -> None:
    expired = {"say": "free replacement", "source": "recall", "until": "2020-01-01"}
    rules = book(expired, {"say": "replacement", "source": "returns policy"})
    assert not promised("We'll send you a free replacement.", rules, LAST_DAY)


@given(
    text=st.text(max_size=200)
    | st.lists(st.sampled_from(["we will", "not", "if", "refund you", ",", ".", "?", "and", "返金", "します"]), max_size=60).map(" ".join)
)
def test_any_text_is_read_without_failing(text: str) -> None:
    for found in promises(text):
        assert text[found.start : found.end] == found.said != ""


@pytest.mark.parametrize(
    "piece",
    [
        "we will ",
        "if not we will refund you and ",
        "you get your ",
        "will be ",
        "we, ",
        "返金を",
        "全額を無料で",
        "we you will be give ",
        "l'",
        "1,",
        "?!",
    ],
)
def test_ten_thousand_hostile_characters_take_no_time_worth_speaking_of(piece: str) -> None:
    promises((piece * 10_000)[:10_000])
