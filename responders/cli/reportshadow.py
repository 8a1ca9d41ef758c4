"""`earnest report shadow`: what routes on trial would have done, before they go live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.clock import in_words
from responders.cli.base import App, common
from responders.cli.filters import to_span
from responders.cli.phrases import counted

if TYPE_CHECKING:
    from responders.shadowreport import OnTrial

_HEAD = ("case", "from", "draft", "would want", "why")
_WIDTHS = (8, 20, 20, 40, 0)
_BY_PEOPLE = ("approved", "edited", "rejected")
_ELSE = {
    "by hand": "written by hand",
    "by itself": "left by themselves",
    "waiting": "waiting still",
    "lapsed": "came to nothing",
}


@click.command(epilog="Example: earnest report shadow leads --since 7d -v")
@click.argument("route", required=False)
@click.option("--since", type=to_span, metavar="SPAN", help="Only the last: 90s, 15m, 4h, 2d; else as long as the route stands as it does.")
@common
def shadow(app: App, *, route: str | None, since: timedelta | None) -> None:
    """Say what shadow routes (or one ROUTE) would have taken, told and sent, beside what people did; each mention with -v."""
    from responders.shadowreport import on_trial  # noqa: PLC0415  # reading rules is slow to import

    found = on_trial(app.store.read(), route, since=clock.now() - since if since else None)
    if app.options.json:
        for one in found:
            app.out.record(one.to_json(each=bool(app.options.verbose)))
        return
    for one in found:
        for number, line in enumerate(_lines(one, since)):
            app.out.line(line, style="" if number else "bold")
        if app.options.verbose and one.taken:
            app.out.table(_HEAD, _rows(one), widths=_WIDTHS)
    app.out.next_step(_next_step(found, told=bool(app.options.verbose)))


def _lines(one: OnTrial, since: timedelta | None) -> Iterator[str]:
    name = one.route.name
    state = "shadow since" if one.still else "no shadow route any more; it was one from"
    lately = f" of the last {in_words(since)}" if since else ""
    took = f": {_by(one.live, '{n} from {name}')}" if one.taken else ""
    would = f"would have taken {len(one.taken):,} of {counted(one.mentions, 'mention')}{lately}{took}."
    yield f"{name} ({state} {one.since.astimezone():%Y-%m-%d}, version {one.version}): {would}"
    if one.taken:
        yield f"  {_people(one)}"
        yield f"  {_wanted(one)}"
        if one.drafts and one.route.approval == "none" and one.held_by:
            yield f"  What would have held an automatic answer back: {_by(one.held_by, '{name} {n}')}."
    if one.above:
        yield f"  It also matched {sum(one.above.values()):,} that routes above it take: {_by(one.above, '{n} {name}')}."
    if one.before:
        others = counted(one.before, "match", "matches")
        yield f"  Not counted: {others} by other versions of the rules: it said something else there, or only an import judged by them."


def _by(found: Mapping[str, int], form: str) -> str:
    return ", ".join(form.format(n=f"{n:,}", name=name) for name, n in found.items())


def _people(one: OnTrial) -> str:
    """Say what became of the drafts that there were."""
    outcomes = one.outcomes
    drafts = sum(outcomes.values())
    if not drafts:
        return "No draft was made for these."
    decided = [f"{name} {outcomes[name]:,}" for name in _BY_PEOPLE if name in outcomes]
    if one.reasons:
        decided[-1] += f" ({_by(one.reasons, '{name} {n}')})"
    told = [f"people {', '.join(decided)}"] if decided else []
    told += [f"{outcomes[name]:,} {words}" for name, words in _ELSE.items() if name in outcomes]
    return f"Of the {counted(drafts, 'draft')} for these: {'; '.join(told)}."


def _wanted(one: OnTrial) -> str:
    """Say what it would have done."""
    times = {"escalate": "told {name} at once {n} times", "team": "given {n} to {name}"}
    told = [form.format(n=f"{n:,}", name=name) for kind, form in times.items() for name, n in one.would(kind).items()]
    texts = _by({**one.would("draft"), **one.would("private")}, "{name} {n}")
    told.append(f"drafted {one.drafts:,}" + (f" ({texts})" if texts else ""))
    *rest, last = (*told, f"sent {one.sent:,} by itself")
    return f"It would have {', '.join(rest)} and {last}."


def _rows(one: OnTrial) -> Iterator[tuple[str, ...]]:
    from responders.ledger.cases import name_of  # noqa: PLC0415  # only here

    for match in one.taken:
        outcome = f"{match.outcome}: {match.reason}" if match.reason else match.outcome or "-"
        why = match.shadow.because.removeprefix("would have taken it: ")
        yield name_of(match.case_id), match.live, outcome, ", ".join(match.shadow.actions), why


def _next_step(found: tuple[OnTrial, ...], *, told: bool) -> str:
    if not found:
        return 'No route in force is a shadow route. Put "shadow: true" on one, and it is judged beside the others: docs/rules.md'
    name = found[0].route.name if len(found) == 1 else "ROUTE"
    each = "See why of one: earnest explain CASE" if told else f"See each: earnest report shadow {name} -v"
    live = 'To make it live, take "shadow: true" away. ' if any(one.still for one in found) else ""
    return f"{live}{each}"
