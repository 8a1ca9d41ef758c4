"""Waterfalls on a terminal: bars left and right of zero, a line for each step, and the reasons in words.

Plain functions from an explanation to lines that are safe to show, each of at most so many columns as a terminal gives them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TextIO

from listener.model import Mood
from listener.scoring.explained import Explanation
from listener.scoring.reasons import Reason
from listener.scoring.steps import Step, Waterfall
from listener.text import display_width, one_line

_MARGIN = 3
_QUOTE = 40  # columns of the author's words
_POINTS = 7  # columns of a number, with a space before it
_MOST_SIDE, _LEAST_SIDE = 14, 4  # columns of bars on one side of zero
_GAP = 2
_LABEL = 18  # columns of what a reason is about
_DULL = {"moment_of_truth", "sarcasm"}  # a plain no of these is what everybody expects


def blocks_fit(stream: TextIO | None) -> bool:
    """Whether a stream can show block characters: it writes UTF-8, and nobody asked for a plain terminal."""
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return encoding.startswith("utf8") and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def told(found: Explanation, width: int, *, blocks: bool) -> list[str]:
    """Return the whole explanation: the mood, the urgency, and the other parts, each with its reasons."""
    seen = found.assessment
    lines = [*_fold(f"Mood: {_mood(found)} ({found.mood.meaning}{found.assessment.sentiment.surely})", width)]
    lines += bars(found.mood, seen.sentiment.label.value, width, places=2, blocks=blocks)
    lines += _fold(f"Urgency: {seen.urgency.level.value} {seen.urgency.points} ({found.urgency.meaning})", width)
    lines += bars(found.urgency, seen.urgency.level.value, width, places=0, blocks=blocks)
    return [*lines, "The other parts:", *(line for one in found.reasons for line in _reason(one, width))]


def bars(fall: Waterfall, name: str, width: int, *, places: int, blocks: bool) -> list[str]:
    """Return a line for each step of a waterfall and one for where it ends, called `name`; nothing where there are no steps."""
    problem = _fold(f"! {one_line(fall.problem, 400)}", width, _MARGIN) if fall.problem else []
    if not fall.steps:
        return problem
    shown = [*(step.points for step in _rounded(fall.steps, places)), round(fall.total, places)]
    labels = [*map(_label, fall.steps), f"= {name}"]
    side = max(_LEAST_SIDE, min(_MOST_SIDE, (width - _MARGIN - _POINTS - _GAP) // 5))
    room = width - _MARGIN - _GAP - (2 * side + 1) - _POINTS
    most = max(*map(abs, shown), 10 ** (1 - places))  # ten of the least that is shown: a breath of a mood is no full bar
    lines: list[str] = []
    for label, points in zip(labels, shown, strict=True):
        first, *more = _wrap(label, room)
        number = f"{points:+.{places}f}".rjust(_POINTS)
        bar = _bar(points / most, side, blocks=blocks)
        lines.append(f"{'':<{_MARGIN}}{first}{' ' * (room - display_width(first) + _GAP)}{bar}{number}")
        lines += [f"{'':<{_MARGIN + 2}}{one}" for one in more]
    return [*lines, *problem]


def _rounded(steps: Sequence[Step], places: int) -> Iterator[Step]:
    """Yield the steps with points as they are shown: they still add up, to the total as it is shown."""
    before = 0.0
    for step in steps:
        after = round(step.total, places)
        yield Step(step.rule, step.quotes, round(after - before, places), after)
        before = after


def _label(step: Step) -> str:
    quotes = ", ".join(f'"{one_line(words, _QUOTE)}"' for words in step.quotes)
    rule = one_line(step.rule, 200)
    return f"{rule}: {quotes}" if rule and quotes else rule or quotes


def _bar(share: float, side: int, *, blocks: bool) -> str:
    """Return a bar of a share (-1 to 1) of one side, left or right of zero; what is more than nothing is seen."""
    halves = max(round(abs(share) * side * 2), 1) if share else 0
    full, half = divmod(halves, 2) if blocks else (-(-halves // 2), 0)
    whole, line = ("█", "│") if blocks else ("#", "|")
    if share < 0:
        return ("▐" * half + whole * full).rjust(side) + line + " " * side
    return " " * side + line + (whole * full + "▌" * half).ljust(side)


def _mood(found: Explanation) -> str:
    mood = found.assessment.sentiment
    return mood.label.value if mood.label is Mood.UNKNOWN else f"{mood.label.value} {mood.score:+.2f}"


def _reason(one: Reason, width: int) -> Iterator[str]:
    """Yield a reason behind what it is about; a plain no that nobody asks about is left out."""
    if one.about in _DULL and one.answer == "no" and not one.quotes:
        return
    about = one_line(one.about.replace("_", " "), _LABEL - 2)
    quotes = ", ".join(f'"{one_line(words, _QUOTE)}"' for words in one.quotes)
    beside = f" ({one_line(one.beside, 300)})" if one.beside else ""
    said = f"{one.answer}: {one_line(one.because, 300)}{f': {quotes}' if quotes else ''}{beside}"
    for number, line in enumerate(_wrap(said, width - _MARGIN - _LABEL)):
        yield f"{'':<{_MARGIN}}{'' if number else about:<{_LABEL}}{line}"


def _fold(words: str, width: int, margin: int = 0) -> list[str]:
    return [f"{'':<{margin if not number else margin + 2}}{line}" for number, line in enumerate(_wrap(words, width - margin - 2))]


def _wrap(words: str, width: int) -> list[str]:
    """Return words in lines of at most `width` columns, broken at spaces; a word that is wider is cut."""
    lines = [""]
    for word in words.split():
        fits = word if display_width(word) <= width else one_line(word, width)
        joined = f"{lines[-1]} {fits}".lstrip()
        if display_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(fits)
    return lines
