"""The scorer "vader": vaderSentiment as it is, moved to the usual thresholds; emoji count where the rules say so."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from listener.model import Author, Mood, Post
from listener.rules.rulebook import Scoring, SentimentSettings
from listener.scoring.assessor import Assessor
from listener.scoring.sentiment.base import Words, make_scorer
from listener.scoring.sentiment.vader import Vader

THEIRS = SentimentIntensityAnalyzer()
SOME = ["I", "love", "hate", "not", "very", "BAD", "good", "but", "the", "train", "!", "?", "😊", "👍", "😡", "no", "least", ":("]
posts = st.lists(st.sampled_from(SOME), max_size=20).map(" ".join)


def score(text: str, language: str = "en", *, emoji: bool = False) -> float | None:
    (opinion,) = Vader(emoji=emoji).judge([Words(text, language)])
    return opinion.score if opinion else None


@given(posts)
def test_the_labels_stand_where_they_stand_in_the_original(text: str) -> None:
    compound, ours = THEIRS.polarity_scores(text)["compound"], score(text)
    assert ours is not None
    assert -1 <= ours <= 1
    assert (ours <= -0.35) == (compound <= -0.1)
    assert (ours >= 0.5) == (compound >= 0.35)


@given(posts, st.booleans(), st.sampled_from(["en", "und", "de"]))
def test_what_the_words_added_makes_the_score(text: str, emoji: bool, language: str) -> None:  # noqa: FBT001 - made up
    weights = Vader(emoji=emoji).weights(Words(text, language))
    assert bool(weights) == (score(text, language, emoji=emoji) is not None)
    assert math.fsum(weight.points for weight in weights) == pytest.approx(score(text, language, emoji=emoji) or 0.0, abs=1e-9)


def test_words_are_named_with_what_they_added() -> None:
    start, not_helpful, love = Vader().weights(Words("The staff was not helpful, from the room I love the view", "en"))
    assert (start.words, round(start.points, 4)) == ("", 0.0)
    assert not_helpful.words == "not helpful"
    assert love.words == "love"
    assert not_helpful.points < 0 < love.points


def test_words_that_cancel_each_other_out_still_show() -> None:
    weights = Vader().weights(Words("good :(", "en"))
    assert all(weight.points for weight in weights[1:])


@pytest.mark.parametrize(("text", "language"), [("I love it", "de"), ("😡", "ja"), ("qwertz", "und"), ("", "und"), ("👍", "und")])
def test_it_cannot_tell(text: str, language: str) -> None:
    assert score(text, language) is None
    assert Vader().weights(Words(text, language)) == []


def test_words_of_a_text_in_no_known_language_are_read() -> None:
    for emoji in (False, True):
        assert (score("love it", "und", emoji=emoji) or 0) > 0.5


def test_where_emoji_count_they_are_read_in_any_language() -> None:
    assert (score("Der Zug ist da 😡😡", "de", emoji=True) or 0) < -0.35
    assert (score("最高 👍🏽 ❤️", "ja", emoji=True) or 0) > 0.5
    assert (score("👍", "und", emoji=True) or 0) > 0.5
    assert score("I love the Zug", "de", emoji=True) is None


def test_many_are_judged_in_their_order() -> None:
    opinions = make_scorer("vader").judge([Words("I love it", "en"), Words("x", "ja"), Words("I hate it", "en")])
    assert [opinion and opinion.score > 0 for opinion in opinions] == [True, None, False]


def test_the_rules_say_whether_emoji_count() -> None:
    post = Post("x", "9", "Der Koffer am Gleis ist ein Koffer 🤬", Author("x", "7", "marta_k"), datetime(2026, 11, 20, tzinfo=UTC), "9")

    def mood(*, emoji: bool | None) -> Mood:
        return Assessor(Scoring(sentiment=SentimentSettings(scorer="vader", emoji=emoji))).assess(post).sentiment.label

    assert mood(emoji=True) is Mood.NEGATIVE
    assert mood(emoji=False) is not Mood.NEGATIVE
    assert mood(emoji=None) is not Mood.NEGATIVE
