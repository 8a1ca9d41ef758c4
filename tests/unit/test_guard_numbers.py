"""What is remembered of answers that differ in a number, a day or a name only: each is still judged by its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.rules.rulebook import Rulebook
from responders import guard, handles, runs, wording
from responders.boundaries import holds
from responders.lexicon import BAIT_ANYWHERE, BAIT_WHOLE, INSULTS_ANYWHERE, INSULTS_WHOLE
from responders.model import Kind
from tests.unit.deciding import NOON, at, by, heard, post, rulebook

BOOK = rulebook(boundaries={"never_say": ["lawyer", "calm down", "24 hours"], "keep_private": ["phone", "order_number"]})
INSIDE = dict(vars(handles))
PIECES = (
    "A-217",
    "A-455",
    "4ss",
    "a55",
    "sh1t",
    "sh17",
    "1488",
    "24",
    "hours",
    "within 3 days",
    "we will refund you",
    "0",
    "10 %",
    "acme.example",
)
SIGNS = {
    "i": ["1", "!"],
    "l": ["1"],
    "g": ["q"],
    "u": ["v"],
    "f": ["ph"],
    "c": ["k"],
    "w": ["vv"],
    "o": ["0"],
    "a": ["4", "@"],
}  # read as a letter
LETTERS = "abcdefghiklmnopqrstuvwxyz0134567_.-!@$"


def checked(text: str, handle: str = "marta@town.example", book: Rulebook = BOOK) -> tuple[str, ...]:
    return guard.check(text, kind=Kind.PUBLIC, book=book, post=post(author=by(handle)), today=NOON.date())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text("ab 0123456789-", max_size=4), max_size=6).map(" ".join))
def test_a_text_of_which_only_the_number_is_new_is_judged_as_one_of_which_nothing_is_remembered(text: str) -> None:
    padding = " " * 2_001  # of so long a text nothing is remembered
    assert checked(text) == checked(text + padding)


@pytest.mark.parametrize(("fine", "wrong", "why"), [("cr2p", "cr4p", "swears"), ("23 hours", "24 hours", "never allow")])
def test_a_number_that_makes_a_text_wrong_is_seen_though_others_were_fine(fine: str, wrong: str, why: str) -> None:
    for _ in range(2):
        assert checked(f"This is case {fine} now") == ()
        assert [one for one in checked(f"This is case {wrong} now") if why in one]


def test_what_a_name_brings_in_is_seen_though_the_words_behind_it_were_fine() -> None:
    said = "down by the river, {n} of us are at it"
    for n in range(3):
        assert checked(f"@kim {said.format(n=n)}", "kim") == ()
        assert any('"calm down"' in one for one in checked(f"@calm {said.format(n=n)}", "calm"))
        assert any('"lawyer"' in one for one in checked(f"@lawyer {said.format(n=n)}", "lawyer"))


def test_rules_that_were_read_again_count_at_once() -> None:
    stricter = BOOK.model_copy(update={"boundaries": BOOK.boundaries.model_copy(update={"never_say": ("river",)})})
    for n in range(2):
        assert checked(f"Down by the river {n}") == ()
        assert any("river" in one for one in checked(f"Down by the river {n}", book=stricter))


def test_numbers_in_a_row_are_repeated_only_where_they_are_the_same() -> None:
    theirs = "my codes are 12 34 56 78 and that is all"
    for _ in range(2):
        assert list(runs.repeated("so 12 34 56 78 then", theirs, lambda: runs.Runs(""))) == ["12 34 56 78"]
        assert list(runs.repeated("so 12 34 56 79 then", theirs, lambda: runs.Runs(""))) == []


@pytest.mark.parametrize("spelled", ["order 5 is on its way", "Order \uff15 is on its way", "order \u2075 is on its way"])
def test_a_number_is_the_same_however_it_is_spelled(spelled: str) -> None:
    for said in ("so order 5 is on", "so order \uff15 is on"):
        assert list(runs.repeated(said, spelled, lambda: runs.Runs(""))) == ["order 5 is on"]
    assert list(runs.repeated("so order 6 is on", spelled, lambda: runs.Runs(""))) == []


@settings(max_examples=300, deadline=None)
@given(
    *[st.lists(st.sampled_from(("we", "7", "8", "\uff17", "\u0667", "no.7", "注文7番の件は受け付けました")), max_size=12).map(" ".join)] * 2
)
def test_a_first_glance_at_two_texts_misses_nothing_that_both_say(said: str, theirs: str) -> None:
    expected = []
    for split, length, joint in ((wording.words, 4, " "), (wording.unspaced, 8, "")):
        mine, others = ([split(text)[start : start + length] for start in range(len(split(text)) - length + 1)] for text in (said, theirs))
        expected += [joint.join(run) for run in mine if run in others][:1]
    assert list(runs.repeated(said, theirs, lambda: runs.Runs(""))) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(sorted(INSULTS_ANYWHERE | INSULTS_WHOLE | BAIT_WHOLE))
        .flatmap(lambda word: st.tuples(*(st.sampled_from((sign, sign.upper(), sign * 3, *SIGNS.get(sign, []))) for sign in word)))
        .map("".join)
        | st.text(LETTERS, max_size=4),
        max_size=3,
    ).map("".join)
)
def test_a_first_glance_at_a_handle_misses_no_insult(handle: str) -> None:
    for anywhere, whole in ((INSULTS_ANYWHERE, INSULTS_WHOLE), (BAIT_ANYWHERE, BAIT_WHOLE)):
        assert INSIDE["_holds"](handle, anywhere, whole) == INSIDE["_reads"](handle, anywhere, whole)


def test_quiet_hours_of_other_rules_or_of_another_moment_are_their_own() -> None:
    quiet, loud = (rulebook(boundaries={"quiet_hours": {"between": span, "then": "hold"}}) for span in ("11:00-14:00", "22:00-07:00"))
    seen = heard()

    def held(book: Rulebook, hours: int) -> bool:
        found = holds(book, book.routes[0], seen, at(NOON + timedelta(hours=hours)))
        return "quiet_hours" in [one.gate for one in found]

    for _ in range(2):
        assert [held(book, hours) for book in (quiet, loud) for hours in (0, 12)] == [True, False, False, True]
