"""Waterfalls: how the number of a judgement came about, a step for each thing that moved it. The steps add up to it exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from listener.model import Assessment, Mood, Sentiment
from listener.rules.rulebook import SentimentSettings, UrgencySettings
from listener.scoring.mood import label_of
from listener.scoring.sentiment.base import SentimentScorer, Weight
from listener.scoring.signals import Reading
from listener.scoring.traced import Judged, Trace
from listener.scoring.why import Why
from listener.text import one_line

_SHOWN = 6  # words that stand by themselves; the others are gathered
_SMALL = 0.01  # points below which a word is not worth a line
_CLOSE = 0.005  # so far may the words of a scorer be from its number, for rounding
_PLACES = 4  # digits of the score of a mood
_TOO_MUCH = 1_000  # points that no word has
_MOST = 100  # points that urgency counts


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the author's own words (`quotes`), or a rule in our words, with what it added. `total` is where it leads to."""

    rule: str
    quotes: tuple[str, ...]
    points: float
    total: float = 0.0

    def to_json(self) -> dict[str, object]:
        """Return it for scripts."""
        return {"rule": self.rule, "because": list(self.quotes), "points": self.points, "total": self.total}


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How a number came about: its steps, what it means by the thresholds of the rules, and what could not be told."""

    steps: tuple[Step, ...]
    total: float
    meaning: str
    problem: str = ""

    @property
    def strongest(self) -> tuple[str, ...]:
        """The author's words that moved the number most towards where it ended, the strongest first, none within another."""
        towards = [step for step in self.steps if step.quotes and step.points * self.total > 0]
        kept: list[str] = []
        for step in sorted(towards, key=lambda step: -abs(step.points)):
            found = step.quotes[0].casefold()
            if not any(found in words.casefold() or words.casefold() in found for words in kept):
                kept.append(step.quotes[0])
        return tuple(kept)

    def to_json(self) -> dict[str, object]:
        """Return it for scripts; the points of the steps add up to `total`."""
        found: dict[str, object] = {"total": self.total, "meaning": self.meaning, "steps": [step.to_json() for step in self.steps]}
        return found | ({"problem": self.problem} if self.problem else {})


def quotes_of(why: Why, reading: Reading, signals: Iterable[tuple[str, tuple[str, ...]]] = ()) -> tuple[str, ...]:
    """Return the author's words behind a reason, in the order of its findings; `signals` are names with what stands beside them."""
    because: dict[str, tuple[str, ...]] = dict(signals)
    named = [name for name in because if name in why.findings] + [name for name in why.findings if name.startswith("marks.")]
    return tuple(dict.fromkeys(words for name in named for words in (because[name] if name in because else reading.quotes(name))))


def proof(why: Why, alone: Judged) -> Why:
    """Return the reason whose words prove another: what sarcasm decided is proved by what shows the sarcasm."""
    return alone.sarcasm if alone.sarcasm and not why.findings else why


def told_apart(because: Sequence[str], text: str) -> tuple[tuple[str, ...], list[str]]:
    """Return which of the reasons of a signal are the author's own words in this text, and which are facts ("20000 followers")."""
    flat = " ".join(text.split())
    return tuple(one for one in because if one in flat), [one for one in because if one not in flat]


def summed(steps: Sequence[Step], places: int) -> tuple[Step, ...]:
    """Return the steps with totals, so rounded that they add up as shown: the totals are rounded, and a step is what moved them."""
    exact, before, one = 0.0, 0, 10**places
    rounded: list[Step] = []
    for step in steps:
        exact += step.points
        after = round(round(exact, 9) * one)
        points, total = (after - before, after) if not places else ((after - before) / one, after / one)
        rounded.append(replace(step, points=points, total=total))
        before = after
    return tuple(rounded)


def mood(trace: Trace, seen: Assessment, scorer: SentimentScorer, settings: SentimentSettings, lessons: Sequence[Weight] = ()) -> Waterfall:
    """Return how the score of the mood came about: the scorer's words, then what the findings did to its number.

    `seen` may have more on top: what corrections taught (`lessons`), and a person's word on this very post.
    """
    if trace.read is None or trace.alone is None:
        return Waterfall((), 0.0, _meaning(seen.sentiment, settings), "nothing of it could be judged")
    reading = trace.read.reading
    steps, problem = _scored(trace, scorer) if trace.opinion else (_untold(trace), "")
    found = [(one.name, told_apart(one.because, reading.folded.original)[0]) for one in trace.alone.found]
    steps += [Step(one.why.rule, quotes_of(proof(one.why, trace.alone), reading, found), one.points) for one in trace.alone.felt.steps]
    left = trace.assessment.sentiment.score - sum(step.points for step in steps)
    if abs(left) > 10**-_PLACES:
        steps.append(Step("what was weighed after all that", (), left))
    elif steps:
        steps[-1] = replace(steps[-1], points=steps[-1].points + left)
    steps += [Step(one.words, (), one.points) for one in lessons]
    if (left := seen.sentiment.score - sum(step.points for step in steps)) and abs(left) > 10**-_PLACES:
        steps.append(Step(_word(seen), (), left))
    return Waterfall(summed(steps, _PLACES), seen.sentiment.score, _meaning(seen.sentiment, settings), problem)


def _word(seen: Assessment) -> str:
    """Return, in words, who moved a judgement at last."""
    return f"{seen.corrected.who} says: {seen.sentiment.label.value}" if seen.corrected else "what was put on top"


