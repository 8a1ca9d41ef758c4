"""Suggested thresholds: right where the right answer is plain, and none where it would be chance."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import yaml

from listener.measuring import thresholds
from listener.measuring.cuts import Cut, Steps, suggest
from listener.measuring.judged import Judged, judge
from listener.measuring.labelled import Labelled, Labels
from listener.measuring.measures import measure
from listener.measuring.written import written_post
from listener.model import Assessment, Intent, Level, Mood, Sentiment, Urgency
from listener.rules.rulebook import Levels, Scoring, SentimentSettings, UrgencySettings
from listener.scoring.assessor import Assessor
from listener.scoring.mood import label_of
from listener.scoring.sentiment.base import make_scorer

POSTS = sorted((Path(__file__).parents[1] / "judgement").glob("posts*.yaml"))
TODAY = SentimentSettings()
RIGHT = {"negative": (-0.3, -0.2), "neutral": (-0.1, 0.1), "positive": (0.2, 0.3)}


def judged(label: str, score: float) -> Judged:
    mood = label_of(score, TODAY)
    seen = Assessment("en", Sentiment(mood, score), (), Urgency(Level.LOW, 0), Intent.OTHER, needs_reply=False)
    return Judged(Labelled("a:1", written_post("1", "words"), (), {"sentiment": label}, {}), seen)


def between(low: float, high: float, posts: int = 12) -> list[float]:
    return [low + (high - low) * place / (posts - 1) for place in range(posts)]


def test_thresholds_are_put_in_the_middle_between_the_moods() -> None:
    found = thresholds.of_mood([judged(label, score) for label, ends in RIGHT.items() for score in between(*ends)], TODAY)
    assert found is not None
    assert found.suggestion is not None
    assert (found.suggestion.now, found.suggestion.surely) == ((-0.35, 0.5), True)
    assert found.suggestion.best == pytest.approx((-0.15, 0.15), abs=0.011)
    assert found.suggestion.before == pytest.approx(1 / 3)
    assert found.suggestion.gain == pytest.approx(2 / 3)


def test_thresholds_that_are_right_already_are_kept() -> None:
    held = SentimentSettings(negative=-0.11, positive=0.2)
    found = thresholds.of_mood([judged(label, score) for label, ends in RIGHT.items() for score in between(*ends)], held)
    assert found is not None
    assert found.suggestion is not None
    assert (found.suggestion.best, found.suggestion.gain, found.suggestion.surely) == ((-0.11, 0.2), 0.0, False)


def test_chance_suggests_nothing() -> None:
    dealer = random.Random(7)  # noqa: S311 - nothing secret
    for _ in range(5):
        posts = [judged(label, dealer.uniform(-1, 1)) for label in RIGHT for _ in range(15)]
        found = thresholds.of_mood(posts, TODAY)
        assert found is not None
        assert found.suggestion is not None
        assert not found.suggestion.surely


def test_too_few_posts_of_one_mood_suggest_nothing_and_the_rarest_is_named() -> None:
    posts = [judged(label, score) for label, ends in RIGHT.items() for score in between(*ends, posts=9 if label == "neutral" else 40)]
    assert thresholds.of_mood(posts, TODAY) == ("sentiment", ("negative", "positive"), None, ("neutral", 9))
    assert thresholds.of_mood([], TODAY) is None


def test_a_post_that_nobody_could_judge_is_wrong_at_any_threshold() -> None:
    unknown = judged("neutral", 0.0)
    unknown = unknown._replace(
        assessment=Assessment("en", Sentiment(Mood.UNKNOWN, 0.0), (), Urgency(Level.LOW, 0), Intent.OTHER, needs_reply=False)
    )
    posts = [judged(label, score) for label, ends in RIGHT.items() for score in between(*ends)]
    found = thresholds.of_mood([*posts, *[unknown] * 12], TODAY)
    assert found is not None
    assert found.suggestion is not None
    assert found.suggestion.before + found.suggestion.gain == pytest.approx((1 + 0.5 + 1) / 3)


URGENT = {
    "critical": "The charger is on fire and burned my hand, number {n}",
    "high": "My lawyer will write to you about order {n}",
    "normal": "How do I return the pair of order {n}?",
    "low": "reading the news on page {n}",
}


def scoring(normal: int, high: int, critical: int) -> Scoring:
    return Scoring(urgency=UrgencySettings(levels=Levels(normal=normal, high=high, critical=critical)))


def test_levels_are_suggested_by_which_all_would_have_been_right() -> None:
    labels = Labels()
    rows = [labels.read("a:1", {"text": text.format(n=n), "urgency": level}) for level, text in URGENT.items() for n in range(12)]
    odd = scoring(25, 70, 95)
    scorer = make_scorer("default")
    before = judge(rows, Assessor(odd, scorer))
    assert {one.assessment.urgency.level.value for one in before if one.row.expected["urgency"] == "critical"} == {"high"}
    found = thresholds.of_levels(before, odd, scorer)
    assert found is not None
    assert found.suggestion is not None
    assert found.suggestion.surely
    normal, high, critical = (int(value) for value in found.suggestion.best)
    after = judge(rows, Assessor(scoring(normal, high, critical), scorer))
    assert [one.assessment.urgency.level.value for one in after] == [one.row.expected["urgency"] for one in after]
    assert found.suggestion.before + found.suggestion.gain == pytest.approx(1.0)


@pytest.mark.parametrize("levels", [(25, 50, 75), (25, 35, 45), (10, 60, 90)])
def test_the_levels_of_today_are_seen_as_the_assessor_sees_them(levels: tuple[int, int, int]) -> None:
    labels = Labels()
    entries = [entry for path in POSTS for entry in yaml.safe_load(path.read_text(encoding="utf-8")) if "urgency" in entry]
    rows = [labels.read("a:1", {name: entry[name] for name in ("post", "urgency", "after") if name in entry}) for entry in entries]
    measured = measure(rows, scoring(*levels))
    (found,) = measured.found
    assert found.suggestion is not None
    assert found.suggestion.before == pytest.approx(measured.whole[0].figures.macro_recall.value)


def test_no_suggestion_finds_fewer_critical_posts_than_today() -> None:
    truth = np.array([0] * 20 + [1] * 20)
    points = np.array([60] * 20 + [50] * 5 + [80] * 15)
    values = (50.0, 70.0)
    free = Steps(truth, np.ones(40, dtype=bool), (Cut(values, points[:, None] >= np.array(values)),), now=(0,))
    held = Steps(free.truth, free.told, free.cuts, free.now, keep_top=True)
    by_recall, kept = suggest(free), suggest(held)
    assert by_recall is not None
    assert kept is not None
    assert (by_recall.best, by_recall.surely) == ((70.0,), True)
    assert (kept.best, kept.surely) == ((50.0,), False)
