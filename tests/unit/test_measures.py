"""The measures against numbers worked out by hand, and where they could lie."""

from __future__ import annotations

import pytest

from listener.measuring.certainty import calibration
from listener.measuring.classes import Classes, classes
from listener.measuring.ranking import auroc
from listener.measuring.shares import wilson
from listener.model import Assessment, Intent, Level, Mood, Sentiment, Urgency
from listener.scoring.complaining import complaining

MOODS = ("negative", "neutral", "positive")
NEGATIVE = [("negative", "negative")] * 3 + [("negative", "neutral")]
NEUTRAL = [("neutral", "neutral")] * 2 + [("neutral", "positive"), ("neutral", "unknown")]
POSITIVE = [("positive", "positive"), ("positive", "negative")]


def figures(*pairs: tuple[str, str]) -> Classes:
    found = classes(pairs, MOODS, may_be_unknown=True)
    assert found is not None
    return found


def test_recall_precision_and_f1_are_what_scikit_learn_says() -> None:
    found = figures(*NEGATIVE, *NEUTRAL, *POSITIVE)
    assert found.right.value == 0.6
    assert found.macro_recall.value == pytest.approx((3 / 4 + 2 / 4 + 1 / 2) / 3)
    assert found.macro_f1.value == pytest.approx((6 / 8 + 4 / 7 + 2 / 4) / 3)
    assert found.unknown is not None
    assert found.unknown.value == 0.1
    negative, neutral, positive = found.each
    assert [one.recall.value for one in found.each] == [0.75, 0.5, 0.5]
    assert [one.precision.value for one in found.each if one.precision] == [0.75, pytest.approx(2 / 3), 0.5]
    assert (negative.f1, neutral.f1, positive.f1) == (0.75, pytest.approx(4 / 7), 0.5)
    assert [one.posts for one in found.each] == [4, 4, 2]
    assert (found.expected, found.said) == (MOODS, (*MOODS, "unknown"))
    assert found.counts[("neutral", "unknown")] == 1


def test_a_class_that_nobody_expected_has_no_recall_and_costs_the_others() -> None:
    found = figures(*NEGATIVE, *POSITIVE)
    assert found.expected == ("negative", "positive")
    assert found.macro_recall.value == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert found.macro_f1.value == pytest.approx((6 / 8 + 2 / 3) / 2)


def test_a_class_never_said_has_no_precision_and_an_f1_of_nothing() -> None:
    (only,) = figures(("neutral", "positive")).each
    assert (only.recall.value, only.precision, only.f1) == (0.0, None, 0.0)


def test_all_unknown_is_all_wrong() -> None:
    found = figures(*[(mood, "unknown") for mood in MOODS])
    assert found.unknown is not None
    assert (found.right.value, found.macro_recall.value, found.macro_f1.value, found.unknown.value) == (0, 0, 0, 1)


def test_no_post_has_no_figure_and_one_right_post_proves_next_to_nothing() -> None:
    assert classes((), MOODS) is None
    found = figures(("positive", "positive"))
    assert (found.right.value, found.macro_recall.value) == (1.0, 1.0)
    assert found.right.low < 0.3
    assert found.macro_recall.low < 0.3


def test_labels_of_any_kind_come_in_their_order_and_then_by_name() -> None:
    found = classes([("xy", "en"), ("b", "a"), ("a", "a")], ("b",))
    assert found is not None
    assert (found.expected, found.said, found.unknown) == (("b", "a", "xy"), ("b", "a", "en", "xy"), None)


@pytest.mark.parametrize(("right", "of", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)])
def test_the_range_of_a_share_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    found = wilson(right, of)
    assert (found.value, round(found.low, 4), round(found.high, 4)) == (right / of, low, high)


