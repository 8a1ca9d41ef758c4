"""`earnest pause` and `earnest resume`. They need the store and nothing else: neither rules nor a network nor the daemon."""

from __future__ import annotations

from datetime import timedelta

import click

from listener import clock
from listener.clock import to_text
from responders.cli.base import AS, App, common
from responders.cli.filters import to_span
from responders.cli.phrases import counted, local
from responders.switch import Switch


@click.command(epilog='Example: earnest pause --reason "storm over the recall" --for 2h')
@click.option("--reason", default="no reason was given", metavar="TEXT", help="Why; everyone sees it in `earnest status`.")
@click.option("--for", "span", type=to_span, metavar="SPAN", help="For how long: 15m, 2h, 1d; else until somebody resumes.")
@AS
@common
def pause(app: App, *, reason: str, span: timedelta | None, who: str | None) -> None:
    """Stop all sending, on every machine, within a second. Hearing, judging, drafting and alerts go on."""
    name = who or app.me
    stopped = Switch(app.store, clock.now, who=name).pause(reason, span)
    until, leaving = stopped.until, stopped.leaving
    if app.options.json:
        app.out.record({"paused": True, "reason": reason, "by": name, "until": to_text(until) if until else None, "leaving": leaving})
        return
    app.out.line("Sending is stopped " + (f"until {local(until)}." if until else "until somebody resumes it."))
    if leaving:
        app.out.line(f"{counted(leaving, 'answer was', 'answers were')} on the way already: earnest status says how that ends.")
    app.out.next_step("Let it go on: earnest resume")


@click.command(epilog="Example: earnest resume --as jo")
@AS
@common
def resume(app: App, *, who: str | None) -> None:
    """Let sending go on."""
    was = Switch(app.store, clock.now, who=who or app.me).resume()
    if app.options.json:
        app.out.record({"paused": False, "was_paused": was})
        return
    app.out.line("Sending goes on." if was else "Sending was not stopped.")
    app.out.next_step("How things stand: earnest status")
