"""What the voice check remembers changes nothing: warm or cold, one rulebook or two, one author or another."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener import text as texts
from listener.model import Post
from listener.rules.answers import Answer, Wording
from listener.rules.rulebook import Rulebook
from responders import foreign, guard, handles, likeness, linking, personal, promising, runs, sentences, wording
from responders.channels import _mastodon_text as mastodon
from responders.model import Kind
from tests.unit.deciding import by, post, rulebook

MODULES: tuple[ModuleType, ...] = (guard, foreign, runs, promising, sentences, linking, likeness, wording, handles, personal, texts)
ALL_KINDS = ("email", "phone", "card", "iban", "order_number")
TODAY = date(2026, 11, 20)
STRICT = rulebook(boundaries={"never_say": ["guarantee", "our fault"], "keep_private": ALL_KINDS})
LAX = STRICT.model_copy(update={"boundaries": STRICT.boundaries.model_copy(update={"never_say": ("shoes",), "keep_private": ()})})
PIECES = (
    *(
        "we will",
        "refund you",
        "in full",
        "not",
        "by tomorrow",
        "24 hours",
        "0%",
        "you get a voucher",
        "wir",
        "erstatten",
        "Ihnen",
        "ご返金",
    ),
    *(
        "返金します",
        "。",
        "A-217",
        "A-218",
        "sh1t",
        "fuuuck",
        "f*ck",
        "order",
        "number",
        "AB-1234",
        "1234567",
        "4111 1111 1111 1111",
        "0171",
        "234567",
    ),
    *("@marta@town.example", "@acme", "@kim", "Marta", "Kowalska", "love the new shoes", "acme.example", "https://acme.example.evil.com/x"),
    *(
        "acrne.example",
        "ana@mail.example",
        "DE89 3704 0044",
        "0532 0130 00",
        "guarantee",
        "our",
        "fault",
        "\u200b",
        "\u0301",
        "İ",
        "ﬁ",
        "٣",
        "?",
    ),
    *(
        ".",
        ",",
        "-",
        "\n",
        "{case}",
        "{{x}}",
        "\x1b[2J",
        "\u202e",
        "Sorry for the trouble",
        "What happened, and when",
        "Please",
        "(at)",
        "[",
    ),
)
TOKENS = ("a", "bb", "the", "soles", "came", "off", "of", "my", "shoes", *"靴が壊れています")
INSIDE = {name: kept for module in MODULES for name, kept in vars(module).items()}
"""What the modules hold: a first glance is held against the whole look behind it."""
said = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=9).map(" ".join) | st.text(max_size=40)
posts = st.builds(
    lambda words, handle, name: post(words or "hm", author=by(handle, display_name=name), mentions=("kim", "ana@else.example")),
    said,
    st.sampled_from(("marta@town.example", "kim", "person217", "0171-234567", "sh1t_head", "please")),
    st.sampled_from(("", "Marta Kowalska", "Please", "refund", "ご返金")),
)


def forget() -> None:
    """Forget whatever is remembered of texts."""
    for module in MODULES:
        for kept in vars(module).values():
            if hasattr(kept, "cache_clear") and kept.cache_parameters()["maxsize"] is not None:  # what is read from files stays
                kept.cache_clear()


def checked(text: str, book: Rulebook = STRICT, to: Post | None = None, kind: Kind = Kind.PUBLIC) -> tuple[str, ...]:
    return guard.check(text, kind=kind, book=book, post=to or post(), today=TODAY)


@settings(max_examples=25, deadline=None)
@given(st.lists(said, min_size=1, max_size=4), posts, posts)
def test_what_was_looked_at_before_makes_no_difference(many: list[str], one: Post, other: Post) -> None:
    asked = list(itertools.product(many, (one, other), Kind, (STRICT, LAX)))
    warm = [checked(text, book, to, kind) for _ in range(2) for text, to, kind, book in asked]
    cold = []
    for text, to, kind, book in asked:
        forget()
        cold.append(checked(text, book.model_copy(), to, kind))
    assert warm == cold + cold


def test_two_rulebooks_never_share() -> None:
    assert LAX.fingerprint == STRICT.fingerprint
    for _ in range(2):
        assert any("never allow" in one for one in checked("We guarantee it"))
        assert not any("never allow" in one for one in checked("We guarantee it", LAX))
        assert checked("It is 48213377", LAX) == ()
        assert any("order number" in one for one in checked("It is 48213377"))
        assert any("never allow" in one for one in checked("New shoes", LAX))
    backed = STRICT.model_copy(update={"templates": {"refund": "We will refund you in full."}})
    for _ in range(2):
        assert any("promises" in one for one in checked("We will refund you in full."))
        assert not any("promises" in one for one in checked("We will refund you in full.", backed))


def test_a_copy_in_the_place_of_one_that_is_gone_is_looked_at_anew() -> None:
    for word in ("first", "second", "third") * 20:
        book = rulebook(boundaries={"never_say": [word]})
        assert [one for one in ("first", "second", "third") if checked(f"the {one}", book)] == [word]


def test_what_one_author_is_told_says_nothing_of_another() -> None:
    text = "Sorry, Kowalska is the right word, and the soles came off"
    marta = post("@acme my soles came off")
    ana = post("@acme and the soles came off again", author=by("ana@town.example", display_name="Ana"))
    for _ in range(2):
        assert [one.partition(" in public")[0] for one in checked(text, to=marta)] == []
        assert checked("Dear Marta Kowalska", to=marta)
        assert not checked("Dear Marta Kowalska", to=ana)
        assert any("repeats the post" in one for one in checked(text, to=ana))


@pytest.mark.parametrize(
    "text", ["We will refund you {n} euros within 3 days", "全額返金いたします、{n}日以内に", "You will get a {n}% discount"]
)
def test_a_promise_with_another_number_is_quoted_with_its_own(text: str) -> None:
    first, second = (checked(text.format(n=n)) for n in (24, 97))
    assert any("promises" in one for one in first)
    assert [one.replace("24", "97") for one in first] == list(second)
    assert ("97% discount" in str(second)) is ("discount" in text)


def test_the_day_counts_however_often_it_was_asked() -> None:
    entry = {"say": "refund you", "source": "the spring campaign", "until": TODAY}
    answer = Answer("a.md", "shipping", ("how long",), "ops", TODAY, (Wording("It takes three days."),))
    book = rulebook(boundaries={"may_promise": [entry]}).with_answers((answer,))
    for day, right in ((TODAY, True), (TODAY + timedelta(days=1), False)) * 2:
        for text in ("We will refund you.", "It takes three days."):
            assert (guard.check(text, kind=Kind.PUBLIC, book=book, post=None, today=day) == ()) is right


def test_nothing_is_kept_of_long_texts_and_of_others_no_more_than_a_number() -> None:
    forget()
    book = STRICT.model_copy()
    for n in range(700):
        checked(f"This is text {n}. We will refund you. See acme.example", book)
    sizes = [kept.cache_info() for module in MODULES for kept in vars(module).values() if hasattr(kept, "cache_info")]
    assert all(one.maxsize is None or one.currsize <= one.maxsize for one in sizes)
    forget()
    checked("A short one", book)
    before = INSIDE["_kept"].cache_info().currsize, INSIDE["_remembered"].cache_info().currsize, INSIDE["_rude_kept"].cache_info().currsize
    checked("word " * 600 + "x" * 3_000, book)
    assert (INSIDE["_kept"].cache_info().currsize, INSIDE["_remembered"].cache_info().currsize) == before[:2]
    assert INSIDE["_rude_kept"].cache_info().currsize <= before[2] + 1


digits = st.lists(
    st.sampled_from(
        (*"0123456789", "12345", "+49", "00", "(", ")", " ", "-", ".", "/", "@", "de", "89", "order", "ref", "tel", "a", "(at)", "_", "x")
    ),
    max_size=24,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(digits)
def test_a_first_glance_misses_no_personal_data(text: str) -> None:
    spoken = INSIDE["_DATE"].sub(" … ", INSIDE["_LINK"].sub(" … ", text))
    looked = {
        "email": INSIDE["_EMAIL"].search(text),
        "card": next(INSIDE["_cards"](text), None),
        "iban": next(INSIDE["_ibans"](text), None),
        "phone": next(INSIDE["_matches"](INSIDE["_PHONES"], spoken), None),
        "order_number": next(INSIDE["_matches"]((INSIDE["_NAMED_ORDER"], *INSIDE["_BARE_ORDERS"]), spoken), None),
    }
    assert {one.kind for one in personal.find(text, ALL_KINDS)} == {kind for kind, found in looked.items() if found}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_words_in_a_row_are_found_wherever_they_stand(tokens: list[str]) -> None:
    joined = " ".join(tokens)
    halves = " ".join(tokens[len(tokens) // 2 :] + tokens[: len(tokens) // 2])
    for split, length, joint in ((wording.words, 4, " "), (wording.unspaced, 8, "")):
        mine, theirs = (
            [tuple(split(text)[start : start + length]) for start in range(len(split(text)) - length + 1)] for text in (joined, halves)
        )
        shared = [joint.join(run) for run in mine if run in theirs]
        found = list(runs.repeated(joined, halves, lambda: runs.Runs("")))
        assert (shared[:1] or [""])[0] in [*found, ""]
        assert len(found) <= 2


@settings(max_examples=150, deadline=None)
@given(said)
def test_every_language_that_promises_something_is_asked(text: str) -> None:
    flat = texts.clean(text)
    for sentence in sentences.sentences(flat):
        promising_something = {
            language for language in INSIDE["_file"]() if language != "ja" and list(INSIDE["_Judge"](sentence, language).promises())
        }
        assert promising_something <= INSIDE["_languages"](sentence)


def test_which_number_it_is_decides_no_promise() -> None:
    written = INSIDE["_file"]()["ja"]
    assert written
    assert not re.search(r"\d", str(written))


def test_every_letter_of_a_script_without_spaces_is_where_it_is_looked_for() -> None:
    everything = "".join(map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000))))
    letters = "".join(INSIDE["_UNSPACED_LETTER"].findall(everything))
    assert len(letters) > 50_000
    assert "".join(INSIDE["_NEAR_UNSPACED"].findall(letters)) == letters


def test_no_rude_word_holds_a_sign_and_none_is_shorter_than_what_is_looked_at() -> None:
    assert all(word.isalpha() and len(word) >= INSIDE["_SHORTEST_RUDE"] for word in guard.PROFANITY)
    assert not [sign for sign in map(chr, handles.LOOKALIKES) if INSIDE["_NO_LETTER"].match(sign)]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(("https://a.b/c", "http://x.yz ", " ", "a", "ü", "👨‍👩‍👧", "\r\n", "@kim@town.example", "://")), max_size=40
    ).map("".join)
)
def test_what_surely_fits_is_never_too_long_as_mastodon_counts(text: str) -> None:
    for limit in range(0, 300, 20):
        told = mastodon.problem(text, Kind.PUBLIC, limit)
        assert ("characters long" in told) is (mastodon.count(text) > limit)
    assert replace(post(), text=text).text == text
