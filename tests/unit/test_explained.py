"""Why a post is judged so: the steps add up to what is shown, and the reasons quote what the author wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.model import Author, Level, Mood, Post, Signal
from listener.rules.rulebook import Scoring, SentimentSettings, SignalSettings, UrgencySettings
from listener.scoring.assessor import Assessor
from listener.scoring.explained import Explanation, explain
from listener.scoring.raising import raised
from listener.scoring.sentiment.base import Odds, Opinion, SentimentScorer, Weight, Words, scorer_names
from listener.scoring.steps import Waterfall
from listener.text import display_width, visible
from responders.cli.waterfall import told

FILES = sorted((Path(__file__).parents[1] / "judgement").glob("posts*.yaml"))
POSTS: list[dict[str, Any]] = [entry for file in FILES for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TONES = {"love": 0.4, "thanks": 0.3, "great": 0.35, "broken": -0.45, "again": -0.2, "hate": -0.6, "the": 0.004, "app": -0.003, "is": 0.002}


class Tones:
    """A scorer of a handful of words that can tell exactly how its number came about."""

    def judge(self, many: Sequence[Words]) -> list[Opinion]:
        return [Opinion(max(-1.0, min(1.0, sum(one.points for one in self.weights(words)))), Odds(0.7, 0.2, 0.1)) for words in many]

    def weights(self, words: Words) -> list[Weight]:
        found = [Weight(word, TONES[word.lower().strip(".,!")]) for word in words.text.split() if word.lower().strip(".,!") in TONES]
        total = 0.05 + sum(one.points for one in found)
        bounded = [Weight("(no further)", max(-1.0, min(1.0, total)) - total)] if abs(total) > 1 else []
        return [Weight("", 0.05), *found, *bounded]


class Odd(Tones):
    """The same, but what it says of its words is `answer`."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def weights(self, words: Words) -> Any:  # noqa: ANN401
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if words else None

    def judge(self, many: Sequence[Words]) -> list[Opinion]:
        return Tones().judge(many) if not many else [Opinion(-0.4) for _ in many]


TOLD = Assessor(Scoring(), Tones())
JUDGES = [
    TOLD,
    *(Assessor(Scoring(sentiment=SentimentSettings(scorer=name))) for name in sorted({"default", "vader"} & set(scorer_names()))),
]


def post(text: str, *, id: str = "9", age: int = 0, followers: int | None = None) -> Post:  # noqa: A002
    return Post("x", id, text, Author("x", "7", "marta_k", followers=followers), NOW - timedelta(hours=age), "1")


def why(text: str, *before: str, judge: Assessor = TOLD, followers: int | None = None) -> Explanation:
    thread = [post(one, id=f"0{number}", age=9 - number) for number, one in enumerate(before)]
    return explain(judge, post(text, followers=followers), thread)


def adds_up(fall: Waterfall, places: int) -> bool:
    """Whether the steps are the total, to the last digit."""
    one = 10**places
    return sum(round(step.points * one) for step in fall.steps) == round(fall.total * one)


def holds(found: Explanation, text: str) -> None:
    """Check what must be true of every explanation."""
    seen = found.assessment
    assert adds_up(found.mood, 4)
    assert adds_up(found.urgency, 0)
    assert found.mood.total == round(seen.sentiment.score, 4)
    assert found.urgency.total == seen.urgency.points
    flat = " ".join(text.split())
    for one in found.reasons:
        assert one.because
        assert all(words in flat for words in one.quotes), (one, text)
    for step in (*found.mood.steps, *found.urgency.steps):
        assert step.rule or step.quotes
        assert all(words in flat or words.casefold() in flat.casefold() for words in step.quotes), (step, text)
    assert {one.about for one in found.reasons} >= {"needs_reply"}
    json.dumps(found.to_json())


@pytest.mark.parametrize("judge", JUDGES)
def test_every_judged_post_is_explained_in_its_own_words_and_the_steps_add_up(judge: Assessor) -> None:
    for entry in POSTS:
        found = why(entry["post"], *entry.get("after", ()), judge=judge, followers=20_000)
        thread = [post(one, id=f"0{number}", age=9 - number) for number, one in enumerate(entry.get("after", ()))]
        assert found.assessment == judge.assess(post(entry["post"], followers=20_000), thread)
        holds(found, entry["post"])


