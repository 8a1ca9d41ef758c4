"""`earnest show CASE`: one case, whole. It only reads, and needs no rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import click

from listener import clock
from listener.clock import in_words
from listener.model import Assessment, Mood
from listener.store.base import Row, text
from listener.store.following import Fate
from listener.text import one_line
from responders import views
from responders.cli import states
from responders.cli.base import App, common
from responders.cli.look import line_words
from responders.cli.output import Output
from responders.cli.phrases import ago, counted, due, local, moment_of, quoted
from responders.cli.records import story_json, taken_back
from responders.ledger.cases import Case
from responders.ledger.drafts import Draft
from responders.model import Decision, Delivery, DeliveryState, DraftState
from responders.silence import Silence, silence
from responders.views import Story

_WIDTH = 200  # columns of a foreign line
_LONG = 600  # columns of a reason that names its source
_THREAD_SHOWN = 20
_NO_DAEMON = "No daemon runs, so nothing happens before: earnest run. "
_VERDICTS = {
    "yes": "said yes",
    "edited": "changed the words",
    "rejected": "said no",
    "void": "said yes, which no longer counts,",
    "undone": "took it back",
    "withdrew": "had it taken off the network",
}


@click.command(epilog="Example: earnest show A-217")
@click.argument("case")
@common
def show(app: App, *, case: str) -> None:
    """Tell all of one CASE: the conversation, why it was judged so, the draft, what went out, clocks, boundaries, who did what."""
    at = clock.now()
    story = views.story(app.store.read(), case)
    if app.options.json:
        from responders.retracing import in_full  # noqa: PLC0415  # judging is slow to import

        app.out.record(story_json(replace(story, decision=in_full(app.store.read(), story.case.id))))
        return
    around = _Around(at, app.store.held(), silence(app.store, story.case.network, at=at))
    _head(app.out, story, at)
    for title, lines in _parts(story, around):
        app.out.line()
        app.out.line(title, style="bold")
        for line in lines:
            app.out.line(line)
    app.out.line()
    app.out.next_step(_next_step(story, around))


@dataclass(frozen=True, slots=True)
class _Around:
    """What an answer's fate hangs on besides its case: the time, whether a daemon works, and what keeps all answers from leaving."""

    at: datetime
    running: bool
    still: Silence | None


def _head(out: Output, story: Story, at: datetime) -> None:
    case = story.case
    urgency = f"{case.level.value.upper()} {case.points}"
    clocks = case.clocks
    answered = f"answered {ago(clocks.responded_at, at)}  " if clocks.responded_at else ""
    if clocks.respond_by or not answered:
        answered += f"{clocks.owed} response due: {due(clocks.respond_by, at)}"
    out.line(f"{case.name}  {case.state}  {case.route}  {urgency}  {case.network}  {case.brand}  {answered}".rstrip(), style="bold")


def _parts(story: Story, around: _Around) -> Iterator[tuple[str, list[str]]]:
    at = around.at
    yield "Conversation", list(_thread(story, at))
    yield "Why", list(_why(story))
    if story.draft:
        yield f"Draft ({story.draft.state.value})", list(_draft(story, story.draft, at))
    if story.sent:
        yield "Our answers", [line for delivery in story.sent for line in _delivery(delivery, story, around)]
    if story.alerts:
        yield "Alerts", [_alert(row, at) for row in story.alerts]
    yield "Clocks", list(_clocks(story.case, at))
    yield "Boundaries", list(_boundaries(story))
    if story.earlier:
        yield "Other cases with this person", [_earlier(case, at) for case in story.earlier]
    yield "Log", ["   " + "  ".join(line_words(row)).rstrip() for row in story.log] or ["   nobody did anything yet"]


def _thread(story: Story, at: datetime) -> Iterator[str]:
    if len(story.thread) > _THREAD_SHOWN:
        yield f"   … {counted(len(story.thread) - _THREAD_SHOWN, 'earlier post')}"
    for post in story.thread[-_THREAD_SHOWN:]:
        who = "we" if post.own else f"@{one_line(post.author.handle, 40)}" if post.author.handle else "(the author's name is deleted too)"
        reach = f" · {counted(post.author.followers, 'follower')}" if post.author.followers is not None and not post.own else ""
        visibility = "" if post.visibility == "public" else f" · {post.visibility.value}"
        yield f"   {who}{reach}{visibility} · {ago(post.created_at, at)}" + (f" · {one_line(post.url, _WIDTH)}" if post.url else "")
        fate = story.fates.get(post.id, Fate())
        if fate.deleted_at:
            nothing = "" if post.own else "; its words are not kept, and nothing will be answered"
            yield f"      (deleted by its author, noticed {ago(fate.deleted_at, at)}, on {local(fate.deleted_at)}{nothing})"
            continue
        yield from quoted(post.text or "(no words)", "      ")
        if fate.edited_at:
            yield f"      (edited, noticed {ago(fate.edited_at, at)}{_since_answered(story, fate.edited_at)})"


