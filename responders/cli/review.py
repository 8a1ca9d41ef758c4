"""`earnest review`: deciding drafts on a full screen, one keystroke each."""

from __future__ import annotations

import os

import click

from listener import clock
from listener.errors import UsageError
from responders.cli.base import App, common
from responders.cli.filters import filtered
from responders.views import Filters


@click.command(epilog="Example: earnest review --team billing")
@common
@filtered
def review(app: App, *, filters: Filters) -> None:
    """Decide the drafts that wait, one keystroke each.

    The most urgent stands first. Press ? for all keys. What you approve leaves after 10 seconds; u takes it back.
    """
    if not app.interactive:
        message = "the review screen needs a terminal and somebody at it"
        raise UsageError(message, "scripts use: earnest inbox --json, then earnest approve CASE (or edit, reject, snooze)")
    from responders.cli.screen.app import Review  # noqa: PLC0415  # Textual is slow to import, and --help needs none of it

    os.environ.pop("NO_COLOR", None)  # Textual looks for it; the option --color has a say too
    if not app.out.colored:
        os.environ["NO_COLOR"] = "1"
    screen = Review(app.store, app.book, clock.now, me=app.me, filters=filters)
    screen.run(mouse=False)
    if screen.failure:
        raise screen.failure
    screen.let_go()
