"""Our reading of English words gives the very numbers of the installed vaderSentiment, quirks included; emoji can be made to count."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from listener.scoring.valence import Valence, read

ANALYZER = SentimentIntensityAnalyzer()
LEXICON = sorted(ANALYZER.lexicon)
EMOJI = sorted(ANALYZER.emojis)


def theirs(text: str) -> tuple[float, ...]:
    scores = ANALYZER.polarity_scores(text)
    return scores["neg"], scores["neu"], scores["pos"], scores["compound"]


HARD = Path(__file__).with_name("valence.txt").read_text(encoding="utf-8").splitlines()
CASES = [case.strip() for line in HARD if not line.startswith("# ") for case in line.split("|")]
STRANGE = [
    "", " ", "\n\t ", "a", ".", "\x00 good", "good\u00a0bad\u2003but\u3000good", "\ud83d good", "good\ud83d\ude0a", "İ good ΣΑΣ bad",
    "\u0301" * 10_000, "good" + "\u0301" * 10_000, "good \u200d\ufe0f bad", "no\x1cgood\x85bad", "g" * 40_000, "!" * 40_000, "?" * 3,
    "kind\nof\ngood so", "the\u2028bomb is the\u2028bomb", "\uff47\uff4f\uff4f\uff44", "\u017fo good", "\ufb01ne bad",
]  # fmt: skip


@pytest.mark.parametrize("text", [*CASES, *STRANGE])
def test_hard_cases_read_as_in_the_original(text: str) -> None:
    for around in (text, f"the day was {text}", f"{text} and so it was", f"he said no, {text} BUT it's fine now :)"):
        assert read(around)[:4] == theirs(around)


TURNING = [
    *(*NEGATE, *BOOSTER_DICT, *SPECIAL_CASES, "no", "or", "nor", "least", "at least", "very least", "but", "kind of", "never so", "so"),
    *("this", "never this", "without doubt", "without a doubt", "sort of", "just enough", "of", "doubt", "don\u2019t", "xn't"),
]  # fmt: skip
FEW = ["good", "bad", "love", "nice", "great", "no", "fine", ":)", ":("]
words = st.one_of(
    st.sampled_from(TURNING),
    st.sampled_from(FEW),
    st.sampled_from(LEXICON),
    st.sampled_from(EMOJI),
    st.sampled_from(["the", "day", "a", "it", "!", "??", "...", "İ", "\ud83d", "e\u0301", "👍", "❤️", "\u200d", "ß"]),
    st.text(max_size=4),
)
shapes = st.sampled_from([str, str, str, str.upper, str.title, "({})".format, "{}!".format, "{}?".format, "'{}'".format, "#{}...".format])
shaped = st.builds(lambda shape, word: shape(word), shapes, words)
gaps = st.sampled_from([" ", " ", " ", " ", "", "\n", "  ", ", ", "\u00a0"])
texts = st.lists(st.builds(lambda word, gap: word + gap, shaped, gaps), max_size=30).map("".join)


@given(texts)
@settings(max_examples=600, deadline=None)
def test_any_text_reads_as_in_the_original(text: str) -> None:
    assert read(text)[:4] == theirs(text)


@given(st.lists(st.sampled_from([*FEW, "but", "not", "very", "the", "so", "GOOD", "slow"]), min_size=3, max_size=60))
@settings(max_examples=300, deadline=None)
def test_values_that_repeat_around_but_read_as_in_the_original(many: list[str]) -> None:
    text = " ".join(many)
    assert read(text)[:4] == theirs(text)


def test_every_word_and_emoji_of_the_original_reads_as_there() -> None:
    for word in (*LEXICON, *EMOJI, *BOOSTER_DICT, *NEGATE):
        text = f"it is {word} good"
        assert read(text)[:4] == theirs(text), word


def test_the_lexicon_holds_what_our_reading_relies_on() -> None:
    turning = {*NEGATE, *BOOSTER_DICT, "but", "least", "never", "so", "this", "without"}
    assert not turning & set(LEXICON)
    assert all(ANALYZER.lexicon.values())
    assert not [word for word in LEXICON if "n't" in word and " " not in word]


def test_long_texts_read_as_in_the_original() -> None:
    chance = random.Random(7)  # noqa: S311 - nobody is to be surprised
    for _ in range(3):
        text = " ".join(chance.choice([*FEW, *TURNING, "the", "day", "GOOD"]) for _ in range(300))
        assert read(text)[:4] == theirs(text)


@pytest.mark.parametrize("piece", ["😊", "no :) ", "good bad ", "but good ", "👩‍👩‍👧", "❤‍", "\u0301", "\ud83d", "n't good "])
@pytest.mark.parametrize("emoji", [False, True])
def test_a_very_long_text_is_read(piece: str, *, emoji: bool) -> None:
    valence = read(piece * (40_000 // len(piece)), emoji=emoji)
    assert all(math.isfinite(number) for number in valence[:4])
    assert -1 <= valence.compound <= 1


def test_no_text_reads_as_nothing() -> None:
    assert read("") == Valence(0.0, 0.0, 0.0, 0.0, ())


def test_the_words_that_made_it_are_named_with_what_turned_them() -> None:
    valence = read("The staff was not VERY helpful, the food good, but I love the view!!")
    assert [word for word, _ in valence.words] == ["not VERY helpful", "good", "love", "!"]
    assert valence.words[0][1] < 0 < valence.words[1][1] < valence.words[2][1]
    assert [word for word, _ in read("no good day, the least nice").words] == ["no good", "least nice"]
    assert [word for word, _ in read("it was not at all good").words] == ["not at all good"]


@given(texts)
@settings(max_examples=200, deadline=None)
def test_the_words_named_make_the_compound(text: str) -> None:
    for emoji in (False, True):
        valence = read(text, emoji=emoji)
        total = math.fsum(worth for _, worth in valence.words)
        assert valence.compound == pytest.approx(total / math.sqrt(total**2 + 15), abs=1e-4)
