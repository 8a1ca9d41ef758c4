"""What is only told of is no cry; what is told calmly, in two halves, is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from listener.model import Assessment, Author, Intent, Level, Mood, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor

ASSESSOR = Assessor(Scoring())


def judged(text: str) -> Assessment:
    return ASSESSOR.assess(Post("x", "9", text, Author("x", "7", "marta_k"), datetime(2026, 11, 20, 12, tzinfo=UTC), "9"))


@pytest.mark.parametrize(
    "text",
    [
        "BREAKING: explosion at a depot in Leeds, two people injured",
        "Feuerwehr löscht Brand in Lagerhalle, keine Verletzten",
        "Ongeluk op de A2, twee gewonden naar het ziekenhuis",
        "We're hiring paramedics for night shifts, apply by Friday",
        "my grandma said 'the house is on fire' in that film and I laughed for an hour",
    ],
)
def test_news_notices_and_films_are_no_cry(text: str) -> None:
    assert judged(text).urgency.level.rank < Level.HIGH.rank


@pytest.mark.parametrize(
    "text",
    [
        "BREAKING: my house is on fire after your charger exploded",
        "my mum wrote: 'I can't breathe'",
        "we watched a film and then the battery caught fire",
    ],
)
def test_the_authors_own_cry_stays_one(text: str) -> None:
    assert judged(text).urgency.level is Level.CRITICAL


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("A payment of £300 just went out. I didn't make it, that was not me.", "losing_money"),
        ("My nan is 84. The heating has been off since Sunday, minus 3 here.", "safety"),
        ("Die Adresse wurde geändert. Ich war das nicht.", "account"),
        ("Alleen met de baby op straat, de host is niet komen opdagen.", "stranded"),
    ],
)
def test_two_calm_halves_are_one_cry(text: str, signal: str) -> None:
    found = judged(text)
    assert signal in {one.name for one in found.signals}
    assert found.urgency.level is Level.CRITICAL
    assert found.moment_of_truth


def test_halves_far_apart_say_nothing_together() -> None:
    apart = "A payment of £300 went out. " + "The weather was nice and we had tea. " * 12 + "That was not me on the photo."
    assert "losing_money" not in {one.name for one in judged(apart).signals}


def test_what_runs_out_within_hours_presses() -> None:
    found = judged("the dress for saturday's wedding has not shipped")
    assert "deadline" in {one.name for one in found.signals}
    assert found.urgency.level is Level.HIGH


def test_a_swindler_is_spam_though_the_account_is_hacked_in_the_text() -> None:
    assert judged("Account hacked? DM @fixer on Instagram, he got mine back in an hour").intent is Intent.SPAM


def test_what_came_to_a_good_end_is_praise() -> None:
    found = judged("I was stranded in York last night and your crew got us all home. Thank you!")
    assert (found.urgency.level, found.intent) == (Level.LOW, Intent.PRAISE)


@pytest.mark.parametrize(
    "text",
    [
        "Love it when you lose my bag",
        "so kind of you to fill the lift with boxes, my mother loves eight flights of stairs 🙄",
        "Thanks for the update 🙄",
        "Great staff, but this is the third cancellation this month",
        "Nice touch putting the heating on in July",
    ],
)
def test_mockery_and_mixed_praise_never_look_like_clear_praise(text: str) -> None:
    found = judged(text)
    assert found.sentiment.label is not Mood.POSITIVE
    assert found.intent is not Intent.PRAISE
    assert found.needs_reply
