"""With `emoji=True` an emoji is one word, however it is put together, and no skin, gender or neighbour changes what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.scoring import emoji
from listener.scoring.valence import read


@pytest.mark.parametrize("good", ["👍", "👍🏽", "👍🏿", "❤️", "❤", "❤️‍🔥", "😍", "👏", "🫶🏻", "💯", "🎉", "☺️", "👨‍❤️‍👨"])
def test_what_is_good_counts(good: str) -> None:
    assert read(f"the box arrived {good}", emoji=True).compound > 0.2


@pytest.mark.parametrize("bad", ["😡", "🤬", "👎🏾", "💔", "🤮", "😢", "🙄", "🤦🏽‍♀️", "🤦‍♂️", "🖕", "😮‍💨", "❌"])
def test_what_is_bad_counts(bad: str) -> None:
    assert read(f"the box arrived {bad}", emoji=True).compound < -0.2


@pytest.mark.parametrize(
    "plain", ["🚒", "🙋🏽‍♂️", "👋", "🇺🇸", "♋", "🎲", "👨‍👩‍👧‍👦", "💀", "☠️", "🥺", "👀", "⛔", "🧱", "🔫", "5️⃣", "©️", "😭", "🙏🏽", "🔥"]
)
def test_what_says_little_or_is_read_differently_by_people_judges_nothing(plain: str) -> None:
    assert abs(read(f"the box arrived {plain}", emoji=True).compound) <= 0.25


@given(st.sampled_from("👍👎👏🙏💪🤦🙌🤷🖕👌"), st.sampled_from("🏻🏼🏽🏾🏿"), st.sampled_from(["", "\u200d♀️", "\u200d♂️"]))
def test_no_tone_of_skin_and_no_gender_changes_a_score(hand: str, tone: str, gender: str) -> None:
    assert read(f"the box {hand}{tone}{gender} arrived", emoji=True) == read(f"the box {hand} arrived", emoji=True)


def test_no_word_before_turns_an_emoji() -> None:
    plain = read("the box 😡", emoji=True).words
    for before in ("not", "never so", "very", "no", "without", "hardly"):
        assert read(f"{before} 😡", emoji=True).words[-1] == plain[0]


def test_words_beside_an_emoji_are_read() -> None:
    assert [word for word, _ in read("good😡bad❤️good", emoji=True).words] == ["good", "😡", "bad", "❤", "good"]


def test_of_one_emoji_three_count() -> None:
    assert read("😡" * 40, emoji=True).words == read("😡😡😡", emoji=True).words
    assert len(read("😡" * 40 + "🤬", emoji=True).words) == 4


def test_without_the_option_they_count_as_in_the_original() -> None:
    assert read("👍 ❤️ 😡 🤬").words == ()
    assert [word for word, _ in read("🔥").words] == ["fire"]


def test_every_emoji_of_the_table_is_found_in_a_text() -> None:
    moods = emoji._moods()  # noqa: SLF001 - the table itself
    assert len(moods) > 150
    for one, worth in moods.items():
        assert emoji.apart(f"a{one}b").split() == ["a", one, "b"]
        assert emoji.worth(one) == worth
        assert -4 <= worth <= 4


def test_the_emoji_alone() -> None:
    assert emoji.alone("Der Zug 😡😡 ist da 👍🏽!").split() == ["😡", "😡", "👍"]
    assert not emoji.alone("Der Zug ist da, ärgerlich")
    assert not emoji.alone("ascii")
