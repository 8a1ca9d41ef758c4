"""The language of queries: what is read, what is refused and where, and what follows from a query by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.queries.language import And, Near, Node, Not, Or, QueryWrong, Tag, Words, written
from listener.queries.parsing import DEEPEST, parse
from listener.queries.sense import branches, clashes, needles, never, of_a_brand
from listener.queries.tokens import LONGEST, MOST_WORDS

A, B, C = Words("acme"), Words("boots"), Words("charged twice")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("acme", A),
        ("acme boots", And((A, B))),
        ("acme AND boots", And((A, B))),
        ("acme boots OR zenith", Or((And((A, B)), Words("zenith")))),
        ("acme OR boots zenith", Or((A, And((B, Words("zenith")))))),
        ("acme (boots OR zenith)", And((A, Or((B, Words("zenith")))))),
        ('acme "charged  twice"', And((A, C))),
        ("acme \u201ccharged twice\u201d", And((A, C))),
        ("acme -boots", And((A, Not(B)))),
        ("acme NOT boots", And((A, Not(B)))),
        ("acme -(boots OR zenith)", And((A, Not(Or((B, Words("zenith"))))))),
        ("acme \u2212boots", And((A, Not(B)))),
        ("acme NEAR/5 boots", Near((A,), (B,), 5)),
        ('(acme OR boots) NEAR/3 "charged twice" -x', And((Near((A, B), (C,), 3), Not(Words("x"))))),
        ("-acme NEAR/2 boots", Not(Near((A,), (B,), 2))),
        ("#AcmeFail", Tag("AcmeFail")),
        ("e-mail acme's 100% C++", And((Words("e-mail"), Words("acme's"), Words("100%"), Words("C++")))),
        ("acme and boots", And((A, Words("and"), B))),
        ("ac\u200bme, boots;", And((A, B))),
        ("アクメ 靴", And((Words("アクメ"), Words("靴")))),
        ("https://acme.example/x", Words("https://acme.example/x")),
        ("10:30", Words("10:30")),
        ("(((acme)))", A),
    ],
)
def test_a_query_is_read_as_people_write_it(text: str, root: Node) -> None:
    assert parse(text).root == root


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("acme (boots", 5, "never closed"),
        ("((", 1, "never closed"),
        ("acme) boots", 4, "closes nothing"),
        ("()", 0, "nothing between"),
        ('acme "boots', 5, "quotation mark"),
        ('acme ""', 5, "nothing between these quotation marks"),
        ("OR acme", 0, "before this"),
        ("acme OR", 5, "behind this"),
        ("acme AND AND boots", 5, "behind this"),
        ("acme OR OR boots", 5, "behind this"),
        ("acme -", 5, "no letter or digit"),
        ("acme NOT", 5, "behind this"),
        ("acme NEAR boots", 5, "how near"),
        ("acme NEAR/x boots", 5, "how near"),
        ("acme NEAR/ boots", 5, "how near"),
        ("acme NEAR/0 boots", 5, "NEAR/0"),
        ("acme NEAR/51 boots", 5, "50 words far"),
        ("acme NEAR/5", 5, "behind this"),
        ("NEAR/5 acme", 0, "before this"),
        ("a NEAR/5 b NEAR/5 c", 11, "second NEAR"),
        ("#tag NEAR/5 acme", 5, "words and phrases"),
        ("acme @", 5, "stands alone"),
        ("acme #two-words", 5, "no hashtag"),
        ("acme !!!", 5, "no letter or digit"),
        ("acme \u200b\u200b", 5, "nobody can see"),
        ("acm*", 0, "whole"),
        ("(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1), DEEPEST, "levels"),
        ("-(" * 200 + "a" + ")" * 200, DEEPEST, "levels"),
        ("a " * (MOST_WORDS + 1), 2 * MOST_WORDS, "words"),
        ("a" * (LONGEST + 1), LONGEST, "characters"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_column(text: str, at: int, words: str) -> None:
    with pytest.raises(QueryWrong) as caught:
        parse(text)
    assert caught.value.at == at
    assert words in str(caught.value)


def read(text: str) -> Node | QueryWrong:
    try:
        return parse(text).root
    except QueryWrong as wrong:
        return wrong


@given(st.text(alphabet='ab "()-#@:/*ORNEAT15\u200b\u201c', max_size=80) | st.text(max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_can_be_written_again(text: str) -> None:
    found = read(text)
    if isinstance(found, QueryWrong):
        assert 0 <= found.at <= len(text)
    else:
        again = written(found)
        assert written(parse(again).root) == again


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme", {"acme"}),
        ("acme boots", {"boots"}),
        ("acme OR zenith", {"acme", "zenith"}),
        ("acme -jobs", {"acme"}),
        ('"two  Words"', {"words"}),
        ("refund NEAR/5 (zenith OR boots)", {"refund"}),
        ("@acme@mastodon.social", {"acme"}),
        ("#AcmeFail", {"acmefail"}),
        ("-(-acme OR -zenith)", {"zenith"}),
        ("-acme", None),
        ("acme OR -zenith", None),
        ("lang:en", None),
    ],
)
def test_what_must_stand_in_a_post_is_known(text: str, found: set[str] | None) -> None:
    assert needles(parse(text).root) == found


@pytest.mark.parametrize(
    "text",
    [
        "acme -acme",
        "ACME -acme",
        '"acme boots" -acme',
        "acme (zenith -acme)",
        "-(acme OR zenith) zenith",
        "acme NEAR/5 boots -boots",
        "acme NEAR/3 boots -(boots NEAR/5 acme)",
        "@acme -@ACME",
        "#a -#A",
        "(a OR b) -a -b",
    ],
)
def test_a_query_that_can_never_match_is_known(text: str) -> None:
    assert never(parse(text).root)
    with pytest.raises(QueryWrong, match="never match"):
        of_a_brand(text)


@pytest.mark.parametrize(
    "text", ["acme -acmes", 'acme -"acme boots"', "acme NEAR/5 boots -(acme NEAR/3 boots)", "@acme -acme", "acme.com -com"]
)
def test_what_may_match_is_let_be(text: str) -> None:
    assert never(parse(text).root) is None


def test_a_dead_part_is_named_where_the_rest_lives() -> None:
    root = parse("zenith OR (boots -boots)").root
    assert never(root) is None
    assert [written(clash.unwanted) for clash in clashes(root)] == ["boots"]


def test_a_query_with_very_many_branches_is_not_taken_apart() -> None:
    assert branches(parse(" ".join(f"(a{n} OR b{n})" for n in range(20))).root) is None


@pytest.mark.parametrize("text", ["-acme", "acme OR -boots", "NOT (acme boots)", "lang:en acme", "form:acme"])
def test_a_brand_is_not_looked_for_by_what_is_not_there_nor_by_one_networks_words(text: str) -> None:
    with pytest.raises(QueryWrong):
        of_a_brand(text)