def _since_answered(story: Story, edited_at: datetime) -> str:
    """Say whether an edit came after our answer, which then answers other words than stand there now."""
    responded = story.case.clocks.responded_at
    return ", after our answer" if responded and edited_at > responded else ""


def _why(story: Story) -> Iterator[str]:
    """Yield the reasons that were stored with what was judged and decided: they are those of then, and at hand at once."""
    if story.assessment:
        yield from _judgement(story.assessment)
    if story.decision:
        yield from _decision(story.decision)
    if not story.fates.get(story.case.post_id, Fate()).deleted_at:
        yield f"   what each word weighs, and why no other route took it: earnest explain {story.case.name}"


def _judgement(seen: Assessment) -> Iterator[str]:
    for signal in seen.signals:
        words = ", ".join(f'"{one_line(word, 80)}"' for word in signal.because)
        yield f"   {signal.name} {words} +{signal.points}" if words else f"   {signal.name} +{signal.points}"
    known = seen.sentiment.label is not Mood.UNKNOWN
    mood = f"{seen.sentiment.label.value} {seen.sentiment.score:+.2f}{seen.sentiment.surely}" if known else "unknown"
    extra = [name for name in ("moment_of_truth", "sarcasm", "hidden") if getattr(seen, name)]
    about = [f"mood {mood}", seen.intent.value, f"language {seen.language}", *(name.replace("_", " ") for name in extra)]
    yield "   " + " · ".join(about)
    if seen.learned:
        yield f"   {seen.learned:+.2f} of the mood was learned from corrections; which: earnest report judgement"
    if seen.corrected:
        yield f"   {one_line(str(seen.corrected), _WIDTH)}, on {local(seen.corrected.at)}"
    if seen.failed:
        yield f"   could not be judged: {one_line(seen.failed, _WIDTH)}"


def _decision(decision: Decision) -> Iterator[str]:
    yield f"   route {decision.route} (rules {decision.rule_version or 'without a version'}): {', '.join(decision.actions) or 'nothing'}"
    for step in decision.trace:
        if step.matched:
            yield f"   because {one_line(step.because, _WIDTH)}"
    for shadow in decision.shadows:
        yield f"   {one_line(shadow.route, 40)} (shadow) {one_line(shadow.because, _WIDTH)}"
    for hold in decision.holds:
        until = f", until {hold.until.astimezone():%Y-%m-%d %H:%M %Z}" if hold.until else ""
        weight = "forbidden" if hold.forbids else "to be posted by hand" if hold.by_hand else "held"
        yield f"   {weight} by {hold.gate}: {one_line(hold.reason, _LONG)}{until}"


def _draft(story: Story, draft: Draft, at: datetime) -> Iterator[str]:
    for kind, words in (("public", draft.public), ("private", draft.private)):
        if words is not None:
            yield f"   {kind}"
            yield from quoted(words, "      ")
    if draft.answer:
        yield f"   answer {one_line(str(draft.answer), _LONG)}"
    for problem in draft.problems:
        yield f"   cannot leave as it is: {one_line(problem, _WIDTH)}"
    if draft.reason:
        yield f"   {one_line(draft.reason, _WIDTH)}"
    for word in story.words:
        why = f": {one_line(word.reason, _WIDTH)}" if word.reason else ""
        yield f"   {one_line(word.who, 40)} {_VERDICTS.get(word.verdict, word.verdict)} {ago(word.at, at)}{why}"
    if draft.state is DraftState.WAITING:
        said = sum(word.verdict == "yes" for word in story.words)
        yield f"   {said} of {draft.approvals_needed} said yes" + (
            f"; undecided, it lapses {ago(draft.expires_at, at)}" if draft.expires_at else ""
        )


def _delivery(delivery: Delivery, story: Story, around: _Around) -> Iterator[str]:
    recall = taken_back(delivery, story.log)
    reason = f": {one_line(delivery.reason, _WIDTH)}" if delivery.reason and not (recall and recall.reason == delivery.reason) else ""
    yield f"   {states.stands(delivery)}{reason}"
    if recall:
        said = f': "{one_line(recall.reason, _WIDTH)}"' if recall.reason else ""
        yield f"   {one_line(recall.who, 40)} asked for that {ago(recall.at, around.at)}{said}"
    if delivery.state is DeliveryState.READY and around.still:
        yield f"   it waits: {one_line(around.still.why, _WIDTH)}"
    if delivery.remote_url:
        yield f"   {one_line(delivery.remote_url, _WIDTH)}"
    for line in states.what_to_do(delivery, story.sent, running=around.running):
        yield f"   {line}"
    yield from quoted(delivery.text, "      ")


