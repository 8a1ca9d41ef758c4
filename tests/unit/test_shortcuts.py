"""The shortcuts of judging: a quick look that spares a slow one must never hide what the slow one would find."""

# ruff: noqa: SLF001 - the quick way and the slow one are compared, which nobody else may use

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listener import finding, matching
from listener.model import Author, Post
from listener.queries.parsing import parse
from listener.rules.rulebook import Scoring
from listener.scoring import language, lexicon, ngrams, notation, phrases
from listener.scoring.assessor import Assessor
from listener.text import clean, fold_with_offsets

PIECES = st.sampled_from(
    [
        *("a", "Acme", "lol", "LOL", "hahaha", "jaja", "ok", "wow", "http://", "https://x.y/z", "www.", "co", "com", "a.b", "x@y.z", "u/x"),
        *(
            "@",
            "#",
            "@a",
            "#a",
            ".",
            ",",
            "'",
            "n't",
            "-",
            "/",
            ":",
            " ",
            "  ",
            "\n",
            "\t",
            "\u00a0",
            "\u3000",
            "é",
            "ß",
            "İ",
            "日本",
            "😡",
        ),
        *("\u0301", "\u200d", "1", "2.0", "!!!!", "....", "aaaa", "    ", "&amp;", "\uff03", "\uff21"),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)


def written(token: notation.Token) -> Iterator[tuple[str, str]]:
    """Yield each choice of a token as people write it: with its apostrophe and without, and with more behind an open end."""
    for choice in token.choices:
        word = choice.removesuffix("*")
        for way in {word, word if choice in notation._OTHER_WORDS else word.replace("'", "")}:
            yield choice, way
            if choice.endswith("*"):
                yield choice, f"{way}xyz"


@pytest.mark.parametrize("spoken", phrases.LANGUAGES)
def test_what_a_word_of_a_phrase_needs_is_in_every_text_it_stands_in(spoken: str) -> None:
    spaced = spoken not in phrases.UNSPACED
    tokens = {token for name in phrases.names(spoken) for entry in phrases.entries(spoken, name) for token in entry.firm}
    hidden = [
        (choice, way)
        for token in tokens
        if (needed := notation.needs(token, spaced=spaced))
        for choice, way in written(token)
        if not any(one in (lexicon._spaced(f"so, {way}. So").haystack if spaced else f"そう{way}。") for one in needed)
    ]
    assert tokens
    assert not hidden


def said(entry: notation.Entry, turn: int) -> str:
    """Write a text that holds a phrase, with another choice of each word for each turn."""
    words = []
    for token in entry.tokens:
        if token.choices and not token.optional:
            words.append(token.choices[turn % len(token.choices)].removesuffix("*"))
        elif token.mark:
            words.append(token.mark)
    return (" " if entry.spaced else "").join(words) or entry.anchors[turn % len(entry.anchors)].strip()


@pytest.mark.parametrize("spoken", phrases.LANGUAGES)
def test_what_the_pattern_of_a_phrase_finds_the_search_for_all_phrases_finds(spoken: str) -> None:
    every = lexicon.Lexicon((), (), ())
    looked = 0
    missed = []
    for name in phrases.names(spoken):
        for turn, entry in enumerate(phrases.entries(spoken, name)[::6]):
            text = said(entry, turn)
            if not entry.tokens or entry.pattern().search(notation.plain(clean(text))):
                looked += 1
                missed += [text] * (name not in every.find(fold_with_offsets(text), {spoken}, ()))
    assert looked > len(phrases.names(spoken))
    assert not missed


def test_a_phrase_is_sought_by_first_letters_where_it_would_be_found_without_them() -> None:
    tokens = {entry.tokens[0] for name in phrases.names("en") for entry in phrases.entries("en", name)[::8] if entry.tokens}
    for token in tokens:
        if not token.choices:
            continue
        by_letters, plainly = (
            re.compile(one) for one in (notation._opening(token), rf"(?<!\w){notation._token_pattern(token, spaced=True)}")
        )
        for choice, way in written(token):
            for text in (way, f"a {way} b", f"x{way} {way}", f"{way}y {way}, {way}"):
                spans = [[found.span() for found in pattern.finditer(text)] for pattern in (by_letters, plainly)]
                assert spans[0] == spans[1], (choice, text)


@given(TEXTS)
@example("x@acme.com")
@example("go to acme.shop now")
@example("a.co b.co\tc@d.co,e.co  www.f f.co")
@example("u@v.co@w x.y.co http://a.co//b.co\nwww.c")
def test_every_address_has_a_part_by_which_it_is_noticed(text: str) -> None:
    slowly = [found.span() for found in matching._ADDRESS.finditer(text)]
    assert [(start, end) for start, end, *_ in matching._addresses(text)] == slowly


@given(TEXTS)
@example("@ lol http://a b")
def test_what_is_no_word_of_a_language_is_left_out_piece_by_piece_as_in_one(text: str) -> None:
    whole = " ".join(language._NO_WORDS.sub(" ", text).split())
    assert " ".join(filter(None, map(language._spoken, text.split()))) == whole


@given(TEXTS)
@example("so\x00_a`b\x7f\n")
def test_a_text_of_plain_letters_is_read_as_any_other(text: str) -> None:
    assert clean(text) == fold_with_offsets(text).text
    folded = notation.plain(clean(text))
    assert lexicon._spaced(folded).haystack == f" {lexicon._NO_WORD.sub(' ', folded)} "


@settings(max_examples=50)
@given(st.lists(st.integers(0, (1 << 40) - 1), max_size=400), st.integers(1, 7))
def test_numbers_are_told_apart_without_sorting(numbers: list[int], times: int) -> None:
    found = ngrams._different(np.array(numbers * times, dtype=np.int64))
    assert sorted(found.tolist()) == sorted(set(numbers))


@pytest.mark.parametrize(
    "query", ["@zenith", "#zenith", "-boots @zenith", "boots OR @zenith", "boots OR #zenith", "@zenith (hotels OR #zenith)"]
)
def test_a_query_that_words_alone_need_not_satisfy_is_asked_where_none_of_them_stands(query: str) -> None:
    post = Post("x", "1", "hello @zenith #zenith", Author("x", "7", "marta_k"), datetime(2026, 11, 20, tzinfo=UTC), "1")
    assert [number for number, _ in finding.Queries([parse(query).root]).find(matching.sees(post))] == [0]


@given(TEXTS)
@example("a\nco")
@example("AC\u200bME lol")
def test_a_text_without_any_word_of_a_query_satisfies_none(text: str) -> None:
    post = Post("x", "1", text, Author("x", "7", "marta_k"), datetime(2026, 11, 20, tzinfo=UTC), "1")
    for queries in (["acme"], ['"a co" OR lol', "(ok OR wow) NEAR/3 jaja"], ["x.y OR u"]):
        asked = finding.Queries([parse(query).root for query in queries])
        found = [number for number, _ in asked.find(matching.sees(post))]
        assert not (found and asked.has_no_word_in(fold_with_offsets(text).text))


def test_posts_of_a_page_that_say_the_same_are_judged_as_one_by_one() -> None:
    assessor = Assessor(Scoring())
    at = datetime(2026, 11, 20, tzinfo=UTC)
    said = ("the app is down", "the app is down", "the app is great", "the app is down")
    many = [(Post("x", str(n), text, Author("x", str(n), "marta_k", followers=n * 6_000), at, str(n)), ()) for n, text in enumerate(said)]
    together = assessor.assess_all(many)
    assert together == [assessor.assess(*one) for one in many]
    assert [[signal.name for signal in one.signals] for one in together] == [["outage"], ["outage"], ["reach"], ["outage", "reach"]]
