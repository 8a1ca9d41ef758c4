"""From odds to the scale of the rules, and what a network is given to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from listener.rules.rulebook import SentimentSettings
from listener.scoring.mood import label_of
from listener.scoring.sentiment import _shares
from listener.scoring.sentiment._scale import balanced, score_of
from listener.scoring.sentiment._tweets import tidy
from listener.scoring.sentiment._wordpiece import Pieces
from listener.scoring.sentiment.base import Odds

PIECES = Pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "play", "##ing", "##s", "!", "日", "cafe", "@", "user"])
WEIGHTS = some.floats(0.001, 1)


@given(WEIGHTS, WEIGHTS, WEIGHTS)
def test_the_usual_thresholds_stand_where_the_likeliest_mood_changes(bad: float, neither: float, good: float) -> None:
    whole = bad + neither + good
    odds = Odds(bad / whole, neither / whole, good / whole)
    score = score_of(odds)

    assert -1 <= score <= 1
    assert odds[("negative", "neutral", "positive").index(label_of(round(score, 4), SentimentSettings()))] == max(odds)


@pytest.mark.parametrize(
    ("odds", "score"),
    [((1, 0, 0), -1), ((0, 0, 1), 1), ((0, 1, 0), 0), ((0.25, 0.5, 0.25), 0), ((0.0, 0.5, 0.5), 0.5), ((0.5, 0.5, 0), -0.35)],
)
def test_scores_of_plain_odds(odds: tuple[float, float, float], score: float) -> None:
    assert score_of(Odds(*odds)) == pytest.approx(score, abs=0.001)


def test_balanced_odds_forget_how_common_a_mood_is() -> None:
    common = (0.2, 0.5, 0.3)

    assert balanced(Odds(*common), common) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert balanced(Odds(0.3, 0.5, 0.2), common).negative == pytest.approx(1.5 / (1.5 + 1 + 2 / 3))


def test_words_share_a_score_among_them() -> None:
    scores = {"": 0.1, "not": -0.2, "bad": -0.8, "not bad": 0.6}

    assert [(one.words, round(one.points, 3)) for one in _shares.weights("not  bad", scores.__getitem__)] == [
        ("", 0.1), ("not", 0.55), ("bad", -0.05),
    ]  # fmt: skip
    assert _shares.weights(" ", scores.__getitem__) == [("", 0.1)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Playing a plays", [5, 6, 4, 5, 7]),
        ("a!!", [4, 8, 8]),
        ("CAFÉ cafe\u0301 ca\0fe", [10, 10, 10]),
        ("a日a", [4, 9, 4]),
        ("played " + "a" * 101, [1, 1]),
        ("[SEP]", [1, 1, 1]),
        ("", []),
    ],
)
def test_words_become_the_longest_known_pieces(text: str, pieces: list[int]) -> None:
    assert PIECES.read(text, 64) == [2, *pieces, 3]


def test_of_too_many_pieces_the_beginning_and_the_end_are_kept() -> None:
    assert PIECES.read("a " * 20 + "play " * 20, 10) == [2, *[4] * 6, 5, 5, 3]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("@Acme you ROCK!!!!!!! https://x.example/a?b=1", "@user you ROCK!!! http"),
        ("@a @b @c @d hi, me@acme.example", "@user @user hi, me@acme.example"),
        ("thanks 👍🏽 🇫🇷", "thanks thumbs up sign"),
        ("it\\u2019s &amp; \\ud83d\\ude02", "it\u2019s & face with tears of joy"),
        ("\ud800 a\n\n b", "\ufffd a b"),
    ],
)
def test_a_post_is_read_as_those_it_learnt_from(text: str, read: str) -> None:
    assert tidy(text) == read