ODD = st.lists(
    st.sampled_from(
        ["love", "broken", "hate", "again", "the", "THANKS", "Great, another outage.", "not", "\u202e", "\x1b[2J", "😡", "助けて", "?"]
    )
    | st.sampled_from(
        ["charged me twice", "@acme", "https://x.example/a", "caught fire", "stop", "my wedding", "\ud83d", "e\u0301", "\n", "İ"]
    )
    | st.text(max_size=12),
    max_size=14,
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(ODD, st.sampled_from(JUDGES))
def test_the_steps_of_any_text_add_up_and_fit_the_terminal(text: str, judge: Assessor) -> None:
    found = why(text, "it is broken and nobody answers", judge=judge)
    holds(found, text)
    for line in told(found, 80, blocks=True):
        assert display_width(line) <= 80
        assert visible(line, newlines=False) == line


def test_words_stand_in_the_order_of_the_text_and_small_ones_are_gathered() -> None:
    found = why("the app is broken again the app is great")
    assert [(step.rule, step.quotes) for step in found.mood.steps[:5]] == [
        ("where it starts from", ()),
        ("", ("broken",)),
        ("", ("again",)),
        ("", ("great",)),
        ("the rest (3 words)", ()),
    ]
    assert why("hate, well, it is broken").mood.strongest[:2] == ("hate,", "broken")


def test_many_words_make_no_more_than_a_handful_of_lines() -> None:
    words = [f"w{number}" for number in range(40)]
    scorer = Odd([Weight("", 0.0), *(Weight(word, -0.01 - number / 10_000) for number, word in enumerate(words))])
    found = why(" ".join(words), judge=Assessor(Scoring(), scorer))
    assert len(found.mood.steps) <= 8 + 1
    assert any(step.rule == "the rest (34 words)" for step in found.mood.steps)
    assert adds_up(found.mood, 4)


def test_a_label_is_told_with_the_threshold_that_made_it() -> None:
    assert "at or below -0.35 is negative" in why("hate it, broken").mood.meaning
    assert "at or above 0.5 is positive" in why("love it, great, thanks").mood.meaning
    assert "between -0.35 and 0.5 is neutral" in why("the app").mood.meaning
    assert why("hello there friend").odds == Odds(0.7, 0.2, 0.1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RuntimeError("no \x1b words"), "could not say which words made its number: RuntimeError"),
        ([], "names no words for its number"),
        (None, "could not say"),
        ([("broken",)], "could not say"),
        ([Weight("broken", float("nan"))], "could not say"),
        ([Weight("broken", 1e300), Weight("again", 1e300)], "could not say"),
        ([Weight("", 0.1), Weight("broken", -0.1)], "do not add up to its number: +0.00 instead of -0.40"),
    ],
)
def test_a_scorer_that_cannot_say_why_is_told_of_and_the_rest_is_shown(answer: object, said: str) -> None:
    found = why("it is broken again, you charged me twice", judge=Assessor(Scoring(), Odd(answer)))
    assert said in found.mood.problem
    assert "\x1b" not in found.mood.problem
    holds(found, "it is broken again, you charged me twice")
    assert found.urgency.steps[0].quotes == ("charged me twice",)
    assert any(said[:12] in line for line in told(found, 200, blocks=False))


def test_a_name_that_is_no_word_of_the_text_is_not_quoted() -> None:
    scorer: SentimentScorer = Odd([Weight("many exclamation marks", -0.4)])
    (step, *_) = why("so it goes", judge=Assessor(Scoring(), scorer)).mood.steps
    assert (step.rule, step.quotes) == ("many exclamation marks", ())


def test_what_presses_is_trimmed_and_said_so() -> None:
    found = why("you charged me twice and the app is broken, I asked before and nobody answers", followers=50_000)
    rules = [step.rule for step in found.urgency.steps]
    assert any("never adds up to critical" in rule for rule in rules)
    assert "reach (50000 followers)" in rules
    assert found.assessment.urgency.points == 74
    assert "from 50 points on is high" in found.urgency.meaning


