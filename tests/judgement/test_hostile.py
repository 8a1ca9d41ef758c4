"""Texts made to hurt are judged, or said to be unknown: nothing is raised, whatever a post or its thread holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from listener.model import Assessment, Author, Mood, Post
from listener.rules.rulebook import Scoring, SignalSettings, UrgencySettings
from listener.scoring.assessor import Assessor
from listener.scoring.excerpt import EARLIER, WHOLE, excerpt
from listener.text import hidden

PIECES: list[str] = [
    *yaml.safe_load((Path(__file__).parent / "hostile.yaml").read_text(encoding="utf-8")),
    "\ud83d",
    "\udc00 x",
    "\ud83d\ude21\ud83d",
]
SIZE = 40_000
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = Author("x", "7", "marta_k")
TOO_MUCH = "the text repeats itself too much to be read in whole"


@pytest.fixture(scope="module")
def assessor() -> Iterator[Assessor]:
    signals = {
        "own": SignalSettings(points=10, pattern=r"(\w+\s?)*fire$", words=["ﷺ", "a a"]),
        "crowd": SignalSettings(points=5, followers=1),
    }
    return Assessor(Scoring(urgency=UrgencySettings(signals=signals)))


def post(text: str, number: int = 99) -> Post:
    return Post("x", str(number), text, AUTHOR, NOW - timedelta(minutes=99 - number), "0")


def sound(assessment: Assessment) -> bool:
    return assessment.failed in {"", TOO_MUCH} and -1 <= assessment.sentiment.score <= 1 and 0 <= assessment.urgency.points <= 100


@pytest.mark.parametrize("piece", PIECES)
def test_forty_thousand_characters_of_anything_are_judged(assessor: Assessor, piece: str) -> None:
    assert sound(assessor.assess(post((piece * SIZE)[:SIZE])))


@pytest.mark.parametrize("piece", PIECES[::4])
def test_a_thread_of_them_is_judged_too(assessor: Assessor, piece: str) -> None:
    long = (piece * SIZE)[:SIZE]
    assert sound(assessor.assess(post("still no answer, I am waiting"), [post(long, number) for number in range(20)]))


def test_what_was_grave_in_a_long_earlier_post_is_still_heard(assessor: Assessor) -> None:
    long = "so so " * 5_000 + ". The charger caught fire and burned my hand"
    said = assessor.assess(post("hello? anybody there, I am waiting"), [post(long, 1)])
    assert "safety" in {signal.name for signal in said.signals}


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\n", "\u3000", "\x00", "\u200b\u200b", "NaN", "null", "\ud83d", "\u0301" * 10_000])
def test_a_post_that_says_nothing_has_no_mood(assessor: Assessor, text: str) -> None:
    said = assessor.assess(post(text))
    assert not said.failed
    assert said.language == "und"
    assert said.sentiment.label in {Mood.UNKNOWN, Mood.NEUTRAL}
    assert not [signal for signal in said.signals if signal.name not in {"own", "crowd"}]


@pytest.mark.parametrize("text", ["fire " * 9_000, "\ufdfa" * SIZE, "é" + "fire " * 9_000, "\ufb03" * SIZE, "İ" * SIZE, "\u0301" * SIZE])
@pytest.mark.parametrize("letters", [WHOLE, EARLIER])
def test_what_is_read_is_never_much_longer_than_the_limit(text: str, letters: int) -> None:
    read = excerpt(text, letters)
    assert 0 < len(read.original) <= letters + 2
    assert len(read.text) <= 2 * letters


def test_an_ordinary_post_is_read_whole_and_a_long_one_at_both_ends() -> None:
    assert excerpt("My charger broke.").original == "My charger broke."
    ends = excerpt("begin " + "x" * 50_000 + " end").original
    assert ends.startswith("begin ")
    assert ends.endswith(" end")


def test_thousands_of_emoji_families_hide_nothing_and_one_joiner_among_them_does() -> None:
    family = "👨\u200d👩\u200d👧❤\ufe0f🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    assert hidden(family * 1_000) == ()
    assert hidden(family * 500 + "a\u200db" + family * 500) == ("U+200D ZERO WIDTH JOINER",)