def _untold(trace: Trace) -> list[Step]:
    """Return the step that adds nothing, where the scorer could not tell and the findings could."""
    return [Step("the sentiment scorer cannot tell", (), 0.0)] if trace.alone and trace.alone.felt.steps else []


def _scored(trace: Trace, scorer: SentimentScorer) -> tuple[list[Step], str]:
    """Return the steps to the scorer's number, and in words why they are not all there."""
    score, read = (trace.opinion.score if trace.opinion else 0.0), trace.read
    if read is None:
        return [], ""
    try:
        weights = [_weight(one) for one in scorer.weights(read.words)]
    except Exception as problem:  # noqa: BLE001 - a plug-in may raise anything
        said = f"the sentiment scorer could not say which words made its number: {type(problem).__name__}: {one_line(str(problem), 200)}"
        return [Step("the scorer's number, without its words", (), score)], said
    if not weights:
        return [Step("the scorer's number, without its words", (), score)], "the sentiment scorer names no words for its number"
    steps = _gathered(weights, read.words.text)
    left = score - sum(points for _, points in weights)
    if abs(left) <= _CLOSE:
        if steps:
            steps[-1] = replace(steps[-1], points=steps[-1].points + left)
        return steps, ""
    said = f"the words that the sentiment scorer names do not add up to its number: {score - left:+.2f} instead of {score:+.2f}"
    return [*steps, Step("what the scorer's words leave open", (), left)], said


def _weight(one: object) -> Weight:
    words, points = one if isinstance(one, tuple) else (None, None)
    if not isinstance(words, str) or isinstance(points, bool) or not isinstance(points, int | float) or not abs(points) < _TOO_MUCH:
        message = f"{one_line(repr(one), 60)} is no weight"
        raise TypeError(message)
    return Weight(words, float(points))


def _gathered(weights: Sequence[Weight], text: str) -> list[Step]:
    """Return a step for where the score starts, one for each of the strongest words in the order of the text, and one for the rest."""
    points: dict[str, float] = {}
    for words, added in weights:
        points[words] = points.get(words, 0.0) + added
    start = points.pop("", 0.0)
    points = {words: added for words, added in points.items() if added}
    told = sorted(points, key=lambda words: -abs(points[words]))[:_SHOWN]
    told = [words for words in told if abs(points[words]) >= _SMALL]
    rest = [words for words in points if words not in told]
    if len(rest) == 1 and len(told) < _SHOWN + 1:
        told, rest = [*told, *rest], []
    folded = text.casefold()
    steps = [Step("where it starts from", (), start)] if abs(start) >= 10**-_PLACES or not points else []
    steps += [
        Step("", (words,), added) if words.casefold() in folded else Step(words, (), added)  # a scorer may name what is no word of the text
        for words, added in points.items()
        if words in told
    ]
    if rest:
        steps.append(Step(f"the rest ({len(rest)} words)", (), sum(points[words] for words in rest)))
    return steps


def _meaning(seen: Sentiment, settings: SentimentSettings) -> str:
    if seen.label is Mood.UNKNOWN:
        return "neither the scorer nor a single finding could tell"
    by_score = label_of(seen.score, settings)
    if seen.label is not by_score:
        return f"{seen.label}, though its score alone would be called {by_score}"
    if seen.label is Mood.NEGATIVE:
        return f"at or below {settings.negative:g} is negative"
    if seen.label is Mood.POSITIVE:
        return f"at or above {settings.positive:g} is positive"
    return f"between {settings.negative:g} and {settings.positive:g} is neutral"


def urgency(trace: Trace, seen: Assessment, settings: UrgencySettings, full: dict[str, int]) -> Waterfall:
    """Return how the points of the urgency came about. `seen` may have storms on top; `full` are the points of each signal by the rules."""
    words = {signal.name for signal in trace.alone.found} if trace.alone else set()
    steps: list[Step] = []
    text = trace.read.reading.folded.original if trace.read else ""
    for signal in seen.signals:
        said, facts = told_apart(signal.because, text)
        if signal.name not in words:  # of the thread, or a storm
            said, facts = (), list(signal.because)
        rule = f"{signal.name} ({'; '.join(facts)})" if facts else signal.name
        steps.append(Step(rule, said, full.get(signal.name, signal.points)))
    if trimmed := sum(step.points for step in steps) - sum(signal.points for signal in seen.signals):
        fewer = [signal.name for signal in seen.signals if signal.points < full.get(signal.name, signal.points)]
        steps.append(Step(f"what merely presses never adds up to critical ({', '.join(fewer)})", (), -trimmed))
    total = sum(step.points for step in steps)
    if total > _MOST:
        steps.append(Step(f"no more than {_MOST} count", (), _MOST - total))
        total = _MOST
    if seen.urgency.points != total:
        steps.append(Step(_floor(seen, trace), (), seen.urgency.points - total))
    return Waterfall(summed(steps, 0), seen.urgency.points, _level(seen, settings))


def _floor(seen: Assessment, trace: Trace) -> str:
    if seen.corrected and "urgency" in {what for what, *_ in seen.corrected.changes}:
        return f"{seen.corrected.who} says: {seen.urgency.level.value}"
    if seen.failed and trace.assessment.failed:
        return f"what cannot be judged is at least {seen.urgency.level}: a person looks"
    return f"whoever needs a reply is at least {seen.urgency.level}"


def _level(seen: Assessment, settings: UrgencySettings) -> str:
    level = seen.urgency.level
    if not getattr(settings.levels, level.value):
        return f"below {settings.levels.normal} points is {level}"
    return f"from {getattr(settings.levels, level.value)} points on is {level}"