def _alert(row: Row, at: datetime) -> str:
    told = moment_of(row, "told_at")
    how = f"told {ago(told, at)}" if told else f"NOT told yet: {one_line(text(row, 'problem'), _WIDTH) or 'it is being tried'}"
    return f"   {one_line(text(row, 'team'), 40)} {how}"


def _clocks(case: Case, at: datetime) -> Iterator[str]:
    clocks = case.clocks
    parts = [f"first response: {f'given {ago(clocks.responded_at, at)}' if clocks.responded_at else due(clocks.respond_by, at)}"]
    if clocks.responded_at and clocks.respond_by:
        parts.append(f"next response: {due(clocks.respond_by, at)}")
    left = clocks.left(at)
    if left is not None and clocks.paused_at:
        late = "over time" if left < timedelta() else f"{in_words(left)} left"
        parts.append(f"resolution: {late}, stopped while we wait for the person")
    else:
        parts.append(f"resolution: {due(clocks.resolve_by, at)}")
    yield "   " + " · ".join([*parts, f"opened {ago(case.opened_at, at)}"])
    if clocks.schedule.hours and (clocks.respond_by or clocks.resolve_by):
        running = [moment for moment in (clocks.respond_by, None if clocks.paused_at else clocks.resolve_by) if moment]
        until = f": the next is due on {local(min(running)).removesuffix(':00')}" if running else ""
        yield f"   these clocks run in business hours only{until}"
    if case.snoozed_until and case.snoozed_until > at:
        yield f"   snoozed: back {ago(case.snoozed_until, at)}"
    yield f"   team {one_line(case.team, 40) or '-'} · assigned to {one_line(case.assignee, 40) or 'nobody'}"


def _boundaries(story: Story) -> Iterator[str]:
    if story.suppressed:
        yield f'   this person asked us to stop: "{one_line(story.suppressed, _WIDTH)}". Nothing is sent to them'
    else:
        yield "   this person set none"


def _earlier(case: Case, at: datetime) -> str:
    return f"   {case.name} {case.state} {case.route} {case.level.value} {ago(case.updated_at, at)}"


def _next_step(story: Story, around: _Around) -> str:
    name, sent = story.case.name, {one.state for one in story.sent}
    if parked := [one for one in story.sent if one.state is DeliveryState.PARKED]:
        there, absent = states.settling(parked[0], story.sent)
        return f"Look whether our {parked[0].kind.value} answer is there. It is: {there}. It is not: {absent}"
    if to_post := [one for one in story.sent if one.state is DeliveryState.BY_HAND]:
        return f"Post it by hand: {states.post_link(to_post[0])} Then: {states.posting(to_post[0])}"
    if story.draft and story.draft.state is DraftState.WAITING:
        return f"Decide: earnest approve {name}, earnest edit {name}, earnest reject {name}"
    if DeliveryState.READY in sent:
        leaves = f"It leaves {one_line(around.still.after, _WIDTH)}. " if around.still else "" if around.running else _NO_DAEMON
        return f"{leaves}Take it back while it has not left: earnest undo {name}"
    if sent & {DeliveryState.WITHDRAWING, DeliveryState.UNKNOWN}:
        return f"Earnest is at it. See how it ends: earnest show {name}" if around.running else _NO_DAEMON.rstrip()
    return _after_all(story, name, sent)


def _after_all(story: Story, name: str, sent: set[DeliveryState]) -> str:
    """Say what is left to do where nothing is on its way and nothing waits for anybody."""
    if DeliveryState.SENT in sent:
        if all(one.by_hand for one in story.sent if one.state is DeliveryState.SENT):
            return f"What else waits: earnest inbox. Where it was deleted there: earnest absent {name}"
        return f"What else waits: earnest inbox. Take it off {story.case.network} again: earnest withdraw {name} --reason TEXT"
    if DeliveryState.WITHDRAWN in sent and not story.suppressed:
        return f"Say something else: earnest edit {name} --text TEXT. What else waits: earnest inbox"
    if story.fates.get(story.case.post_id, Fate()).deleted_at:
        return "Nothing is left to answer here. What else waits: earnest inbox"
    if not story.draft and not story.suppressed:
        return f"Why there is no draft: earnest explain {name}. Write one: earnest edit {name} --text …"
    return "What else waits: earnest inbox"
