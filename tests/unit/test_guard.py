"""The voice check: what no text of ours may hold, whoever wrote it."""

from __future__ import annotations

import codecs
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Post
from listener.rules.rulebook import Rulebook
from responders import personal
from responders.guard import check
from responders.handles import is_bait, name_to_say
from responders.model import Kind
from tests.unit.deciding import by, post, rulebook

ALL_KINDS = ["email", "phone", "card", "iban", "order_number"]
STRICT = rulebook(boundaries={"never_say": ["guarantee", "lawyer", "our fault", "保証"], "keep_private": ALL_KINDS})
CARD = "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"


def public(text: str, to: Post | None = None, book: Rulebook = STRICT) -> tuple[str, ...]:
    return check(text, kind=Kind.PUBLIC, book=book, post=to or post())


def private(text: str, to: Post | None = None) -> tuple[str, ...]:
    return check(text, kind=Kind.PRIVATE, book=STRICT, post=to or post())


def turned(word: str) -> str:
    return codecs.decode(word, "rot13")


def wide(text: str) -> str:
    """Write ASCII as full-width letters."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def luhn_fits(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@pytest.mark.parametrize(
    "text",
    [
        "That charge is wrong. I've opened A-217; you'll hear from me by 5 pm. Jo",
        "@marta@town.example Sorry for the trouble. What happened, and when? ^Jo",
        "We answered on 22.11.2026 10:30, and again on 2026-11-21 08:15.",
        "It costs 1,234.50 EUR in sizes 36-45, from 08:00-20:00.",
        "Open https://help.acme.example/articles/1234567890 for the steps.",
        "Danke dir! 👨‍👩‍👧‍👦 Das freut uns. 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "Please assess the class in Scunthorpe, Mr. Cockburn.",
    ],
)
def test_a_good_reply_passes(text: str) -> None:
    assert public(text) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("We guarantee it", "guarantee"),
        ("WE GUARANTEE IT", "guarantee"),
        (wide("guarantee"), "guarantee"),
        ("guar\u200bantee", "guarantee"),
        ("a _lawyer_ writes", "lawyer"),
        ("it was our\n fault", "our fault"),
        ("品質を保証します", "保証"),
    ],
)
def test_words_that_are_never_said_are_found_however_they_are_written(text: str, word: str) -> None:
    for problems in (public(text), private(text)):
        assert f'it says "{word}", which the boundaries never allow' in problems


@pytest.mark.parametrize("text", ["guaranteed", "lawyers", "our faultless shoes", "your faults"])
def test_only_whole_words_count(text: str) -> None:
    assert not any("never allow" in problem for problem in public(text))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "write to ana.k+shoes@mail.example.org please"),
        ("email", "ana ( at ) acme . example is not, ana(at)mail.example is"),
        ("email", "ana\uff20mail.example"),
        ("phone", "call +49 170 1234567"),
        ("phone", "+1 (212) 555-0198 works"),
        ("phone", "0049 30 1234567"),
        ("phone", "030 / 1234567"),
        ("phone", "06 12 34 56 78"),
        ("phone", "212-555-0198"),
        ("phone", "\uff0b\uff14\uff19 170 1234567"),
        ("phone", "WhatsApp: 5551234567"),
        ("phone", "+\u0664\u0669 \u0661\u0667\u0660 \u0661\u0662\u0663\u0664\u0665\u0666\u0667"),
        ("card", CARD),
        ("card", CARD.replace(" ", "")),
        ("card", CARD.replace(" ", "-")),
        ("card", wide("4111111111111111")),
        ("card", "4111\u200b1111\u20601111\u00ad1111"),
        ("card", "37828 224631 0005 is one: 3782 822463 10005"),
        ("card", f"for A 217 {CARD}"),
        ("card", "case 217 4111111111111111"),
        ("iban", IBAN),
        ("iban", IBAN.replace(" ", "").lower()),
        ("iban", f"room to12 {IBAN} please"),
        ("iban", wide("GB82") + " WEST 1234 5698 7654 32"),
        ("order_number", "your order number: AB-48213"),
        ("order_number", "Bestellnummer 482133"),
        ("order_number", "about 303-1234567-7654321"),
        ("order_number", "it is 48213377"),
    ],
)
def test_personal_data_never_stands_in_public(kind: str, text: str) -> None:
    assert kind in {found.kind for found in personal.find(text, ALL_KINDS)}
    assert any("in public" in problem for problem in public(text))


def test_personal_data_is_named_masked() -> None:
    (problem,) = public(f"Your card {CARD}", book=rulebook())
    assert problem == 'it shows a card number in public: "41…11"'


def test_a_private_text_may_hold_personal_data() -> None:
    assert private(f"Is it {CARD}, and ana@mail.example?") == ()


def test_only_the_kinds_that_are_asked_for_count() -> None:
    book = rulebook(boundaries={"keep_private": ["email"]})
    assert public(f"{CARD} {IBAN} +49 170 1234567", book=book) == ()
    assert len(public("ana@mail.example", book=book)) == 1


_SENTENCES = (
    "Your order {number} is on its way.",
    "I found order no. {number}, thank you. Which pair is it about?",
    "Order number {number}: packed this morning.",
    "Thanks! {number} is with the workshop now.",
    "Is {number} the right one, or is there another?",
    "I've added a note to {number} and you hear from me by 5 pm.",
    "The courier has {number} since Monday (depot 4).",
    "Bestellung {number} liegt beim Paketdienst, ich frage dort nach.",
    "La commande {number} est au d\u00e9p\u00f4t depuis hier.",
    "\u3054\u6ce8\u6587{number}\u3092\u78ba\u8a8d\u3057\u307e\u3059\u3002",
)


def test_a_thousand_order_numbers_that_are_no_cards_block_nothing() -> None:
    dice = random.Random(2026)  # noqa: S311 - the same numbers on every run
    numbers: list[str] = []
    while len(numbers) < 1_000:
        digits = str(dice.randrange(10**12, 10**19))
        if not luhn_fits(digits):
            numbers.append(digits)
    default = rulebook()
    sentences = _SENTENCES * (len(numbers) // len(_SENTENCES))
    texts = [sentence.format(number=number) for sentence, number in zip(sentences, numbers, strict=True)]
    assert [text for text in texts if public(text, book=default)] == []
    assert personal.find(" ".join(texts), ["card"]) == ()


def test_what_only_looks_like_an_iban_is_none() -> None:
    assert personal.find(IBAN.replace("89", "88", 1), ["iban"]) == ()
    assert personal.find("XY89 3704 0044 0532 0130 00", ["iban"]) == ()
    assert personal.find(IBAN[:-1], ["iban"]) == ()


@given(digits=st.text("0123456789", min_size=12, max_size=18).filter(lambda digits: digits.strip("0")))
def test_every_number_with_the_check_digit_of_a_card_is_found(digits: str) -> None:
    card = next(digits + last for last in "0123456789" if luhn_fits(digits + last))
    assert personal.find(f"it is {card}.", ["card"])
    assert personal.find(" ".join(card[start : start + 4] for start in range(0, len(card), 4)), ["card"])


def test_the_authors_name_is_not_repeated_in_public() -> None:
    marta = post(author=by("m_k@town.example", display_name="Marta Kowalska"))
    assert public("Thank you, Marta Kowalska!", marta) == ('it repeats the author\'s display name in public: "marta kowalska"',)
    assert public("Thanks, marta!") == ('it repeats the author\'s handle in public: "marta"',)
    assert private("Thank you, Marta Kowalska!", marta) == ()


def test_the_handle_in_front_is_how_somebody_is_addressed() -> None:
    assert public("@marta@town.example We are on it.") == ()
    assert public("We are on it, @marta@town.example") != ()
    assert check("Thanks, marta!", kind=Kind.PUBLIC, book=STRICT, post=post(), name_allowed=True) == ()
    same = post(author=by("marta", display_name="marta"))
    assert check("Thanks, marta!", kind=Kind.PUBLIC, book=STRICT, post=same, name_allowed=True) == ()


def test_an_ordinary_word_is_no_name() -> None:
    sunny = post(author=by("x77", display_name="Today"))
    assert public("Could you tell us more today?", sunny) == ()
    assert public("Could you tell us more, Today?", sunny) != ()
    ours = post(author=by("x77", display_name="Acme"))
    assert public("Welcome to Acme!", ours) == ()


def test_a_handle_chosen_as_an_insult_is_not_even_addressed() -> None:
    bait = post(author=by(turned("avttre_fcbegf")))
    assert any("chosen as an insult" in problem for problem in public(f"@{bait.author.handle} Thank you!", bait))
    critic = post(author=by("acme_sucks"))
    assert public("@acme_sucks Sorry for the trouble.", critic) == ()


def test_four_words_of_the_post_are_never_repeated_in_public() -> None:
    bait = post("@acme say that the earth is completely flat")
    assert public("Indeed: the EARTH, is completely... flat!", bait) == ('it repeats the post in public: "the earth is completely"',)
    assert public("The earth is round", bait) == ()
    assert private("You wrote that the earth is completely flat?", bait) == ()
    flat = post("地球は完全に平らであると言って")
    assert public("地球は完全に平らである", flat) != ()


def test_our_own_words_stay_ours_when_somebody_quotes_them() -> None:
    assert public("Sorry for the trouble. What happened?", post("@acme your 'sorry for the trouble. What happened' again")) == ()


def test_a_mention_inside_a_private_text_lets_others_read_it() -> None:
    assert private("@marta@town.example Could you tell @bob@town.example too?") == (
        'it mentions "bob@town.example", who could then read this private text',
    )
    assert private("@marta@town.example Write to @acme@mastodon.example any time.") == ()
    assert private("@marta@town.example Ask @acme@evil.example!") != (), "a look-alike of ours on another server"
    assert private("@marta hello") != (), "without its server another account is meant"
    assert len(check("hello @bob", kind=Kind.PRIVATE, book=STRICT, post=None)) == 1


def test_people_the_post_names_are_not_drawn_in() -> None:
    assert public("Ask @bob about it", post(mentions=("acme", "bob@town.example"))) == ('it draws in people the post names: "bob"',)


@pytest.mark.parametrize("text", ["Hel\u202elo", "Hello\u200b", "Hello\x1b[2J", "Hello\U000e0041"])
def test_hidden_characters_never_leave(text: str) -> None:
    assert any("hidden characters" in problem for problem in public(text))
    assert any("hidden characters" in problem for problem in private(text))


@pytest.mark.parametrize("word", ["fuvg", "ovgpu", "Nefpuybpu"])
@pytest.mark.parametrize("dress", ["{}", "{}!", "_{}_", "oh, {}..."])
def test_nobody_is_sworn_at(word: str, dress: str) -> None:
    text = dress.format(turned(word))
    assert any("swears" in problem for problem in public(text))
    assert any("swears" in problem for problem in private(text.upper()))


@pytest.mark.parametrize("text", ["fu1g", "s*px", "fu!g", "f\u200bu\u200bv\u200bg", "OVGPUUU"])
def test_swearing_in_disguise_is_found(text: str) -> None:
    assert any("swears" in problem for problem in public(f"well, {turned(text)} happens"))
    assert any("swears" in problem for problem in public(f"well, {wide(turned(text))} happens"))


@pytest.mark.parametrize("text", ["We are useless and we suck.", "That is legally binding."])
def test_we_neither_run_ourselves_down_nor_make_contracts(text: str) -> None:
    assert len(public(text)) == 1


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "@marta@town.example  "])
def test_an_empty_text_says_so(text: str) -> None:
    assert "there is nothing in it to say" in public(text)


def test_problems_are_safe_to_show() -> None:
    nasty = post("one two\x1b]0;pwned\x07 three four five")
    shown = " ".join(public("one two\x1b]0;pwned\x07 three four five", nasty))
    assert "\x1b" not in shown


@given(text=st.text(max_size=200), name=st.text(max_size=20), said=st.text(max_size=200))
def test_any_text_is_checked_without_failing(text: str, name: str, said: str) -> None:
    for kind in Kind:
        check(text, kind=kind, book=STRICT, post=replace(post(said), author=by(name or "x", display_name=name)))


@pytest.mark.parametrize(
    "handle",
    [
        *("avttre", "AvTtRe_fcbegf", "a_v_t_t_r_e", "a.v-t.t-r_e", "snttbg99", "xxx-snt-xxx", "uvgyre88"),
        *("a1tt3e", "a\u0456ttre", "AVTT\u0410", "avddre", "a4m1", "sn99bg", "a_1_t_t_3_e", "a_n_m_v", "avttttttre"),
    ],
)
def test_bait_in_a_handle_is_seen_however_it_is_dressed_up(handle: str) -> None:
    assert is_bait(turned(handle))
    assert is_bait(wide(turned(handle)))
    assert name_to_say(turned(handle)) == ""


@pytest.mark.parametrize(
    "handle",
    [
        "shital",
        "TakeshitaKen",
        "scunthorpe_utd",
        "therapist_jo",
        "montenegro",
        "pakistan_news",
        "wendy_ke",
        "scraper",
        "marschall",
        "scampi_fan",
    ],
)
def test_harmless_names_with_a_rude_word_inside_are_names(handle: str) -> None:
    assert name_to_say(handle) == handle


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        ("marta", "marta"),
        ("@marta@town.example", "marta"),
        ("marta.bsky.social", "marta.bsky.social"),
        ("jo_k-7", "jo_k-7"),
        ("m\u0430rta", ""),
        ("мария", ""),
        ("mar ta", ""),
        ("mar\u200bta", ""),
        ("", ""),
        ("acme_scam", ""),
        ("{7*7}", ""),
    ],
)
def test_only_plain_handles_are_said(handle: str, said: str) -> None:
    assert name_to_say(handle) == said


PATTERNS = rulebook(boundaries={"private_patterns": {"customer-number": "ac-[0-9]{6}", "policy": r"\bP[0-9]{4}\b", "anything": "x*"}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Your number is AC-123456, right?", 'it shows what the boundaries keep private (customer-number) in public: "ac…56"'),
        (wide("AC-123456"), 'it shows what the boundaries keep private (customer-number) in public: "ac…56"'),
        ("AC\u200b-12\u206034\u00ad56", 'it shows what the boundaries keep private (customer-number) in public: "ac…56"'),
        ("AC\u2013\u0661\u0662\u0663\u0664\u0665\u0666", 'it shows what the boundaries keep private (customer-number) in public: "ac…56"'),
        ("about P1234.", 'it shows what the boundaries keep private (policy) in public: "…"'),
    ],
)
def test_what_the_rules_keep_private_is_found_in_any_spelling_and_shown_masked(text: str, problem: str) -> None:
    found = public(text, book=PATTERNS)
    assert problem in found
    assert "123456" not in "".join(found)
    assert not [one for one in check(text, kind=Kind.PRIVATE, book=PATTERNS, post=post()) if "keep private" in one]


@pytest.mark.parametrize("text", ["AC-12345", "AP1234 is a road", "abc", ""])
def test_what_does_not_fit_a_pattern_is_none(text: str) -> None:
    assert not [problem for problem in public(text, book=PATTERNS) if "keep private" in problem]


def test_a_pattern_that_cannot_be_used_lets_nothing_through() -> None:
    broken = rulebook(boundaries={"private_patterns": {"number": "a(?=b)"}})
    assert public("Hello!", book=broken) == ('it shows what the boundaries keep private (number) in public: "…"',)


def test_every_value_of_a_pattern_is_named_and_each_once() -> None:
    found = personal.find_patterns("AC-111111, AC-222222, ac-111111", {"number": "ac-[0-9]{6}"})
    assert [one.masked for one in found] == ["ac…11", "ac…22"]


def test_the_networks_own_count_is_part_of_the_one_check() -> None:
    def fits(text: str) -> str:
        return f"it has {len(text)} characters, and the town takes 10" if len(text) > 10 else ""

    for kind in Kind:
        assert check("Hello", kind=kind, book=STRICT, post=post(), limits=fits) == ()
        said = check("Hello, hello", kind=kind, book=STRICT, post=post(), limits=fits)
        assert said == ("it has 12 characters, and the town takes 10",)


@pytest.mark.parametrize(
    "piece", ["a", "1", "@", "1-", "a@a.", "order 1", "+1 ", "DE89", "*", "\u0301", "a\u200b", "fu", "_", "\U0001f468\u200d", "が"]
)
def test_ten_thousand_hostile_characters_take_no_time_worth_speaking_of(piece: str) -> None:
    hostile = (piece * 10_000)[:10_000]
    book = rulebook(boundaries={"keep_private": ALL_KINDS, "private_patterns": {"odd": r"(\w+\s?)*$", "number": "[0-9]{6,}"}})
    check(hostile, kind=Kind.PUBLIC, book=book, post=post(hostile))
