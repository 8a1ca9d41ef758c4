"""`earnest pause` and `earnest resume`. They need neither rules nor a network nor the daemon, and no store that can be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import click

from listener import clock
from listener.clock import to_text
from listener.errors import Unreachable
from listener.store.base import Reader, Store, Tx
from listener.store.opening import beside_store, file_of, is_absent
from listener.text import one_line
from responders.cli.base import AS, App, common
from responders.cli.filters import to_span
from responders.cli.phrases import counted, local
from responders.house import open_store
from responders.switch import Stopped, Switch

T = TypeVar("T")
_PATIENCE = 1.0  # seconds: somebody who wants to stop sending does not wait for a locked store; the flag file stands already
# Seconds: a flag file here stops no other machine, so their store is worth waiting for. The pause itself waits for no other transaction;
# the line in the log does, for longer than a machine that sleeps in the middle of one keeps it.
_PATIENCE_ELSEWHERE = 20.0
_WIDTH = 400


class _Later:
    """The store, opened when it is first read or written, so that the flag file stands before that can fail."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _store(self) -> Store:
        store = open_store(self._url, patience=_PATIENCE if file_of(self._url) else _PATIENCE_ELSEWHERE)
        click.get_current_context().call_on_close(store.close)
        return store

    def beside(self, ending: str) -> Path:
        return beside_store(self._url, ending)

    def read(self) -> Reader:
        return self._store.read()

    def write(self, work: Callable[[Tx], T]) -> T:
        return self._store.write(work)

    def write_first(self, work: Callable[[Tx], T]) -> T:
        return self._store.write_first(work)


def _switch(app: App, who: str) -> Switch:
    """Return the switch of the store; a store that is not there has no daemon, so its name is wrong rather than its disk full.

    Raises:
        Unreachable: there is no such store.
    """
    if is_absent(app.options.store):
        app.store.read()  # says what is missing
    return Switch(_Later(app.options.store), clock.now, who=who)


@click.command(epilog='Example: earnest pause --reason "storm over the recall" --for 2h')
@click.option("--reason", default="no reason was given", metavar="TEXT", help="Why; everyone sees it in `earnest status`.")
@click.option("--for", "span", type=to_span, metavar="SPAN", help="For how long: 15m, 2h, 1d; else until somebody resumes.")
@AS
@common
def pause(app: App, *, reason: str, span: timedelta | None, who: str | None) -> int:
    """Stop all sending, on every machine, within a second. Hearing, judging, drafting and alerts go on.

    It works on a full disk and a locked store too: then a file beside the store says so, and resume removes it. Where machines share a
    store on a server and that cannot be written, only this machine stops, which is said, and the exit code is 5.
    """
    name = who or app.me
    stopped = _switch(app, name).pause(reason, span)
    everywhere = stopped.stored or file_of(app.options.store) is not None
    if app.options.json:
        app.out.record(
            {
                "paused": True,
                "everywhere": everywhere,
                "reason": reason,
                "by": name,
                "until": to_text(stopped.until) if stopped.until else None,
                "leaving": stopped.leaving,
                "flag": stopped.flag or None,
                "problem": stopped.problem or stopped.unlogged or None,
            }
        )
        return 0 if everywhere else Unreachable.exit_code
    app.out.line(_words(stopped, everywhere=everywhere))
    if stopped.leaving:
        app.out.line(f"{counted(stopped.leaving, 'answer was', 'answers were')} on the way already: earnest status says how that ends.")
    if stopped.unlogged:
        app.out.line(f"earnest log has no line of this: {one_line(stopped.unlogged, _WIDTH)}")
    app.out.next_step(
        "Let it go on: earnest resume" if everywhere else "Try again at once: earnest pause; or stop the daemons: systemctl stop earnest"
    )
    return 0 if everywhere else Unreachable.exit_code


def _words(stopped: Stopped, *, everywhere: bool) -> str:
    until = f"until {local(stopped.until)}" if stopped.until else "until somebody resumes it"
    if not stopped.flag:
        return f"Sending is stopped {until}."
    problem = one_line(stopped.problem, _WIDTH)
    if not everywhere:
        folder = one_line(str(Path(stopped.flag).parent), _WIDTH)
        return (
            f"Sending is stopped on THIS MACHINE ONLY, {until}, since {problem}\nIt holds for daemons that look into {folder}."
            " Other machines may send on, and so may a systemd service here: that looks into its own StateDirectory."
        )
    return f"Sending is stopped by a flag file {until}, since {problem}. Resume removes it: {one_line(stopped.flag, _WIDTH)}"


@click.command(epilog="Example: earnest resume --as jo")
@AS
@common
def resume(app: App, *, who: str | None) -> None:
    """Let sending go on."""
    goes_on = _switch(app, who or app.me).resume()
    if app.options.json:
        app.out.record({"paused": False, "was_paused": goes_on.was, "problem": goes_on.problem or None})
        return
    app.out.line("Sending goes on." if goes_on.was else "Sending was not stopped.")
    if goes_on.problem:
        app.out.line(f"earnest log has no line of this: {one_line(goes_on.problem, _WIDTH)}")
    app.out.next_step("How things stand: earnest status")