def test_the_floor_of_whoever_needs_a_reply_is_a_step() -> None:
    (step,) = why("do you have size 47?").urgency.steps
    assert (step.rule, step.points) == ("whoever needs a reply is at least normal", 25)


def test_what_the_thread_adds_is_told_with_the_earlier_words() -> None:
    found = why("hello? anybody there?", "my card was stolen and someone is ordering with it right now")
    rules = [step.rule for step in found.urgency.steps]
    assert any(rule.startswith("waiting (asked before: my card was stolen") for rule in rules)
    assert any(rule.startswith("losing_money (") and "stolen" in rule for rule in rules)
    truth = found.reason("moment_of_truth")
    assert truth
    assert (truth.answer, "earlier post" in truth.because) == ("yes", True)


def test_a_storm_is_told_as_what_it_is() -> None:
    settings_ = UrgencySettings(signals={"crowd": SignalSettings(points=30, words=("gathering",))})
    judge = Assessor(Scoring(urgency=settings_), Tones())
    found = why("is the app broken?", judge=judge)
    over = found.over(raised(found.assessment, [Signal("crowd", 30, ("40 mentions within 1h",))], settings_))
    assert "crowd (40 mentions within 1h)" in [step.rule for step in over.urgency.steps]
    assert adds_up(over.urgency, 0)
    assert over.urgency.total > found.urgency.total


@pytest.mark.parametrize(
    ("text", "about", "answer", "quote"),
    [
        ("you charged me twice, third cancellation", "needs_reply", "yes", ""),
        ("Great, ANOTHER outage. Thanks @acme", "sarcasm", "yes", "Great, ANOTHER outage"),
        ("Great, ANOTHER outage. Thanks @acme", "intent", "complaint", "Great, ANOTHER outage"),
        ("how do I return a pair?", "intent", "question", "how do I"),
        ("the app is broken but I love it", "sarcasm", "no", "love it"),
        ("found glass in my baby's food", "moment_of_truth", "yes", ""),
        ("my wedding was lovely", "moment_of_truth", "no", "wedding"),
        ("these shoes are fire", "figure of speech", "left out", "shoes are fire"),
        ("STOP", "wish", "stop", "STOP"),
        ("STOP", "language", "und", ""),
        ("a\u200bpp broken", "hidden", "yes", ""),
        ("click here to win a prize", "spam", "no", ""),
    ],
)
def test_each_part_has_its_reason(text: str, about: str, answer: str, quote: str) -> None:
    found = why(text)
    reason = found.reason(about)
    assert reason, found.reasons
    assert reason.answer == answer
    assert not quote or any(quote in words for words in reason.quotes), reason
    holds(found, text)


def test_words_that_did_not_decide_are_named_beside() -> None:
    reason = why("the app is broken but I love it").reason("intent")
    assert reason
    assert "praise" in reason.beside
    assert "love it" in reason.beside


def test_a_post_that_could_not_be_judged_is_explained_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Assessor(Scoring(), Tones())
    monkeypatch.setattr(judge.signals, "read", None)
    found = why("the app is broken", judge=judge)
    assert found.assessment.sentiment.label is Mood.UNKNOWN
    assert found.assessment.urgency.level is Level.HIGH
    assert [one.about for one in found.reasons] == ["failed", "needs_reply"]
    holds(found, "the app is broken")


@pytest.mark.parametrize("score", [0.12345, -0.12355, 0.00005, 0.99995])
def test_a_score_between_two_digits_adds_up_too(score: float) -> None:
    class Between(Tones):
        def judge(self, many: Sequence[Words]) -> list[Opinion]:
            return [Opinion(score) for _ in many]

        def weights(self, words: Words) -> list[Weight]:  # noqa: ARG002 - the scorers' own shape
            return [Weight("", score - 0.1), Weight("so", 0.1)]

    holds(why("so it goes", judge=Assessor(Scoring(), Between())), "so it goes")


@pytest.mark.parametrize("text", ["https://example.org/a lol", "example.org kkkk"])
def test_what_the_language_is_told_without_is_no_word_to_tell_it_by(text: str) -> None:
    reason = why(text).reason("language")
    assert reason is not None
    assert reason.because == "there are no words to tell it by"
