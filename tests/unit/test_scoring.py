"""The assessor as its users rely on it: it never raises, always names its reasons, and follows the rules."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.model import Assessment, Author, Intent, Level, Mood, Post
from listener.rules.rulebook import Levels, Scoring, SentimentSettings, SignalSettings, UrgencySettings
from listener.scoring.assessor import Assessor
from listener.scoring.printed import score_line
from listener.scoring.sentiment.base import Opinion, Weight, Words, make_scorer, scorer_names
from listener.scoring.signals import builtin_signal_names

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARTA = Author("x", "7", "marta_k", followers=12)
PLAIN = Assessor(Scoring())


def post(text: str, *, id: str = "9", author: Author = MARTA, at: datetime = NOW, own: bool = False) -> Post:  # noqa: A002
    return Post("x", id, text, author, at, "1", own=own)


def assess(text: str, assessor: Assessor = PLAIN) -> Assessment:
    return assessor.assess(post(text))


def with_signals(**signals: SignalSettings) -> Assessor:
    return Assessor(Scoring(urgency=UrgencySettings(signals=signals)))


def names(assessment: Assessment) -> list[str]:
    return [signal.name for signal in assessment.signals]


class Broken:
    """A scorer that answers as told, or raises."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return [Opinion(self.answer) for _ in many]  # type: ignore[arg-type]

    def weights(self, words: Words) -> list[Weight]:  # noqa: ARG002 - the scorers' own shape
        return []


@pytest.mark.parametrize("answer", [RuntimeError("out of \x1b memory"), math.nan, math.inf, 7.0, "good", True])
def test_a_scorer_that_fails_asks_for_a_person(answer: object) -> None:
    found = Assessor(Scoring(), Broken(answer)).assess(post("a quiet day"))
    assert found.urgency.level.rank >= Level.HIGH.rank
    assert found.needs_reply
    assert "sentiment scorer" in found.failed
    assert "\x1b" not in found.failed
    assert found.sentiment.label is Mood.UNKNOWN


def test_a_failing_scorer_hides_no_cry_for_help() -> None:
    found = Assessor(Scoring(), Broken(ValueError("x"))).assess(post("the charger caught fire and burned my son"))
    assert found.urgency.level is Level.CRITICAL
    assert "safety" in names(found)


def test_whatever_breaks_inside_the_post_still_reaches_a_person() -> None:
    broken = replace(post("where is my order?"), created_at=None)  # type: ignore[arg-type]
    found = PLAIN.assess(broken, [replace(post("where is my order?"), id="1")])
    assert found.failed
    assert found.urgency.level is Level.HIGH


