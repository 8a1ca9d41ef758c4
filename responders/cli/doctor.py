"""`earnest doctor`: what is wrong, and what to do."""

from __future__ import annotations

from functools import partial

import click

from listener import clock
from listener.text import visible
from responders.cli.base import App, common
from responders.cli.phrases import counted

_STYLES = {"ok": "green", "warning": "yellow", "wrong": "red"}


@click.command(epilog="Example: earnest doctor --json")
@click.option("--offline", is_flag=True, help="Do not try whether the networks can be reached.")
@common
def doctor(app: App, *, offline: bool) -> int:
    """Look at rules, store, log, daemon, sources, keys, alerts, disk and clock: what is wrong, what to do (exit code 1 where something is).

    Each host that a source needs is asked for a sign of life, within four seconds and without signing in.
    A secret is an environment variable (EARNEST_SECRET_NAME), or a file called like it in $CREDENTIALS_DIRECTORY.
    """
    from listener.knocking import knock  # noqa: PLC0415
    from responders.checkup import Finding, State, check_up  # noqa: PLC0415  # looks at every network, which is slow to import

    found: list[Finding] = []
    offsets: dict[str, float] = {}
    tried = None if offline else partial(knock, offsets=offsets)
    for one in check_up(app.rules_path, app.options.store, at=clock.now(), knock=tried, offsets=offsets):
        found.append(one)
        if app.options.json:
            app.out.record({"check": one.check, "state": one.state.value, "message": one.message, "hint": one.hint or None})
            continue
        first, *rest = visible(one.message).splitlines() or [""]
        app.out.line(f"{one.state.value:<8} {one.check:<20} {first}", style=_STYLES[one.state.value])
        for line in [*rest, *([one.hint] if one.hint else [])]:
            app.out.line(f"{'':<29} {line}")
    wrong = sum(one.state is State.WRONG for one in found)
    odd = sum(one.state is State.WARNING for one in found)
    if wrong:
        app.out.next_step(
            f"{counted(wrong, 'thing is', 'things are')} wrong. Put {'it' if wrong == 1 else 'them'} right, then: earnest doctor"
        )
    elif odd:
        app.out.next_step(f"Nothing is wrong; {counted(odd, 'thing asks', 'things ask')} for a look. How it stands: earnest status")
    else:
        app.out.next_step("All is well. How it stands: earnest status")
    return 1 if wrong else 0
