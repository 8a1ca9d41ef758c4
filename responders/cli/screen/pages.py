"""The pages behind a key: why, the conversation, the person's history; and what stands there when nothing waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listener.clock import in_words
from listener.store.following import Fate
from listener.text import one_line
from responders.cli.screen.lines import ALARM, BLANK, FAINT, MARGIN, STRONG, Line, block, labelled
from responders.cli.states import stands
from responders.cli.waterfall import told
from responders.ledger.cases import Case
from responders.model import Decision, Delivery, Hold
from responders.rejudging import Rejudged
from responders.views import Pending, Story

_LONGEST_NAME = 40


def why(one: Pending, decision: Decision | None, width: int, reasons: Rejudged | None = None, *, blocks: bool = True) -> list[Line]:
    """Return how a post was judged, which route took it and why, why the others did not, and what holds the answer back."""
    return [*_decided(one, decision, width), BLANK, *_reasons(reasons, width, blocks=blocks)]


def _reasons(reasons: Rejudged | None, width: int, *, blocks: bool) -> list[Line]:
    """Return the steps to the mood and the urgency and the reasons of the rest; where another judge judged it, that first."""
    if reasons is None:
        return block("The words of the post are gone, so nobody can tell how it was judged.", width)
    notes = [line for note in reasons.notes() for line in block(note, width, ALARM)]
    drawn = told(reasons.found, width - MARGIN, blocks=blocks)
    return [*notes, *(((" " * MARGIN, ""), (line, "")) for line in drawn)]


def _decided(one: Pending, decision: Decision | None, width: int) -> list[Line]:
    if decision is None:
        return block("Nothing is stored about how this case was decided.", width)
    lines = block(f"The route {decision.route} took it (rules {decision.rule_version or 'unknown'}).", width, STRONG)
    lines += [BLANK, *block("Looked at, from top to bottom:", width, FAINT)]
    for step in decision.trace:
        took = " took it" if step.matched else " (shadow)" if step.shadow else ""
        lines += labelled("=>" if step.matched else "", f"{step.route}{took}: {step.because}", width, STRONG if step.matched else "")
    lines += [BLANK, *block(f"It asks for: {', '.join(decision.actions) or 'nothing'}", width)]
    lines += [BLANK, *_judgement(one, width)]
    return [*lines, BLANK, *_holds(decision.holds, width)]


def _judgement(one: Pending, width: int) -> list[Line]:
    lines = block(f"Urgency {one.urgency.level.value}, {one.urgency.points} points, from:", width, FAINT)
    signals = one.assessment.signals if one.assessment else ()
    for signal in signals:
        quoted = ", ".join(f'"{words}"' for words in signal.because) or "no words of the post"
        lines += labelled(f"+{signal.points}", f"{signal.name}: {quoted}", width)
    return lines if signals else block("No signal was found in the words.", width, FAINT)


def _holds(holds: Sequence[Hold], width: int) -> list[Line]:
    if not holds:
        return block("No boundary holds it back.", width)
    lines = block("Boundaries that hold it back:", width, FAINT)
    for hold in holds:
        lines += labelled("never" if hold.forbids else "held", f"{hold.gate}: {hold.reason}", width, ALARM if hold.forbids else "")
    return lines


def conversation(story: Story, now: datetime, width: int) -> list[Line]:
    """Return the whole thread, oldest first, what we sent or are about to send, and the link."""
    lines: list[Line] = []
    for post in story.thread:
        who = "We" if post.own else f"@{post.author.handle}"
        here = "  <= this post" if post.id == story.case.post_id else ""
        lines += block(f"{one_line(who, _LONGEST_NAME)}, {in_words(now - post.created_at)} ago{here}", width, STRONG)
        fate = story.fates.get(post.id, Fate())
        words = "(deleted by its author; nothing will be answered)" if fate.deleted_at else post.text or "(no words)"
        lines += [*block(words, width, margin=6), BLANK]
        if fate.edited_at and not fate.deleted_at:
            lines[-1:-1] = block(f"edited, noticed {in_words(now - fate.edited_at)} ago", width, FAINT, margin=6)
        if here and post.url:
            lines[-1:-1] = block(post.url, width, FAINT, margin=6)
    for sent in story.sent:
        lines += [*block(_delivery(sent), width, STRONG), *block(sent.text, width, margin=6), BLANK]
    return lines or block("Nothing of this conversation is stored any more.", width)


def _delivery(sent: Delivery) -> str:
    reason = f" ({sent.reason})" if sent.reason else ""
    where = f" {sent.remote_url}" if sent.remote_url else ""
    return f"Our {stands(sent)}{reason}{where}"


def history(one: Pending, earlier: Sequence[Case], suppressed: str, now: datetime, width: int) -> list[Line]:
    """Return a person's earlier cases, newest first, and whether they asked us to stop."""
    handle = one_line(one.post.author.handle, _LONGEST_NAME)
    lines = block(f'@{handle} asked us to stop: "{suppressed}"', width, ALARM) if suppressed else []
    if not earlier:
        return [*lines, *block(f"This is the first case with @{handle}.", width)]
    for case in earlier:
        said = f"{case.route or 'no route'}, {case.level.value}, {case.state}, {in_words(now - case.opened_at)} ago"
        lines += labelled(case.name, said, width)
    return [*lines, BLANK, *block(f"earnest show {earlier[0].name} tells a case whole.", width, FAINT)]


def nothing_waits(filtered: str, width: int) -> list[Line]:
    """Return what stands on the screen when no draft waits; `filtered` says what it was narrowed to."""
    if filtered:
        return [
            *block(f"No draft waits that fits: {filtered}", width, STRONG),
            BLANK,
            *block("Press / and Enter to see everything that waits.", width),
        ]
    return [
        *block("No draft waits. Everything is decided.", width, STRONG),
        BLANK,
        *block("New drafts appear here by themselves while the daemon runs.", width),
        *block("earnest status says whether it listens; earnest mentions shows everything heard; q leaves.", width),
    ]