@given(st.text(st.characters(), max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_text_is_judged_and_says_the_same_twice(text: str) -> None:
    found = assess(text)
    assert not found.failed
    assert found == assess(text)
    assert 0 <= found.urgency.points <= 100
    assert -1 <= found.sentiment.score <= 1
    json.dumps(score_line(found, "1")).encode()


HOSTILE = [
    "fire ",
    "not ",
    "😡",
    "👨‍👩‍👧 ",
    "\u0301",
    "\u200b",
    "\x1b",
    "((",
    "a",
    "charged me ",
    "great another ",
    "what if ",
    "a'a",
    "\ud83d",
    "助けて",
    "死",
    "İ",
    "@",
    "@a ",
    "no no no fire ",
    "my ",
    "stop ",
    "\n",
    "🔥 this is fire ",
    "GREAT!!! ",
    "why not good ",
    "ｱｶﾞ",
    "refund?",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_forty_kilobytes_of_anything_are_judged_to_the_end(piece: str) -> None:
    text = piece * (40_000 // len(piece.encode(errors="surrogatepass")))
    found = assess(text)  # what grew with the square of the length would not come back here; bench/judging.py has the figure
    assert found.urgency.points <= 100


def test_a_cry_at_the_end_of_a_very_long_post_is_heard() -> None:
    assert assess("word " * 12_000 + "the battery exploded and my son is bleeding").urgency.level is Level.CRITICAL


FIGURES = "these shoes are fire. killing me lol. blew my mind. smoking hot deal. i almost had a heart attack lol. "


@pytest.mark.parametrize("times", [1, 2, 20])
def test_figures_of_speech_are_no_emergency_however_many_there_are(times: int) -> None:
    assert assess(FIGURES * times).urgency.level is Level.LOW


def test_a_cry_behind_many_figures_of_speech_is_heard() -> None:
    assert assess(f"{FIGURES * 2}the battery exploded and my son is bleeding").urgency.level is Level.CRITICAL


@pytest.mark.parametrize("text", ["what if the charger caught fire? " * 3 + "what if it exploded?", "What if it catches fire? " * 12])
def test_what_is_only_imagined_is_no_emergency_however_often(text: str) -> None:
    assert "safety" not in names(assess(text))


def test_a_denial_hides_no_later_cry() -> None:
    assert "safety" in names(assess("Last week there was no gas smell here. Today there is a strong gas smell in my kitchen!"))


@pytest.mark.parametrize(
    "text", ["gaat deze accu niet in brand?", "er is geen brand", "nessun incendio, per fortuna", "sem incêndio, felizmente"]
)
def test_a_denial_counts_for_phrases_that_other_languages_share(text: str) -> None:
    assert "safety" not in names(assess(text))


@pytest.mark.parametrize(
    "text", ["de accu staat in brand!", "er is brand in het gebouw", "er was een grote brand", "fogo no prédio, socorro"]
)
def test_no_denial_of_another_language_hides_a_cry(text: str) -> None:
    assert assess(text).urgency.level is Level.CRITICAL


@pytest.mark.parametrize("text", ["your app isnt working", "your app isn't working"])
def test_an_apostrophe_may_be_missing(text: str) -> None:
    assert "outage" in names(assess(text))


def test_signals_quote_the_author() -> None:
    found = assess("İİ My CHARGER  STARTED\nsmoking, e\u0301cole")
    assert found.signals[0].because == ("CHARGER STARTED smoking",)


def test_urgency_is_not_driven_by_mood() -> None:
    assert assess("I hate these ugly awful horrible disgusting shoes, worst ever").urgency.level.rank < Level.HIGH.rank
    assert assess("hi, lovely weather! the ramp was not there, I am still on the train :)").urgency.level is Level.CRITICAL


def test_the_rules_add_words_of_their_own() -> None:
    rules = with_signals(safety=SignalSettings(points=80, words=("fire", "smoking")), lost=SignalSettings(points=30, words=("Verlust",)))
    assert names(assess("there was a fire @acme", rules)) == ["safety"]
    assert names(assess("These shoes are fire @acme", rules)) == []
    assert names(assess("smoking hot deal", rules)) == []
    assert names(assess("der VERLUST ist groß", rules)) == ["lost"]
    assert names(assess("Verlustangst", rules)) == []
    assert names(assess("the charger burned my hand", rules)) == ["safety"]


def test_the_rules_may_replace_the_words_and_points_of_a_signal() -> None:
    rules = with_signals(outage=SignalSettings(points=60, words=("kaputtnik",), replace=True))
    assert names(assess("the outage goes on", rules)) == []
    found = assess("kaputtnik!", rules)
    assert (found.signals[0].points, found.urgency.level) == (60, Level.HIGH)


def test_the_rules_may_find_by_pattern_followers_and_mood() -> None:
    rules = with_signals(
        waiting=SignalSettings(points=25, pattern=r"\d+ (day|week)s?"),
        reach=SignalSettings(points=15, followers=1_000),
        anger=SignalSettings(points=15, sentiment=Mood.NEGATIVE),
    )
    assert "waiting" in names(assess("12 DAYS", rules))
    famous = rules.assess(post("nice hat", author=replace(MARTA, followers=1_000)))
    assert [(signal.name, signal.because) for signal in famous.signals] == [("reach", ("1000 followers",))]
    assert "anger" in names(assess("terrible awful horrible shoes", rules))
    assert "anger" not in names(assess("the shoes", rules))


def test_pressing_signals_add_up_but_never_to_an_emergency() -> None:
    rules = with_signals(
        money=SignalSettings(points=40, words=("charged me twice",)),
        waiting=SignalSettings(points=25, words=("ignores me",)),
        anger=SignalSettings(points=15, sentiment=Mood.NEGATIVE),
    )
    found = assess("@acme charged me twice and support ignores me", rules)
    assert found.urgency.level is Level.HIGH
    assert sum(signal.points for signal in found.signals) == found.urgency.points


def test_signals_only_the_rules_know_simply_add_up() -> None:
    rules = with_signals(one=SignalSettings(points=40, words=("alpha",)), two=SignalSettings(points=45, words=("beta",)))
    assert assess("alpha beta", rules).urgency.points == 85
    assert assess("alpha beta", rules).urgency.level is Level.CRITICAL


def test_levels_and_thresholds_come_from_the_rules() -> None:
    strict = Assessor(Scoring(urgency=UrgencySettings(levels=Levels(normal=10, high=20, critical=30))))
    assert assess("the app has an outage", strict).urgency.level is Level.CRITICAL
    numb = Assessor(Scoring(sentiment=SentimentSettings(negative=-1, positive=1)))
    assert assess("nice shoes", numb).sentiment.label is Mood.NEUTRAL


def test_followers_alone_reach() -> None:
    assert "reach" in names(PLAIN.assess(post("hm", author=replace(MARTA, followers=50_000))))


def test_who_asks_again_after_nobody_answered_waits() -> None:
    first = post("@acme where is my order?", id="1", at=NOW - timedelta(hours=5))
    found = PLAIN.assess(post("hello? anyone?"), [first])
    assert "waiting" in names(found)
    assert any("where is my order" in words for signal in found.signals for words in signal.because)


def test_an_answered_or_a_happy_author_does_not_wait() -> None:
    first = post("@acme where is my order?", id="1", at=NOW - timedelta(hours=5))
    ours = post("It is on its way. Jo", id="2", author=Author("x", "1", "acme"), at=NOW - timedelta(hours=4), own=True)
    assert "waiting" not in names(PLAIN.assess(post("ok, and where is the invoice?"), [first, ours]))
    assert "waiting" not in names(PLAIN.assess(post("thank you so much, love it!"), [first]))
    other = replace(first, author=Author("x", "8", "else"))
    assert "waiting" not in names(PLAIN.assess(post("where is the invoice?"), [other]))


def test_what_was_grave_in_an_unanswered_post_still_is() -> None:
    first = post("your charger burned my daughter's hand", id="1", at=NOW - timedelta(minutes=20))
    found = PLAIN.assess(post("hello?? anyone there?"), [first])
    assert found.urgency.level is Level.CRITICAL
    assert found.moment_of_truth


def test_hidden_characters_are_flagged_and_do_not_hide_words() -> None:
    found = assess("the char\u200bger cau\u00adght fi\u2060re")
    assert found.hidden
    assert found.urgency.level is Level.CRITICAL
    assert not assess("👨‍👩‍👧 fine").hidden


def test_spam_is_low_whatever_it_says() -> None:
    found = assess("URGENT refund! double your bitcoin, guaranteed profits, click here https://x.example")
    assert (found.intent, found.urgency.level, found.needs_reply) == (Intent.SPAM, Level.LOW, False)


def test_score_prints_what_it_promises() -> None:
    line = score_line(assess("The charger started smoking and burned my daughter's hand"), "a1")
    assert list(line) == [
        "id", "language", "sentiment", "urgency", "intent", "needs_reply", "moment_of_truth", "sarcasm", "signals", "schema",
    ]  # fmt: skip
    assert line["id"] == "a1"
    assert line["urgency"] == {"level": "critical", "points": 80}
    assert line["signals"][0]["name"] == "safety"
    assert set(line["signals"][0]) == {"name", "points", "because"}
    assert line["schema"] == 1
    assert score_line(assess("12345"), "2")["sentiment"]["label"] == "unknown"


def test_the_names_on_offer() -> None:
    assert {"safety", "money", "outage", "stranded", "waiting", "legal", "press", "churn", "reach", "anger"} <= set(builtin_signal_names())
    assert {"default", "vader"} <= set(scorer_names())
    (opinion,) = make_scorer("default").judge([Words("I love it", "en")])
    assert opinion is not None
    assert opinion.score > 0.5
