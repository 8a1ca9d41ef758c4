"""`earnest report judgement`: how far Earnest and people agree, and what it learned from them. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from listener import clock
from responders.cli.base import App, common
from responders.cli.filters import to_span
from responders.cli.phrases import counted

if TYPE_CHECKING:
    from listener.scoring.learned import Adjustment
    from responders.agreement import Agreement

_LESSONS = 10


@click.command(epilog="Example: earnest report judgement --since 30d")
@click.option("--since", type=to_span, metavar="SPAN", help="Only what was said in the last: 7d, 12w; else all of it.")
@common
def judgement(app: App, *, since: timedelta | None) -> None:
    """Say how often people agreed with how posts are judged, week by week, what was confused, and what was learned from it.

    Only what a person said of a judgement counts: f in `earnest review`, or `earnest correct`.
    """
    from responders.agreement import agreement  # noqa: PLC0415  # judging is slow to import

    found = agreement(app.store.read(), app.book_to_look, since=clock.now() - since if since else None)
    if app.options.json:
        app.out.record(found.to_json())
        return
    for line in _lines(found):
        app.out.line(line, style="" if line.startswith(" ") else "bold")
    app.out.next_step(_next_step(found))


def _lines(found: Agreement) -> Iterator[str]:
    if found.said:
        yield f"Of how {counted(found.said, 'post')} {'was' if found.said == 1 else 'were'} judged, people said what is right:"
    for week in found.weeks:
        told = ", ".join(f"{what} {agreed} of {of}" for what, (of, agreed) in week.agreed.items())
        yield f"  week of {week.begins:%Y-%m-%d}: Earnest was right in {told}"
    unsaid = f"{counted(found.unsaid, 'draft was', 'drafts were')} approved without a word on the judgement, which is not counted"
    yield f"  besides, {unsaid}" if found.said else f"Nobody said yet how a post should have been judged; {unsaid}"
    if found.confused:
        yield "What was confused:"
        for (what, was, now), times in found.confused.items():
            yield f"  {what}: judged {was}, people say {now}: {times}"
    yield from _signals(found)
    for brand, one in found.learned.items():
        yield from _learned(brand, one)


def _signals(found: Agreement) -> Iterator[str]:
    if not (found.lowered or found.raised):
        return
    yield "Urgency, which is not learned (mend the words under scoring.urgency.signals in rules.yaml):"
    if found.lowered:
        yield f"  {counted(found.lowered, 'post')} less urgent than judged; found in them: {_by(found.rang_falsely)}"
    if found.raised:
        yield f"  {counted(found.raised, 'post')} more urgent than judged; found in them: {_by(found.missed)}"


def _by(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'nothing'} {times}" for name, times in found.items()) or "nothing"


def _learned(brand: str, one: Adjustment) -> Iterator[str]:
    from responders.agreement import strongest  # noqa: PLC0415  # as above

    figures = one.figures
    yield f"Learned for {brand} from {counted(len(one.said), 'text')}:"
    yield f"  mood right in {figures.before} of {figures.of} without it, {figures.after} with it (each judged by what the others teach)"
    if one.held:
        yield "  that would be worse, so only the same words again are judged as people said; these lessons are not used:"
    for word, lesson in strongest(one.lessons or one.held)[:_LESSONS]:
        yield f'  "{word}" {lesson.points:+.2f}, from {lesson.posts} corrections'
    if not (one.lessons or one.held):
        yield "  so far only the same words again: a word counts in other posts once it stands in three corrections"


def _next_step(found: Agreement) -> str:
    if not found.said:
        return "Say so: press f in earnest review, or: earnest correct CASE"
    return "Each of them: earnest corrections. Take one back: earnest corrections --undo ID"
