"""Queries in the words of each network: never less than was wanted, and what it does not know is left to us and said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.finding import Queries
from listener.matching import sees
from listener.queries.compiling import MOST_QUESTIONS, compiled
from listener.queries.language import And, Near, Node, Not, Or, QueryWrong, Tag, Words, written
from listener.queries.networks import BLUESKY, HACKERNEWS, REDDIT, Dialect, X
from listener.queries.parsing import Query, parse
from listener.rules.checking import check
from tests.servers.search_words import Fits, on_hackernews, on_reddit, on_x
from tests.unit.test_queries_finding import post


@pytest.mark.parametrize(
    ("dialect", "text", "questions", "here"),
    [
        (X, '"acme shoes" OR @acme -is:retweet', ['"acme shoes" OR (@acme -is:retweet)'], []),
        (X, '-jobs acme AND (refund OR "charged twice")', ['acme (refund OR "charged twice") -jobs'], []),
        (X, "acme -(jobs OR cartoon)", ["acme -jobs -cartoon"], []),
        (X, "acme -(jobs cartoon)", ["acme"], ["-jobs OR -cartoon"]),
        (X, "acme (zenith OR (-jobs -cartoon))", ["acme"], ["zenith OR (-jobs -cartoon)"]),
        (X, "refund NEAR/5 (acme OR zenith)", ["refund (acme OR zenith)"], ["refund NEAR/5 (acme OR zenith)"]),
        (X, "acme -(late NEAR/2 refund)", ["acme"], ["-(late NEAR/2 refund)"]),
        (X, "coca-cola lang:EN", ['"coca-cola" lang:EN'], []),
        (X, "acme and or", ['acme "and" "or"'], []),
        (X, '#acmefail url:"https://acme.example/x y"', ['#acmefail url:"https://acme.example/x y"'], []),
        (X, "from:acme -is:reply", ["from:acme -is:reply"], []),
        (REDDIT, "acme (refund OR late) -jobs", ["acme AND (refund OR late) AND NOT jobs"], []),
        (REDDIT, '"acme shoes" subreddit:shoes', ['"acme shoes" AND subreddit:shoes'], []),
        (REDDIT, "@acme OR #acmefail", ['"u/acme" OR acmefail'], ["#acmefail"]),
        (HACKERNEWS, "acme (refund OR late) -jobs", ["acme refund", "acme late"], ["-jobs"]),
        (HACKERNEWS, "@acme boots", ["acme boots"], ["@acme"]),
        (HACKERNEWS, '"acme shoes"', ['"acme shoes"'], []),
        (BLUESKY, "acme OR #acmefail", ["acme", "acmefail"], ["#acmefail"]),
    ],
)
def test_each_network_is_asked_in_its_own_words(dialect: Dialect, text: str, questions: list[str], here: list[str]) -> None:
    found = compiled(parse(text), dialect)
    assert list(found.questions) == questions
    assert list(found.here) == here


@pytest.mark.parametrize(
    ("dialect", "text", "at", "words"),
    [
        (REDDIT, "acme lang:en", 5, "belongs to X; Reddit does not know it"),
        (X, "acme subreddit:shoes", 5, "belongs to Reddit"),
        (HACKERNEWS, "acme -is:retweet", 6, "belongs to X"),
        (X, "acme form:tom", 5, 'knows no "form:"'),
        (X, "acme is:repost", 5, 'knows no "is:repost"'),
        (X, "acme @acme.bsky.social", 5, "no account on X"),
        (X, "lang:en", 0, "asked for everything"),
        (X, "-acme", 0, "asked for everything"),
        (X, "acme OR -boots", 0, "asked for everything"),
        (X, "acme -acme", 6, "never match"),
        (HACKERNEWS, " OR ".join(f"acme{n}" for n in range(MOST_QUESTIONS + 1)), 0, "questions"),
        (X, '"' + "x" * 511 + ' y"', 0, "too long"),
    ],
)
def test_what_a_network_cannot_be_asked_is_refused_with_its_place(dialect: Dialect, text: str, at: int, words: str) -> None:
    with pytest.raises(QueryWrong) as caught:
        compiled(parse(text), dialect)
    assert words in str(caught.value)
    assert caught.value.at == at


def test_a_misspelt_operator_gets_the_nearest_one() -> None:
    with pytest.raises(QueryWrong) as caught:
        compiled(parse("acme form:tom"), X)
    assert caught.value.hint == 'did you mean "from:"?'


@pytest.mark.parametrize("frame", ["{}", "acme ({}) -jobs lang:en"])
def test_a_query_too_long_for_x_is_asked_in_parts(frame: str) -> None:
    words = [f"word{number:03}abcdefghij" for number in range(60)]
    found = compiled(parse(frame.format(" OR ".join(words))), X)
    assert 1 < len(found.questions) <= 4
    assert all(400 < len(question) <= 512 for question in found.questions[:-1])
    assert all(any(word in question for question in found.questions) for word in words)
    assert all(("-jobs" in question) == ("jobs" in frame) for question in found.questions)
    for question in found.questions:
        on_x(question)


# ---- never less than was wanted, by the networks' own rules

LEAVES = st.sampled_from(
    [Words("acme"), Words("boots"), Words("acme boots"), Words("don't"), Tag("late"), Near((Words("acme"),), (Words("late"),), 2)]
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.sampled_from(["acme", "boots", "#late", "late", "don't", "x"]), max_size=6).map(" ".join)
NETWORKS = st.sampled_from([(X, on_x), (REDDIT, on_reddit), (HACKERNEWS, on_hackernews)])


@given(NODES, TEXTS, NETWORKS)
def test_what_satisfies_a_query_is_brought_by_one_of_its_questions(root: Node, text: str, network: tuple[Dialect, object]) -> None:
    dialect, reader = network
    try:
        found = compiled(Query(written(root), root), dialect)
    except QueryWrong:
        return
    fits: list[Fits] = [reader(question) for question in found.questions]  # type: ignore[operator] - one of the three readers
    wanted = bool(list(Queries([root]).find(sees(post(text)))))
    brought = any(one(text) for one in fits)
    assert brought or not wanted
    if not found.here:
        assert brought == wanted


def test_the_queries_of_the_page_about_rules_can_be_used() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    block = page.split("## Queries\n")[1].split("```yaml\n")[1].split("```")[0]
    route = "routes: [{name: all, when: always, examples: [{post: acme}]}]\n"
    assert check(f"version: 1\n{block}{route}") == ()
