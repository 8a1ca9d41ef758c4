"""Queries looked for in posts: what satisfies them, by which words, and the same as somebody would find who reads word by word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.finding import Queries
from listener.matching import Matcher, sees
from listener.model import Account, Author, Ground, Post
from listener.queries.language import And, Near, Node, Not, Or, Words
from listener.queries.parsing import parse
from listener.rules.rulebook import Brand, Ignore

PLAIN = Post("x", "1", "", Author("x", "7", "marta_k"), datetime(2026, 11, 20, tzinfo=UTC), "1")


def post(text: str, **more: object) -> Post:
    return replace(PLAIN, text=text, **more)  # type: ignore[arg-type]


def quotes(query: str, text: str, **more: object) -> tuple[str, ...] | None:
    return next((words for _, words in Queries([parse(query).root]).find(sees(post(text, **more)))), None)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("zenith", "my ZENITH boots", ("ZENITH",)),
        ("zenith", "zeniths", None),
        ("zenith boots", "boots by Zenith", ("Zenith", "boots")),
        ('"zenith boots"', "Zenith\n\n  boots", ("Zenith boots",)),
        ('"zenith boots"', "boots zenith", None),
        ("zenith OR boots", "my Boots", ("Boots",)),
        ("zenith -boots", "zenith shoes", ("zenith",)),
        ("zenith -boots", "zenith boots", None),
        ("zenith (late OR refund)", "Zenith: refund!", ("Zenith", "refund")),
        ("zen\u200bith", "z\u00adenith", ("z\u00adenith",)),
        ("straße", "in der STRASSE", ("STRASSE",)),
        ("靴", "アクメの靴を買った", ("靴",)),
        ("C++", "I like c++, a lot", ("c++",)),
        ("don't", "they don\u2019t care", ("don\u2019t",)),
        ("zenith NEAR/1 boots", "zenith boots", ("zenith", "boots")),
        ("zenith NEAR/1 boots", "boots, zenith!", ("boots", "zenith")),
        ("zenith NEAR/2 boots", "zenith's new red boots", None),
        ("zenith NEAR/3 boots", "zenith's new red boots", ("zenith", "boots")),
        ("zenith NEAR/3 boots", "zenith a b c d boots x zenith", ("boots", "zenith")),
        ('zenith NEAR/3 "zenith boots"', "zenith boots", None),
        ("(late OR refund) NEAR/2 zenith", "Zenith refund late", ("Zenith", "refund")),
        ("アクメ NEAR/3 靴", "アクメの靴", ("アクメ", "靴")),
        ("zenith", "see https://zenith.example/zenith", None),
        ("zenith -cartoon", "zenith https://x.example/cartoon", ("zenith",)),
        ("zenith.example", "see https://zenith.example/boots", ("zenith.example",)),
        ("zenith", "ask @zenith_fan", None),
        ("zenith", "ask @zenith", ("zenith",)),
        ("zenith", "ask u/zenith", ("zenith",)),
        ("@zenith", "ask @Zenith now", ("@Zenith",)),
        ("@zenith", "ask @zenith@a.example", ("@zenith@a.example",)),
        ("@zenith@b.example", "ask @zenith@a.example", None),
        ("#boots", "new #Boots!", ("#Boots",)),
        ("#boots", "new boots", None),
        ("boots", "new #boots", ("boots",)),
        ("zenith lang:en -is:retweet", "zenith", ("zenith",)),
    ],
)
def test_a_post_satisfies_a_query_by_its_own_words(query: str, text: str, found: tuple[str, ...] | None) -> None:
    assert quotes(query, text) == found


def test_whom_the_network_names_and_its_tags_count_too() -> None:
    assert quotes("@zenith@a.example", "hello", mentions=("zenith@a.example", "42")) == ("@zenith@a.example",)
    assert quotes("#boots", "hello", tags=("Boots",)) == ("#Boots",)


def test_a_query_makes_a_mention_with_its_words_and_ignore_still_wins() -> None:
    brand = Brand(names=("Acme",), queries=("zenith NEAR/4 (boots OR shoes)",), ignore=Ignore(authors=("jobs",), phrases=("win free",)))
    matcher = Matcher({"acme": brand})
    (mention,) = matcher.match(post("The Zenith winter boots"))
    assert [(one.ground, one.text) for one in mention.because] == [(Ground.QUERY, "Zenith … boots")]
    assert not mention.addressed
    assert not matcher.match(post("The Zenith winter boots: win free"))
    assert not matcher.match(post("The Zenith winter boots", author=Author("x", "8", "Jobs")))
    assert not matcher.match(post("The Zenith winter boots"), [Account("x", "7", "acme")])


# ---- the same, read word by word

WORDS = st.sampled_from(["acme", "boots", "late", "refund"])
LEAVES = st.builds(Words, WORDS) | st.builds(lambda one, two: Words(f"{one} {two}"), WORDS, WORDS)
SIDES = st.lists(LEAVES, min_size=1, max_size=2).map(tuple)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES | st.builds(Near, SIDES, SIDES, st.integers(1, 4)),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)


def places(words: Words, text: list[str]) -> list[tuple[int, int]]:
    wanted = words.text.split()
    return [(at, at + len(wanted) - 1) for at in range(len(text)) if text[at : at + len(wanted)] == wanted]


def naive(node: Node, text: list[str]) -> bool:
    if isinstance(node, And):
        return all(naive(part, text) for part in node.parts)
    if isinstance(node, Or):
        return any(naive(part, text) for part in node.parts)
    if isinstance(node, Not):
        return not naive(node.part, text)
    if isinstance(node, Near):
        left, right = ([place for words in side for place in places(words, text)] for side in (node.left, node.right))
        return any(0 < max(a[0], b[0]) - min(a[1], b[1]) <= node.within and (a[1] < b[0] or b[1] < a[0]) for a in left for b in right)
    assert isinstance(node, Words)
    return bool(places(node, text))


@given(
    NODES,
    st.lists(st.sampled_from(["acme", "boots", "late", "refund", "x", "ACME", "Late", "acmes"]), max_size=9),
    st.sampled_from([" ", "\n\n", "  "]),
)
@example(Not(And((Words("acme"), Words("boots")))), ["acme"], " ")
@example(Not(Or((Words("acme"), Words("boots")))), ["acme"], " ")
@example(Not(Not(And((Words("acme"), Words("boots"))))), ["acme"], " ")
def test_it_finds_what_a_reader_finds(root: Node, text: list[str], between: str) -> None:
    found = [number for number, _ in Queries([root]).find(sees(post(between.join(text))))]
    assert bool(found) == naive(root, [word.strip("(),").casefold() for word in text])


def test_a_hostile_text_is_read_once() -> None:
    """Every pattern of a query ends everywhere, and every pair is near: the work stays in step with the text's length."""
    queries = Queries([parse('a NEAR/50 ("a a" OR "a a a") -zenith').root, parse("b NEAR/1 a OR #x OR @y").root])
    for text in ("a " * 20_000, "a b" * 13_000, "@a" * 20_000, "#a" * 20_000, "\n" * 40_000, "a\u200b" * 20_000):
        list(queries.find(sees(post(text))))
