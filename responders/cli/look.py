"""`earnest inbox`, `earnest mentions` and `earnest log`: the lists. They only read, and need no rules."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from listener import clock
from listener.store.base import Row, number, text, unpack
from listener.text import one_line
from responders import heardlist, views
from responders.cli import states
from responders.cli.base import App, common
from responders.cli.competitors import named
from responders.cli.filters import filtered, to_span
from responders.cli.output import Output
from responders.cli.phrases import counted, due, local
from responders.cli.records import line_json, mention_json
from responders.ledger import audit, cases
from responders.model import Delivery, DeliveryState
from responders.unsettled import ToPost, Unsettled
from responders.views import Filters, Pending, Waiting

_FOLLOW_EVERY = 0.5  # seconds
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_DIGEST_SHOWN = 12


_NO_WORDS = 'Nothing was heard that fits. Words are found whole: "charge" does not find "charged". Everything heard: earnest mentions'
_LIMIT = click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="How many at most.")


@click.command(epilog="Example: earnest inbox --urgency high --overdue")
@_LIMIT
@filtered
@common
def inbox(app: App, filters: Filters, *, limit: int) -> None:
    """List the drafts that wait for a person, the most urgent first; then the answers that ask for one.

    These are answers of which nobody can tell whether they are there, and approved ones that are posted by hand. Of more than --limit the
    most urgent are listed, and it is said how many there are (with --json on stderr).
    """
    at, reader = clock.now(), app.store.read()
    found = views.inbox(reader, filters, at=at, limit=limit)
    asking = views.asking(reader, filters, at=at) if len(found) >= limit else len(found)
    rest = f"{asking:,} ask for a person; listed are the {limit:,} most urgent (--limit)" if asking > limit else ""
    waiting, parked = [one for one in found if isinstance(one, Waiting)], [one for one in found if not isinstance(one, Waiting)]
    if app.options.json:
        for line in (*(one.to_json() for one in waiting), *(one.to_json() for one in parked)):
            app.out.record(line)
        if rest:
            app.out.talk(rest)
        return
    rows = [_inbox_row(one, _post_by_hand(one) + one.post.text, at) for one in waiting]
    if not app.out.terminal:  # every row of a pipe has the same columns
        rows += [_inbox_row(one, _in_one_sentence(one, parked), at) for one in parked]
    if rows:
        head = ("CASE", "ROUTE", "URGENCY", "DUE IN", "NETWORK", "AUTHOR", "TEXT")
        app.out.table(head, rows, widths=(10, 16, 12, 12, 12, 20))
    if app.out.terminal:
        _show_parked(app.out, parked)
    app.out.next_step(_inbox_next(waiting, parked, filters, rest))


def _inbox_row(one: Pending, words: str, at: datetime) -> Sequence[str]:
    return (
        one.case.name,
        one.route,
        f"{one.urgency.level.value} {one.urgency.points}",
        due(one.case.clocks.respond_by, at),
        one.post.network,
        f"@{one.post.author.handle}",
        words,
    )


def _post_by_hand(one: Waiting) -> str:
    return "(by hand) " if any(hold.by_hand for hold in one.holds) else ""


def _in_one_sentence(one: Unsettled, among: Sequence[Unsettled]) -> str:
    this = one.delivery
    if isinstance(one, ToPost):
        return f"{this.kind.value} answer to post by hand at {states.post_link(this)} Then: {states.posting(this)}"
    there, absent = states.settling(this, [other.delivery for other in among])
    where = states.post_link(this)
    return f"{this.kind.value} answer: {states.doubt(this)}. Look: {where} It is there: {there}. It is not: {absent}"


def _show_parked(out: Output, parked: Sequence[Unsettled]) -> None:
    all_of_them = [one.delivery for one in parked]
    for one in all_of_them:
        out.line()
        out.line(f"{one.case} {one.kind.value} answer: {_what_is_asked(one)}", style="bold")
        for line in states.what_to_do(one, all_of_them, running=True):
            out.line(f"   {line}")
    if parked:
        out.line()


def _what_is_asked(one: Delivery) -> str:
    return "post it by hand" if one.state is DeliveryState.BY_HAND else states.doubt(one)


def _inbox_next(waiting: Sequence[Waiting], parked: Sequence[Unsettled], filters: Filters, rest: str) -> str:
    drafts = f"{counted(len(waiting), 'draft waits', 'drafts wait')}" if waiting else ""
    hands = sum(isinstance(one, ToPost) for one in parked)
    doubts = f"{counted(len(parked) - hands, 'answer is', 'answers are')} in doubt" if len(parked) > hands else ""
    to_post = f"{counted(hands, 'answer waits', 'answers wait')} to be posted by hand" if hands else ""
    if drafts or parked:
        first = (waiting[0] if waiting else parked[0]).case.name
        return f"{rest or '; '.join(filter(None, (drafts, doubts, to_post)))}. Decide: earnest review. Look closer: earnest show {first}"
    if filters != Filters():
        return "No draft fits these filters. All that wait: earnest inbox"
    return "No draft waits. Everything heard: earnest mentions"


@click.command(epilog="Example: earnest mentions --search refund --since 2d")
@click.option(
    "--search",
    default="",
    metavar="WORDS",
    help='Only posts that hold all these words, each whole ("charge" does not find "charged"); accents do not matter. '
    "Words of a script without spaces (Japanese, Chinese, Thai) are found anywhere in a post.",
)
@_LIMIT
@click.option("--competitor", metavar="NAME", help='Posts that name this competitor instead, "any" for all; of them no words are kept.')
@filtered
@common
def mentions(app: App, filters: Filters, *, search: str, limit: int, competitor: str | None) -> None:
    """List everything heard, the newest first."""
    if competitor is not None:
        named(app, filters, "" if competitor == "any" else competitor, search=search, limit=limit)
        return
    found = heardlist.heard(app.store.read(), filters, search=search, at=clock.now(), limit=limit)
    if app.options.json:
        for row in found:
            app.out.record(mention_json(row))
        return
    rows = [
        (
            cases.name_of(number(row, "case_id")),
            _written(app, row),
            text(row, "network"),
            text(row, "route"),
            f"{text(row, 'level')} {number(row, 'points')}",
            text(row, "mood"),
            f"@{text(row, 'handle')}",
            text(row, "text") or "(no words, or deleted since)",
        )
        for row in found
    ]
    if rows:
        head = ("CASE", "WRITTEN", "NETWORK", "ROUTE", "URGENCY", "MOOD", "AUTHOR", "TEXT")
        app.out.table(head, rows, widths=(10, 16, 12, 16, 12, 8, 20))
        app.out.next_step(f"Why one was taken as it was: earnest explain {rows[0][0]}")
    else:
        app.out.next_step(_NO_WORDS if search.strip() else "Nothing was heard that fits. Can we hear at all? earnest sources")


def _written(app: App, row: Row) -> str:
    """Say when a post was written; a terminal has no room for the seconds."""
    words = local(clock.from_text(text(row, "created_at")))
    return words.rpartition(":")[0] if app.out.terminal else words


@click.command(epilog="Example: earnest log -f --since 1h")
@click.argument("case", required=False)
@click.option("-f", "--follow", is_flag=True, help="Keep on, and show new lines as they come.")
@click.option("--since", type=to_span, metavar="SPAN", help="Only this far back: 90s, 15m, 4h, 2d.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="How many at most.")
@common
def log(app: App, *, case: str | None, follow: bool, since: timedelta | None, limit: int) -> None:
    """Show who did what, the oldest first; of one CASE, or of all.

    Of more than --limit lines the newest are shown, and it is said that there are older ones (with --json on stderr).
    """
    reader = app.store.read()
    case_id = cases.find(reader, case).id if case else None
    lines = audit.lines(reader, case_id=case_id, since=clock.now() - since if since else None, limit=limit + 1)
    older = f"Shown are the {limit:,} newest lines; older ones too: --limit {10 * limit}" if len(lines) > limit else ""
    if older and (follow or app.options.json):
        app.out.talk(older)
    _show_lines(app, lines[-limit:])
    last = next((number(row, "id") for row in lines[-1:] or audit.lines(reader, case_id=case_id, limit=1)), 0)
    while follow:
        time.sleep(_FOLLOW_EVERY)
        fresh = audit.lines(reader, case_id=case_id, after_id=last)
        _show_lines(app, fresh)
        last = number(fresh[-1], "id") if fresh else last
    hint = f"The whole story: earnest show {case}" if case else "Of one case: earnest log A-1. As it happens: earnest log -f"
    app.out.next_step(". ".join(filter(None, (older, hint))) if lines else "Nothing was done yet. See how things stand: earnest status")


def _show_lines(app: App, lines: Sequence[Row]) -> None:
    for row in lines:
        if app.options.json:
            app.out.record(line_json(row))
        else:
            app.out.line(("  " if app.out.terminal else "\t").join(line_words(row, pad=app.out.terminal)))


def _short(value: object) -> str:
    """Write a fact of the log; of a long digest, as much as tells it from others (`--json` has it whole)."""
    return _DIGEST.sub(lambda found: found[0][:_DIGEST_SHOWN], str(value))


def line_words(row: Row, *, pad: bool = True) -> tuple[str, str, str, str, str]:
    """Return a line of the log for a person: when, case, who, what, and the facts; each on one line, safe to show."""
    facts = unpack(row["detail"])
    told = (
        " · ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in facts.items() if value) if isinstance(facts, dict) else ""
    )
    case = cases.name_of(number(row, "case_id")) if row["case_id"] else "-"
    who, action = one_line(text(row, "who"), 30), one_line(text(row, "action"), 40)
    moment = local(clock.from_text(text(row, "at")))
    facts_line = one_line(told, 300)
    return (moment, f"{case:<6}", f"{who:<12}", f"{action:<10}", facts_line) if pad else (moment, case, who, action, facts_line)
