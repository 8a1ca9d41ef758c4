"""The sieve before the matcher: fast, and never in the matcher's way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.matching import Matcher
from listener.model import Account, Author, Post
from listener.rules.rulebook import Brand
from listener.sifting import Sieve

BRANDS = {
    "acme": Brand(
        names=("Acme", "Acme Shoes", "アクメ靴", 'The "Best"', "C:\\Acme", "it's", "Straße"),
        handles={"bluesky": "acme.example", "mastodon": "acme_help@mastodon.social"},
        hashtags=("acmefail", "größe"),
        queries=(
            'boots (refund OR "charged   twice") -jobs',
            "(größe OR late) NEAR/3 sneaker",
            "@tom -(@jo OR NOT nie)",
            "#Schön OR -(-靴 OR x)",
        ),
    ),
    "zenith": Brand(names=("Zenith",)),
}
OURS = (Account("bluesky", "did:plc:abc", "brand.test"),)
MATCHER, SIEVE = Matcher(BRANDS), Sieve(BRANDS, OURS)

PIECES = st.sampled_from(
    [
        *(
            "acme",
            "ACME",
            "Acme Shoes",
            "\uff41\uff43\uff4d\uff45",
            "Ac\u200bme",
            "Acme\u0301",
            "アクメ靴",
            "Zenith",
            "zen",
            'the "best"',
            "c:\\acme",
            "IT\u2019S",
            "it`s",
        ),
        *(
            "STRASSE",
            "@acme.example",
            "@acme_help",
            "@brand.test",
            "#AcmeFail",
            "#GRÖSSE",
            *("boots ", "Refund", "charged\n twice", "jobs", "LATE ", "sneaker", "@Tom", "@tom@a.example", "nie ", "#schön", "靴"),
            "gro\u0308ße",
            "\n",
            "\t",
            "\\n",
            "\\u0041cme",
            " ",
            "x",
        ),
        *("\x00", "\b", "\r", "/", "&", "é", "😡", "\u202e", "\ufe0f", "did:plc:abc", "at://did:plc:abc/app.bsky.feed.post/3k"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join)


def post(text: str, mentions: tuple[str, ...], tags: tuple[str, ...], *, answers: bool) -> Post:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    parent = "did:plc:abc" if answers else None
    return Post(
        "bluesky", "1", text, Author("bluesky", "2", "x"), at, "1", mentions=mentions, tags=tags, parent_id=parent, parent_author_id=parent
    )


@given(TEXTS, st.lists(TEXTS, max_size=2), st.lists(TEXTS, max_size=2), st.booleans(), st.booleans())
@example("Ac\bme", [], [], False, True)
@example("Ac\rme", [], [], False, False)
def test_what_the_matcher_takes_passes(text: str, mentions: list[str], tags: list[str], answers: bool, escaped: bool) -> None:  # noqa: FBT001
    one = post(text, tuple(mentions), tuple(tags), answers=answers)
    found = MATCHER.match(one, OURS)
    parts = [text, *mentions, *tags, "did:plc:abc" if answers else ""]
    message = json.dumps({"parts": parts}, ensure_ascii=escaped)
    if found:
        assert SIEVE.passes(parts)
        assert not SIEVE.clears(message)


@pytest.mark.parametrize(
    "message", ['{"text":"my lunch"}', r'{"text":"he said \"no\"\n\tand left"}', '{"text":"zen ith"}', '{"text":"acm"}', "{}", ""]
)
def test_plain_words_about_others_are_cleared_as_they_stand(message: str) -> None:
    assert SIEVE.clears(message)


@pytest.mark.parametrize("message", ['{"text":"my \\u004cunch"}', '{"text":"a\\/b"}', '{"text":"Grüße"}', '{"text":"a\\bb"}'])
def test_what_only_decoding_can_tell_is_not_cleared(message: str) -> None:
    assert not SIEVE.clears(message)


def test_with_nothing_to_look_for_nothing_passes() -> None:
    assert not Sieve({}).passes(["acme"])
    assert Sieve({}).clears('{"text":"acme"}')
