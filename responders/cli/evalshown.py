"""The figures of `earnest eval` for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from listener.measuring.classes import UNKNOWN, Classes
from listener.measuring.cuts import LEAST
from listener.measuring.judged import Wrong
from listener.measuring.labelled import COMPLAINT
from listener.measuring.measures import Measured, Ranking
from listener.measuring.shares import Estimate
from listener.measuring.thresholds import Found
from listener.model import Level
from listener.text import one_line
from responders.cli.output import Output
from responders.cli.phrases import counted, quoted

_FEW = 100  # posts, below which a figure can be off by ten in a hundred and more
_NAME = 16  # columns of a class
_MATRIX = 9  # answers that stand beside one another
_MIXED_UP = 8
_SPLIT = ("sentiment", "urgency", "intent")
_VALUES = 12
_TITLES = {
    "sentiment": "Mood (sentiment)",
    "needs_reply": "Needs a reply (needs_reply)",
    "moment_of_truth": "Moment of truth (moment_of_truth)",
}
_CALM = (Level.LOW.value, Level.NORMAL.value)
_CRITICAL = Level.CRITICAL.value
_LONG = 600  # columns of a post


def show(out: Output, measured: Measured) -> None:
    """Tell all figures of one scorer."""
    for part in measured.whole:
        _title(out, f"{_title_of(part.aspect)}: {counted(part.figures.posts, 'post')}")
        _whole(out, part.figures)
        for line in _urgently(part.figures) if part.aspect == "urgency" else ():
            out.line(f"   {line}")
        for ranking in measured.rankings:
            if ranking.name.startswith(part.aspect):
                out.line(f"   {_ranked(ranking)}")
        if part.aspect == "sentiment" and measured.calibration is None:
            out.line("No mood was said with how sure it is.")
        if part.aspect in _SPLIT:
            _split(out, measured, part.aspect)
    for ranking in measured.rankings:
        if ranking.name == COMPLAINT:
            _title(out, f"Complaints ({COMPLAINT}): {counted(ranking.of, 'post')}")
            out.line(f"   {_ranked(ranking)}")
    _sureness(out, measured)
    for found in measured.found:
        _thresholds(out, found)


def show_beside(out: Output, several: Sequence[Measured]) -> None:
    """Tell the figures that sum up each scorer, side by side."""
    out.line()
    rows: dict[str, list[str]] = {}
    for place, measured in enumerate(several):
        for name, words in _summed_up(measured):
            rows.setdefault(name, ["-"] * len(several))[place] = words
    head = ("FIGURE", *(one_line(measured.scorer, _NAME) for measured in several))
    out.table(head, [(name, *cells) for name, cells in rows.items()])


def show_wrong(out: Output, wrong: Wrong) -> None:
    """Tell one post that was judged wrongly: where it stands, what was expected and said, and what made it so."""
    one = wrong.judged
    mood = one.assessment.sentiment
    out.line()
    out.line(one.row.where, style="bold")
    out.line("   " + " · ".join(f"{miss.aspect}: expected {miss.expected}, said {miss.said}" for miss in wrong.misses))
    for line in quoted(one_line(one.row.post.text, _LONG)):
        out.line(line)
    known = [f"mood {mood.score:+.2f}{mood.surely}"] if mood.label.value != UNKNOWN else []
    made = [*known, f"urgency {one.assessment.urgency.points}", *(one_line(word, _LONG) for word in wrong.words)]
    out.line("   because: " + " · ".join(made))


def share(one: Estimate | None) -> str:
    """Say a share: "82 % (66 to 91)"."""
    return f"{one.value * 100:.0f} % ({one.low * 100:.0f} to {one.high * 100:.0f})" if one else "-"


def figure(one: Estimate) -> str:
    """Say a figure from 0 to 1: "0.79 (0.66 to 0.90)"."""
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _title(out: Output, words: str) -> None:
    out.line()
    out.line(words, style="bold")


def _title_of(aspect: str) -> str:
    return _TITLES.get(aspect, aspect.replace("_", " ").capitalize())


def _whole(out: Output, found: Classes) -> None:
    out.line(f"   right          {share(found.right)}")
    out.line(f"   macro recall   {figure(found.macro_recall)}")
    out.line(f"   macro F1       {figure(found.macro_f1)}")
    if found.unknown:
        out.line(f"   unknown        {share(found.unknown)}; that counts as wrong")
    out.line()
    each = [(one.name, one.posts, share(one.recall), share(one.precision), f"{one.f1:.2f}") for one in found.each]
    out.table(("EXPECTED", "POSTS", "FOUND (RECALL)", "RIGHT WHERE SAID (PRECISION)", "F1"), each, widths=(_NAME,))
    few = [f"{one.name} ({one.posts})" for one in found.each if one.posts < LEAST]
    if few:
        out.line(f"Fewer than {LEAST} posts, so hardly more than a guess: {', '.join(few)}.")
    if len(found.said) > 1:
        _confusion(out, found)


def _confusion(out: Output, found: Classes) -> None:
    """Show what was said of the posts of each class; of many classes, only what was taken for what most often."""
    out.line()
    if len(found.said) > _MATRIX:
        mixed = sorted(((many, pair) for pair, many in found.counts.items() if pair[0] != pair[1]), reverse=True)[:_MIXED_UP]
        for many, (expected, said) in mixed:
            out.line(f"{one_line(expected, _NAME)} was called {one_line(said, _NAME)}: {many:,}")
        return
    room = max((out.columns - _NAME) // len(found.said) - 2, 5)
    head = ("EXPECTED, SAID:", *(one_line(name, room) for name in found.said))
    cells = [[f"{found.counts.get((expected, said), 0) or '·'}" for said in found.said] for expected in found.expected]
    out.table(head, [(expected, *row) for expected, row in zip(found.expected, cells, strict=True)], widths=(_NAME,))


def _urgently(found: Classes) -> Iterator[str]:
    """Say the two failures that matter: an emergency nobody is called to, and a call for nothing."""
    missed = sum(found.counts.get((_CRITICAL, said), 0) for said in _CALM)
    if _CRITICAL in found.expected:
        were = "was" if missed == 1 else "were"
        yield f"{counted(missed, 'critical post') if missed else 'No critical post'} {were if missed else 'was'} called normal or low."
    alarms = sum(found.counts.get((expected, _CRITICAL), 0) for expected in _CALM)
    were = "was" if alarms <= 1 else "were"
    yield f"{f'{alarms:,}' if alarms else 'No'} normal or low {'post' if alarms <= 1 else 'posts'} {were} called critical."


def _ranked(one: Ranking) -> str:
    what = "complaints" if one.name == COMPLAINT else one.name.removeprefix("urgency ")
    how = "Intent, mood and points rank" if one.name == COMPLAINT else "Points rank"
    return f"{how} {what} ({one.above:,} of {one.of:,}) over the rest: AUROC {figure(one.area)}"


def _split(out: Output, measured: Measured, aspect: str) -> None:
    """Show the figures of each value of the column; values of few posts are only counted."""
    parts = sorted((part for part in measured.parts if part.aspect == aspect), key=lambda part: -part.figures.posts)
    shown = [part for part in parts if part.figures.posts >= LEAST][:_VALUES]
    if len(parts) < 2 or not shown:  # noqa: PLR2004 - one value is the whole
        return
    out.line()
    rows = [(part.value, part.figures.posts, share(part.figures.right), figure(part.figures.macro_recall)) for part in shown]
    out.table((one_line(measured.by, _NAME).upper(), "POSTS", "RIGHT", "MACRO RECALL"), rows, widths=(_NAME,))
    if rest := parts[len(shown) :]:
        out.line(f"And with fewer posts: {', '.join(f'{one_line(part.value, _NAME)} ({part.figures.posts})' for part in rest)}.")


def _sureness(out: Output, measured: Measured) -> None:
    found = measured.calibration
    if found is None:
        return
    _title(out, f"How sure it is of the mood: {counted(found.posts, 'post')}")
    without = f" {counted(found.without, 'post')} came without." if found.without else ""
    out.line(f"   off by {found.error:.3f} on average (expected calibration error in ten ranges; 0 is perfect).{without}")
    rows = [
        (f"{one.low * 100:.0f} to {one.high * 100:.0f} %", one.posts, f"{one.sure * 100:.0f} %", f"{one.right * 100:.0f} %")
        for one in found.bins
    ]
    out.table(("SURE", "POSTS", "ON AVERAGE", "RIGHT"), rows)


def _thresholds(out: Output, found: Found) -> None:
    place = f"scoring.{found.setting}"
    one = found.suggestion
    if one is None:
        name, posts = found.rarest
        out.line()
        out.line(f"Thresholds ({place}): nothing can be said with {posts} posts that are {name}; each needs at least {LEAST}.")
        return
    if not one.surely:
        out.line()
        why = "yours are the best for these posts" if one.best == one.now else "no others are better than chance would make them"
        out.line(f"Thresholds ({place}): {why}. Keep them.")
        return
    _title(out, f"Thresholds ({place}) that suit these posts better, for rules.yaml")
    out.line(f"   macro recall {one.before:.2f} would be {one.before + one.gain:.2f}, measured on posts they were not chosen by")
    for line in pasted(found):
        out.line(line, whole=True)


def pasted(found: Found) -> list[str]:
    """Return the lines of rules.yaml that set the suggested thresholds."""
    if found.suggestion is None:
        return []
    values = [f"{name}: {value:g}" for name, value in zip(found.names, found.suggestion.best, strict=True)]
    if found.setting == "sentiment":
        return ["scoring:", "  sentiment:", *(f"    {value}" for value in values)]
    return ["scoring:", "  urgency:", f"    levels: {{low: 0, {', '.join(values)}}}"]


def few(posts: int) -> str:
    """Say where a file is so small that its figures mislead; nothing where it is not."""
    if posts >= _FEW:
        return ""
    return f"{counted(posts, 'post says', 'posts say')} little. In 19 of 20 such files the truth lies within the brackets: read those."


def _summed_up(measured: Measured) -> Iterator[tuple[str, str]]:
    for part in (*measured.whole, *measured.parts):
        name = f"{part.aspect}, {one_line(part.value, _NAME)}" if part.value else part.aspect
        if not part.value:
            yield f"{name}: right", share(part.figures.right)
        yield f"{name}: macro recall", figure(part.figures.macro_recall)
        if not part.value:
            yield f"{name}: macro F1", figure(part.figures.macro_f1)
        if part.figures.unknown and not part.value:
            yield f"{name}: unknown", share(part.figures.unknown)
    for ranking in measured.rankings:
        yield f"{ranking.name}: AUROC", figure(ranking.area)
    if measured.calibration:
        yield "sentiment: calibration error", f"{measured.calibration.error:.3f}"