def test_the_range_of_a_mean_is_the_same_every_time_wider_for_few_and_open_where_all_was_right() -> None:
    few, many = figures(*NEGATIVE, *NEUTRAL, *POSITIVE), figures(*[*NEGATIVE, *NEUTRAL, *POSITIVE] * 30)
    assert few == figures(*NEGATIVE, *NEUTRAL, *POSITIVE)
    for small, large in ((few.macro_recall, many.macro_recall), (few.macro_f1, many.macro_f1)):
        assert small.low < large.low < large.value < large.high < small.high
        assert large.high - large.low < 0.13
    perfect = figures(*[(mood, mood) for mood in MOODS for _ in range(10)]).macro_recall
    assert perfect.high == 1.0
    assert 0.85 < perfect.low < 0.97


def test_a_ranking_counts_pairs_and_a_tie_as_half() -> None:
    found = auroc([1, 2, 2, 3], [False, True, False, True])
    assert found is not None
    assert found.value == pytest.approx(3.5 / 4)
    for scores, area in (([5, 5, 5, 5], 0.5), ([0, 1, 2, 3], 0.75), ([3, 2, 1, 0], 0.25)):
        ranked = auroc(scores, [False, True, False, True])
        assert ranked is not None
        assert ranked.value == pytest.approx(area)


def test_a_ranking_of_one_kind_alone_is_none() -> None:
    assert auroc([1.0, 2.0], [True, True]) is None
    assert auroc([], []) is None


def test_the_range_of_a_ranking_is_open_where_it_is_perfect_and_narrow_for_many() -> None:
    few, many = auroc([0] * 5 + [1] * 5, [False] * 5 + [True] * 5), auroc([0] * 500 + [1] * 500, [False] * 500 + [True] * 500)
    assert few is not None
    assert many is not None
    assert (few.value, few.high, many.value) == (1.0, 1.0, 1.0)
    assert few.low < 0.75
    assert 0.99 < many.low < 1.0
    half = auroc([0, 1] * 50, [True, True, False, False] * 25)
    assert half is not None
    assert half.low == pytest.approx(1 - half.high)
    assert 0.35 < half.low < 0.45


def test_sureness_is_compared_with_what_happened_range_by_range() -> None:
    found = calibration([(0.95, True), (0.85, False), (0.85, True), (0.35, False), (None, True)])
    assert found is not None
    assert found.error == pytest.approx((0.05 + 2 * 0.35 + 0.35) / 4)
    assert (found.posts, found.without) == (4, 1)
    assert [(one.low, one.posts, one.right) for one in found.bins] == [(0.3, 1, 0.0), (0.8, 2, 0.5), (0.9, 1, 1.0)]
    certain = calibration([(1.0, True), (0.0, False)])
    assert certain is not None
    assert (certain.error, [one.low for one in certain.bins]) == (0.0, [0.0, 0.9])
    assert calibration([(None, True)]) is None


def assessed(intent: Intent, score: float, points: int, mood: Mood = Mood.NEUTRAL) -> Assessment:
    return Assessment("en", Sentiment(mood, score), (), Urgency(Level.NORMAL, points), intent, needs_reply=True)


def test_how_much_a_post_complains_goes_from_nothing_to_one_and_rises_with_each_part() -> None:
    assert complaining(assessed(Intent.COMPLAINT, -1.0, 100)) == pytest.approx(1.0)
    assert complaining(assessed(Intent.PRAISE, 1.0, 0)) == 0.0
    assert complaining(assessed(Intent.COMPLAINT, -0.2, 40)) == pytest.approx(0.5 + 0.3 * 0.6 + 0.2 * 0.4)
    middle = complaining(assessed(Intent.QUESTION, 0.0, 25))
    assert complaining(assessed(Intent.COMPLAINT, 0.0, 25)) > middle > complaining(assessed(Intent.OTHER, 0.0, 25))
    assert complaining(assessed(Intent.QUESTION, -0.5, 25)) > middle
    assert complaining(assessed(Intent.QUESTION, 0.0, 50)) > middle
    assert complaining(assessed(Intent.QUESTION, 0.0, 25, Mood.UNKNOWN)) == middle
