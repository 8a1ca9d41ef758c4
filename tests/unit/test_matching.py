"""Whether a post is about us, and because of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listener.matching import Matcher, Phrases
from listener.model import Account, Author, Ground, Post, Visibility
from listener.rules.rulebook import Brand, Ignore

ACME = Brand(
    names=("Acme", "Acme Shoes", "École", "Помогатор", "アクメ"),
    handles={"x": "acme", "reddit": "acme_support", "mastodon": "acme@mastodon.social", "bluesky": "acme.example"},
    hashtags=("acmefail",),
    ignore=Ignore(authors=("acme_jobs",), phrases=("win free", "acme cartoon")),
)
OWN = (Account("x", "42", "acme"), Account("mastodon", "01HZ", "acme"))


def post(text: str, network: str = "x", **more: object) -> Post:
    author = Author(network, "7", "marta_k")
    plain = Post(network, "1", text, author, datetime(2026, 11, 20, tzinfo=UTC), "1")
    return replace(plain, **more)  # type: ignore[arg-type]


def grounds(text: str, network: str = "x", **more: object) -> list[tuple[str, str]]:
    found = Matcher({"acme": ACME}).match(post(text, network, **more), OWN)
    return [(because.ground.value, because.text) for mention in found for because in mention.because]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my ACME boots", [("name", "ACME")]),
        ("I like acme shoes", [("name", "acme shoes"), ("name", "acme")]),
        ("vive l'\u00c9cole!", [("name", "\u00c9cole")]),
        ("vive l'E\u0301cole!", [("name", "E\u0301cole")]),
        ("где мой помогатор?", [("name", "помогатор")]),
        ("помогаторы", []),
        ("昨日アクメの靴を買った", [("name", "アクメ")]),
        ("昨日Acmeの靴を買った", [("name", "Acme")]),
        ("ac\u200bme hides", [("name", "ac\u200bme")]),
        ("\uff21\uff23\uff2d\uff25", [("name", "\uff21\uff23\uff2d\uff25")]),
        ("Straße İstanbul acme", [("name", "acme")]),
        ("acmeology", []),
        ("acme_fan is here", []),
        ("see https://acme.com/acme and www.acme.org", []),
        ("buy at acme.com/shoes", []),
        ("mail jo@acme.com", []),
        ("ask @acme_fan or @not-acme", []),
        ("#AcmeFail again", [("hashtag", "#AcmeFail")]),
        ("#acmefailing", []),
        ("nothing of ours", []),
    ],
)
def test_names_and_hashtags_are_whole_words_in_the_authors_spelling(text: str, expected: list[tuple[str, str]]) -> None:
    assert grounds(text) == expected


@pytest.mark.parametrize(
    ("text", "network", "more", "expected"),
    [
        ("hi @Acme, help", "x", {}, [("handle", "@Acme")]),
        ("hi", "x", {"mentions": ("acme",)}, [("handle", "@acme")]),
        ("hi", "x", {"mentions": ("42",)}, [("handle", "@42")]),
        ("thanks u/acme_support", "reddit", {}, [("handle", "u/acme_support")]),
        ("hi @acme.example.", "bluesky", {}, [("handle", "@acme.example")]),
        ("hi @acme", "mastodon", {"mentions": ("acme@mastodon.social",)}, [("handle", "@acme")]),
        ("hi @acme", "mastodon", {"mentions": ("acme@evil.example",)}, []),
        ("hi @acme@evil.example", "mastodon", {}, []),
        ("hi @acme", "hackernews", {}, [("handle", "@acme")]),
        ("hi @acme", "reddit", {}, [("name", "acme")]),
        ("still nothing", "x", {"parent_author_id": "42"}, [("reply", "a reply to @acme")]),
        ("psst", "x", {"visibility": Visibility.DIRECT}, [("handle", "a direct message")]),
    ],
)
def test_what_is_said_to_us(text: str, network: str, more: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert grounds(text, network, **more) == expected


def test_addressed_is_what_speaks_to_us_not_of_us() -> None:
    match = Matcher({"acme": ACME}).match
    assert match(post("hi @acme"))[0].addressed
    assert match(post("ok", parent_author_id="42"), OWN)[0].addressed
    assert not match(post("my Acme shoes"))[0].addressed
    assert match(post("my Acme shoes", visibility=Visibility.DIRECT))[0].addressed


def test_what_we_or_ignored_authors_write_and_ignored_phrases_never_count() -> None:
    assert grounds("we are Acme", own=True) == []
    assert grounds("we are Acme", author=Author("x", "42", "renamed")) == []
    assert grounds("we are Acme", author=Author("x", "9", "ACME")) == []
    assert grounds("jobs at Acme", author=Author("x", "9", "Acme_Jobs")) == []
    assert grounds("Win  free".replace("  ", " ") + " Acme shoes") == []


def test_several_brands_each_get_their_own_mention() -> None:
    matcher = Matcher({"acme": ACME, "zenith": Brand(names=("Zenith",), handles={"x": "zenith"})})
    found = matcher.match(post("Acme or @zenith?"), (*OWN, Account("x", "77", "zenith")))
    assert [(mention.brand, mention.addressed) for mention in found] == [("acme", False), ("zenith", True)]
    reply = matcher.match(post("hm", parent_author_id="77"), (*OWN, Account("x", "77", "zenith")))
    assert [(mention.brand, mention.because[0].ground) for mention in reply] == [("zenith", Ground.REPLY)]


def test_phrases_keep_their_place_where_folding_changes_lengths() -> None:
    text = "İİ ﬁne Straße: e\u0301cole ПОМОГИТЕ 今すぐ助けてください"
    found = Phrases(["straße", "école", "помогите", "助けて", "fi"]).find(text)
    assert [one.words for one in found] == ["Straße", "e\u0301cole", "ПОМОГИТЕ", "助けて"]
    assert all(text[one.start : one.end] == one.words for one in found)


def test_no_phrases_find_nothing() -> None:
    assert Phrases(["", "\u200b"]).find("anything") == ()


@pytest.mark.parametrize("piece", ["@acme ", "acme ", "a.com.", "a", "a.", "#acmefail", "@a@", "\u0301", "\u200b", "u/", "acme@"])
def test_hostile_texts_are_read_to_the_end(piece: str) -> None:
    text = (piece * 40_000)[:40_000]  # what grew with the square of the length would not come back here
    assert len(Matcher({"acme": ACME}).match(post(text), OWN)) <= 1
