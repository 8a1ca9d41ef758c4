"""What `earnest run` is told about running as a service: where to answer, how to log; and what it says of everything that happens."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from listener import logs
from listener.errors import EarnestError
from listener.text import one_line
from responders.cli import complaints
from responders.cli.base import App

if TYPE_CHECKING:
    from listener.errors import RulesWrong
    from listener.places import Place
    from responders.daemon import Daemon
    from responders.service.running import Service

_log = logs.get("daemon")

HTTP = click.option(
    "--http",
    "http",
    metavar="ADDRESS",
    envvar="EARNEST_HTTP",
    help="Answer /healthz and /metrics at 127.0.0.1:PORT, [::1]:PORT or unix:/PATH, for this machine only (EARNEST_HTTP; off).",
)
LOG = click.option(
    "--log",
    "log",
    type=click.Choice(["json", "text"]),
    envvar="EARNEST_LOG",
    help="How to log: lines for people, or a JSON object a line (EARNEST_LOG; text on a terminal, else json).",
)


def place_of(address: str | None) -> Place | None:
    """Read where to answer.

    Raises:
        UsageError: it is no address that only this machine can reach.
    """
    if not address:
        return None
    from responders.service.door import place_of as read  # noqa: PLC0415  # not needed for help

    return read(address)


@contextmanager
def logging_as(app: App, log: str | None, *, once: bool) -> Iterator[bool]:
    """Begin to log, and yield whether as JSON. Where that is so, all that a daemon says on stderr is, its last word too."""
    as_json = log == "json" if log else app.options.json or not sys.stderr.isatty()
    logs.configure(app.options.verbose - int(app.options.quiet), json=as_json)
    if not as_json or (once and not log):  # a single round is a command with an answer
        yield False
        return
    app.out.spoken = lambda words: _log.info("says", words=words)
    try:
        yield True
    except EarnestError as problem:
        raise complaints.Said(problem, _last_word) from None


def _last_word(problem: EarnestError) -> None:
    _log.critical("ended", problem=problem.message, hint=problem.hint, exit_code=problem.exit_code)


def shown(app: App, *, once: bool, as_json: bool) -> Callable[[object], None]:
    """Return what says everything that happens: to people on a terminal in their words, else to the log, without anybody's."""
    from listener.watching import Hearing  # noqa: PLC0415  # not needed for help
    from responders.cli.noting import note  # noqa: PLC0415
    from responders.cli.telling import tell  # noqa: PLC0415

    def show(event: object) -> None:
        if once and isinstance(event, Hearing):
            return  # said at the end, all together
        if _to_people(app, as_json=as_json):
            app.out.talk(tell(event), fold=True)
        else:
            note(event)

    return show


def _to_people(app: App, *, as_json: bool) -> bool:
    """Return whether somebody reads along; then nothing of what they are told is logged too."""
    return app.out.terminal and not app.options.quiet and not app.options.json and not as_json


def note_refused(app: App, problem: RulesWrong, *, as_json: bool) -> None:
    """Log that the rules file is not in force at the start, where nobody reads along who was told of it."""
    from responders.cli.noting import note  # noqa: PLC0415  # not needed for help

    if not _to_people(app, as_json=as_json):
        note(problem)


def say_stopped(app: App, pause: Any, *, as_json: bool) -> None:  # noqa: ANN401  # a Pause, which help need not import
    """Say that nothing is sent for now; who stopped it and why stays out of a log."""
    if as_json:
        _log.warning("sending is stopped; let it go on: earnest resume")
    else:
        app.out.talk(f'Sending is STOPPED by {pause.by}: "{one_line(pause.reason, _WIDTH)}". Let it go on: earnest resume')


_WIDTH = 200  # columns of a reason


async def serve(daemon: Daemon, service: Service) -> None:
    """Work until somebody asks us to end; what is asked by a signal is told to whoever watches over us.

    Raises:
        EarnestError: nobody can listen at the address that was named.
    """
    stop = asyncio.Event()

    def end() -> None:
        service.end()
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    loop.add_signal_handler(signal.SIGHUP, lambda: service.reload(daemon.look_again))
    async with service.running():
        await daemon.run(stop)
