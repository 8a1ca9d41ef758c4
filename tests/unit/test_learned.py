"""What corrections teach: as the people who correct rely on it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Author, Mood, Post, Sentiment
from listener.rules.rulebook import Scoring, SentimentSettings
from listener.scoring.assessor import Assessor
from listener.scoring.learned import NOTHING, Adjustment, Taught, adjustment, put, together
from listener.scoring.learning import shape

SCORING = Scoring(sentiment=SentimentSettings(scorer="vader"))  # what it makes of "sick" is known
SETTINGS = SCORING.sentiment
ASSESSOR = Assessor(SCORING)
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
SICK = (
    "that new deck is sick @acme",
    "sick wheels, rode them down the hill",
    "acme trucks are sick tbh, two sessions in",
    "so sick, this grip",
)


def post(text: str) -> Post:
    return Post("mastodon", "p1", text, Author("mastodon", "a", "a"), NOON, "p1")


def bare(text: str) -> Sentiment:
    return ASSESSOR.assess(post(text)).sentiment


def said(texts: Sequence[str], mood: Mood) -> list[Taught]:
    return [Taught(text, bare(text), mood) for text in texts]


def taught(*corrections: Taught, without: frozenset[str] = frozenset({"acme"})) -> Adjustment:
    return adjustment(corrections, SETTINGS, without)


def mood(text: str, by: Adjustment) -> Mood:
    return by.sentiment(text, bare(text), SETTINGS).label


def test_the_same_words_are_judged_as_corrected_after_one_correction() -> None:
    assert bare(SICK[0]).label is Mood.NEGATIVE
    learned = taught(*said(SICK[:1], Mood.POSITIVE))
    for text in (SICK[0], "THAT new deck is SICK!! @acme@town.example https://a.example/1", f"so {SICK[0]}"):
        assert mood(text, learned) is Mood.POSITIVE, text
    assert mood("that new deck is not sick, it is awful", learned) is not Mood.POSITIVE
    assert learned.lessons == {}, "one correction says nothing of other texts"


def test_a_word_counts_in_other_texts_once_it_stands_in_three_corrections() -> None:
    new = "your sick boards arrived"
    assert bare(new).label is Mood.NEGATIVE
    two, three, four = (taught(*said(SICK[:n], Mood.POSITIVE)) for n in (2, 3, 4))
    assert mood(new, two) is Mood.NEGATIVE
    assert three.lessons["sick"].posts == 3
    assert mood(new, three) is Mood.POSITIVE
    assert mood(new, four) is Mood.POSITIVE


@pytest.mark.parametrize(
    "text", ["the delivery was late", "my board broke in two", "thank you, lovely", "", "when do you open?", "not sick"]
)
def test_a_text_that_shares_nothing_stays_exactly_as_it_is(text: str) -> None:
    learned, before = taught(*said(SICK, Mood.POSITIVE)), bare(text)
    assert learned.sentiment(text, before, SETTINGS) is before
    assert learned.weights(text, before, SETTINGS) == ()


def test_only_the_mood_is_learned_and_a_cry_stays_as_urgent_as_it_was() -> None:
    cry = "acme trucks are sick tbh, two sessions in, and my son broke his arm, he is bleeding"
    learned = taught(*said(SICK, Mood.POSITIVE), *said([cry], Mood.POSITIVE))
    seen = ASSESSOR.assess(post(cry))
    now = put(seen, cry, learned, SETTINGS)
    assert now.sentiment.label is Mood.POSITIVE
    assert (now.urgency, now.signals, now.intent, now.needs_reply) == (seen.urgency, seen.signals, seen.intent, seen.needs_reply)
    assert now.learned == pytest.approx(now.sentiment.score - seen.sentiment.score, abs=1e-4)


def test_the_brands_own_name_teaches_nothing() -> None:
    texts = ("acme is bad", "awful, acme", "acme: terrible deck", "the worst acme")
    assert "acme" not in taught(*said(texts, Mood.POSITIVE)).lessons


def test_corrections_that_contradict_each_other_cancel() -> None:
    same = SICK[0]
    torn = taught(*said([same], Mood.POSITIVE), *said([same], Mood.NEGATIVE))
    assert mood(same, torn) is bare(same).label
    assert mood(same, taught(*said([same, same], Mood.POSITIVE), *said([same], Mood.NEGATIVE))) is Mood.POSITIVE
    mixed = taught(
        *said(SICK, Mood.POSITIVE), *said([f"sick of your {thing}" for thing in ("queue", "app", "music", "chat")], Mood.NEGATIVE)
    )
    assert mood("sick of the new prices", mixed) is Mood.NEGATIVE


def test_lessons_that_would_do_harm_are_not_used_and_the_same_words_still_are() -> None:
    chance, below = random.Random(1), Sentiment(Mood.NEGATIVE, -0.5)  # noqa: S311  # no secret
    things = ["lamp", "chair", "desk", "sofa", "vase", "plate", "rug", "bowl"]
    noise = []
    for _ in range(14):  # nothing in the words tells which mood it is
        words = f"{chance.choice(['blue', 'green', 'late', 'small'])} {chance.choice(things)} {chance.choice(things)}"
        noise.append(Taught(words, below, Mood.POSITIVE if chance.random() < 0.4 else Mood.NEGATIVE))
    learned = taught(*noise)
    assert learned.figures == (14, 10, 6)
    assert learned.lessons == {}
    assert learned.held
    assert learned.sentiment("vase, vase, a rug", below, SETTINGS) is below
    said_so = next(one for one in noise if one.mood is Mood.POSITIVE)
    assert learned.sentiment(said_so.words.upper(), below, SETTINGS).label is Mood.POSITIVE


def test_the_order_does_not_matter_and_taking_one_back_restores_exactly() -> None:
    all_of_it = [*said(SICK, Mood.POSITIVE), *said(["my board broke", "meh deck"], Mood.NEUTRAL)]
    shuffled = random.Random(7).sample(all_of_it, len(all_of_it))  # noqa: S311  # no secret
    assert taught(*all_of_it) == taught(*shuffled)
    assert taught(*all_of_it).seal == taught(*shuffled).seal != ""
    more = taught(*all_of_it, *said(["what a bargain"], Mood.NEGATIVE))
    assert more.seal != taught(*all_of_it).seal
    assert taught() == adjustment((), SETTINGS, frozenset({"acme"}))
    assert taught().seal == NOTHING.seal == together({}).seal == ""


def test_another_brand_is_untouched_and_so_is_a_post_about_two() -> None:
    both = together({"acme": taught(*said(SICK, Mood.POSITIVE))})
    assert both.of(["other"]) is NOTHING
    assert both.of(["acme", "other"]) is NOTHING
    assert both.of(["acme", "acme"]) is both.by_brand["acme"]


def test_the_weights_of_a_text_add_up_to_how_far_its_score_moved() -> None:
    learned = taught(*said(SICK, Mood.POSITIVE))
    for text in (SICK[0], "your sick boards arrived", "sick, sick, so sick, this grip is sick and lovely", "nothing of it"):
        before = bare(text)
        moved = learned.sentiment(text, before, SETTINGS).score - before.score
        assert sum(weight.points for weight in learned.weights(text, before, SETTINGS)) == pytest.approx(moved, abs=1e-6)
    (weight,) = learned.weights("your sick boards arrived", bare("your sick boards arrived"), SETTINGS)
    assert weight.words == 'learned from 4 corrections: "sick"'


def test_confirming_holds_a_word_back() -> None:
    confirmed = said([f"I am sick, your {food} was off" for food in ("soup", "fish", "rice", "salad", "cake", "milk")], Mood.NEGATIVE)
    plain, held = (taught(*said(SICK[:3], Mood.POSITIVE), *more) for more in ((), confirmed))
    points = held.lessons["sick"].points if "sick" in held.lessons else 0.0
    assert points < plain.lessons["sick"].points


def test_an_unknown_mood_is_known_once_people_said_it() -> None:
    text = "lekker bordje hoor"
    unknown = Sentiment(Mood.UNKNOWN, 0.0)
    learned = adjustment([Taught(text, unknown, Mood.POSITIVE)], SETTINGS)
    assert learned.sentiment(text, unknown, SETTINGS).label is Mood.POSITIVE
    assert learned.sentiment("iets anders", unknown, SETTINGS) is unknown


def test_what_failed_to_be_judged_stays_as_it_is() -> None:
    failed = ASSESSOR._failed(post(SICK[0]), "it broke")  # noqa: SLF001  # the shape of a failed judgement
    assert put(failed, SICK[0], taught(*said(SICK, Mood.POSITIVE)), SETTINGS) is failed


def test_two_thousand_corrections_are_learned_from_and_words_by_chance_are_not() -> None:
    chance = random.Random(1)  # noqa: S311  # no secret
    words = [f"{one}{two}{three}" for one in "bdfgk" for two in ("ar", "el", "in", "ot") for three in ("ma", "no", "ti", "su", "ve")]
    texts = [" ".join(chance.choices(words, k=12)) for _ in range(2_000)]
    below = Sentiment(Mood.NEGATIVE, -0.5)
    right = [Mood.POSITIVE if "barma" in text.split() else Mood.NEGATIVE for text in texts]
    learned = adjustment([Taught(text, below, mood) for text, mood in zip(texts, right, strict=True)], SETTINGS)
    assert learned.figures.of == 2_000
    assert learned.figures.after > learned.figures.before
    assert learned.lessons["barma"].points > 0.9
    assert max((abs(lesson.points) for word, lesson in learned.lessons.items() if "barma" not in word), default=0) < 0.5


@given(
    st.lists(st.tuples(st.text(max_size=60), st.sampled_from([Mood.NEGATIVE, Mood.NEUTRAL, Mood.POSITIVE])), max_size=8),
    st.text(max_size=60),
)
def test_whatever_is_written_scores_stay_in_bounds(found: list[tuple[str, Mood]], text: str) -> None:
    below = Sentiment(Mood.NEGATIVE, -0.9)
    learned = adjustment([Taught(words, below, mood) for words, mood in found], SentimentSettings(negative=-1, positive=1))
    now = learned.sentiment(text, below, SETTINGS)
    assert -1 <= now.score <= 1
    assert sum(weight.points for weight in learned.weights(text, below, SETTINGS)) == pytest.approx(now.score + 0.9, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["a" * 40_000, "not " * 10_000, "😀" * 10_000, "ก" * 40_000, "@" * 40_000, "a:" * 20_000, "\u202e" * 40_000]
)
def test_a_hostile_text_is_read_up_to_its_beginning(text: str) -> None:
    found = shape(text)
    assert len(found.whole) <= 240
    taught(Taught(text, Sentiment(Mood.NEGATIVE, -0.5), Mood.POSITIVE))
