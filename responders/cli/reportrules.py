"""`earnest report rules`: what people made of each route's drafts, and which route may do more, or must do less. It only reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.clock import to_text
from listener.text import one_line
from responders.cli.base import App, common
from responders.cli.filters import to_span

if TYPE_CHECKING:
    from listener.rules.reading import Reading
    from responders.rungs import Standing

_NAME = 24
_APPROVAL = re.compile(r"""(approval['"]?\s*:\s*)['"]?(?:none|one-person)['"]?""")
_NAMED = re.compile(r"""[\s{-]*(?=['"]?name['"]?\s*:)""")
_NAME_KEY = re.compile(r"""['"]?name['"]?\s*:\s*[^,}#\s]+""")


@click.command(name="rules", epilog="Example: earnest report rules --since 30d")
@click.option("--since", type=to_span, metavar="SPAN", help="Only this far back, such as 30d; else `ladder.window` of the rules.")
@common
def report_rules(app: App, *, since: timedelta | None) -> None:
    """Say for each route what people made of its drafts, what came back, and whether it has earned `approval: none`.

    Only what people decided counts, and only under the route's words and conditions of now. Nothing is changed: raising a route is a line
    in rules.yaml that you write.
    """
    from responders.rungs import standings  # noqa: PLC0415  # help needs no rules

    found = standings(app.store.read(), app.book_to_look, at=clock.now(), window=since)
    if app.options.json:
        for one in found:
            app.out.record(_json(one))
        return
    head = ("ROUTE", "DRAFTS", "UNCHANGED", "EDITED", "REJECTED", "REVERSED", "UPSET", "EXPIRED", "ALONE", "VERDICT")
    app.out.table(head, [_row(one) for one in found], widths=(_NAME,), fold=True)
    for line in _changes(app, found):
        app.out.line(line, whole=True)
    app.out.next_step(_next_step(found))


def _row(one: Standing) -> Sequence[str]:
    record, counts = one.record, one.record.counts
    edit = record.median_edit
    edited = str(counts.get("edited", 0)) + (f" ({edit:.2f})" if edit is not None else "")
    rest = (record.reversals, record.upset, record.expired, record.alone)
    figures = (record.drafts, counts.get("unchanged", 0), edited, counts.get("rejected", 0), *rest)
    return (one_line(one.route.name, _NAME), *map(str, figures), one.judged.words)


def _json(one: Standing) -> dict[str, object]:
    record, edit = one.record, one.record.median_edit
    return {
        "route": one.route.name,
        "approval": one.route.approval,
        "rung": one.judged.rung.value,
        "verdict": one.judged.words,
        "drafts": record.drafts,
        "decided": record.decided,
        **{name: record.counts.get(name, 0) for name in ("unchanged", "edited", "rejected")},
        "median_edit": None if edit is None else round(edit, 4),
        "reasons": dict(record.reasons),
        "reversed": record.reversals,
        "upset": record.upset,
        "expired": record.expired,
        "waiting": record.waiting,
        "alone": record.alone,
        "counted": record.counted,
        "surely_unchanged": round(record.surely, 4),
        "people": list(record.people),
        "unseen_texts": list(record.unseen),
        "in_other_words": record.earlier,
        "versions": list(record.versions),
        "since": to_text(record.since) if record.since else None,
        "lowered_at": to_text(one.lowered_at) if one.lowered_at else None,
    }


def _changes(app: App, found: Sequence[Standing]) -> list[str]:
    """Return the lines of rules.yaml to change: for what has earned more, and for what should do less."""
    wanted = [(one, {"earned": "none", "should lose": "one-person"}.get(one.judged.rung.value)) for one in found]
    if not any(new for _, new in wanted):
        return []
    from listener.rules.reading import read  # noqa: PLC0415  # reading YAML is slow to import

    reading = read(app.rules_path.read_bytes(), filename=str(app.rules_path))
    return [line for number, (one, new) in enumerate(wanted) if new for line in _change(one, new, reading, number)]


def _change(one: Standing, new: str, reading: Reading, number: int) -> list[str]:
    """Return one change as two lines, as the file has it and as it should."""
    from listener.rules.look import origin_line  # noqa: PLC0415  # as above

    line = origin_line(reading, ("routes", number, "approval"))
    where = line or origin_line(reading, ("routes", number, "name")) or 1
    was = reading.sheet.lines[where - 1]
    head = f"{reading.sheet.file}:{where}: route {one.route.name}"
    if line:
        return ["", head, f"-{was}", f"+{_APPROVAL.sub(lambda found: found[1] + new, was, count=1)}"]
    named = _NAMED.match(was)
    if named is None or "{" in named[0]:  # on one line with the rest of it
        return ["", head, f"-{was}", f"+{_NAME_KEY.sub(lambda found: f'{found[0]}, approval: {new}', was, count=1)}"]
    return ["", f"{head}, below this line", f" {was}", f"+{' ' * len(named[0])}approval: {new}"]


def _next_step(found: Sequence[Standing]) -> str:
    rungs = {rung: [one.route.name for one in found if one.judged.rung.value == rung] for rung in ("lowered", "should lose", "earned")}
    if rungs["lowered"]:
        return f"Let a lowered route send by itself again: earnest rules restore {rungs['lowered'][0]} --reason TEXT"
    if rungs["should lose"]:
        return "Change the lines above; while it runs, the daemon lowers such a route by itself."
    if rungs["earned"]:
        return "If you agree, change the lines above, then: earnest rules check. Answers leave by themselves only in `mode: send`."
    return "Decide what waits, that is what counts: earnest review"
