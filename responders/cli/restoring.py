"""`earnest rules restore`: a person gives a lowered route the right to send by itself back."""

from __future__ import annotations

import click

from listener import clock
from listener.text import one_line
from responders.cli.base import AS, App, common

_WIDTH = 60


@click.command(epilog='Example: earnest rules restore thanks --reason "two trolls, the words are fine" --as jo')
@click.argument("route")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may send by itself again; it stays in the log.")
@AS
@common
def restore(app: App, *, route: str, reason: str, who: str | None) -> None:
    """Let ROUTE send by itself again after Earnest lowered it. What spoke against it until now does not count again.

    What waits for a person by then still does.
    """
    from responders import lowering  # noqa: PLC0415  # help needs no store

    name = who or app.me
    app.store.write(lambda tx: lowering.restore(tx, route, reason, who=name, at=clock.now()))
    if app.options.json:
        app.out.record({"route": route, "restored": True, "reason": reason, "by": name})
        return
    app.out.line(f"Route {one_line(route, _WIDTH)} may send by itself again, where rules.yaml lets it.")
    app.out.next_step("What still waits for a yes: earnest inbox. How the route does: earnest report rules")
