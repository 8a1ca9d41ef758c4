"""`earnest run`: the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.errors import EarnestError, RulesWrong, SignInNeeded
from responders.cli import serving
from responders.cli.base import App, common, go_by
from responders.cli.confirming import CONFIRM
from responders.cli.phrases import counted
from responders.ledger import deliveries
from responders.roles import ALL_ROLES, Role

if TYPE_CHECKING:
    from listener.places import Place
    from listener.rules.rulebook import Rulebook
    from listener.store.base import Store
    from responders.daemon import Daemon


@click.command(epilog="Example: earnest run --once")
@click.option("--once", is_flag=True, help="One round of everything, then leave.")
@click.option("--observe", is_flag=True, help="Decide and record; draft and send nothing.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="Do a part of the work: hear and judge, decide and alert, or speak. May be given twice; other machines do the rest.",
)
@CONFIRM
@serving.HTTP
@serving.LOG
@common
def run(app: App, *, once: bool, observe: bool, only: Sequence[str], confirmed: str | None, http: str | None, log: str | None) -> int:
    """Listen, judge, draft, and send what may be sent, until stopped.

    The rules are checked and their examples run first: a file that fails is not worked by. A change to the file is taken up while
    running, if it passes the same; else the old rules stay, also after a restart. Where there are none of before, it ends (exit code 78).
    A file that raises `mode`, or that would have changed the last day far more than an edit should, is taken only with a person's word:
    earnest rules take. A terminal is asked to type the new mode; --confirm-mode says it in a script.

    One daemon works on a store that is a file. On a PostgreSQL store any number may, and what only one should do at a time is done by one:
    another takes over within half a minute of its end.

    SIGHUP reads the rules again. To have systemd keep it running: earnest service.
    """
    roles = frozenset(map(Role, only)) or ALL_ROLES
    with serving.logging_as(app, log, once=once) as as_json:
        return _run(app, serving.place_of(http), once=once, observe=observe, roles=roles, confirmed=confirmed, as_json=as_json)


def _run(app: App, place: Place | None, *, once: bool, observe: bool, roles: frozenset[Role], confirmed: str | None, as_json: bool) -> int:
    from responders.cli import starting  # noqa: PLC0415  # not needed for help
    from responders.house import open_store, put_demo_aside  # noqa: PLC0415  # not needed for help
    from responders.rulekeeper import glance  # noqa: PLC0415

    seen = glance(app.rules_path)
    book, refused = _rules(app, once=once)
    aside = put_demo_aside(app.options.store)
    if aside:
        app.out.talk(f"The store held the demo. It is kept as {aside}, and this run begins with an empty one.")
    store = open_store(app.options.store, create=True)
    try:
        store.hold_alone()
        go_by(store)
        book, refused = starting.settle(app, store, book, refused, once=once, observe=observe, confirmed=confirmed)
        work = _work(app, store, book, refused, seen, place=place, once=once, observe=observe, roles=roles, as_json=as_json)
        return asyncio.run(work)
    finally:
        store.close()


def _rules(app: App, *, once: bool) -> tuple[Rulebook, RulesWrong | None]:
    """Return the rules to work by, and why they are not those of the file, where it cannot be used but earlier rules can.

    A round of its own is somebody's trial of this very file, so it is never made by other rules.

    Raises:
        RulesWrong: the file cannot be used, and there is nothing to fall back on.
    """
    from responders.rulefile import load_rehearsed  # noqa: PLC0415  # not needed for help

    try:
        return load_rehearsed(app.rules_path), None
    except RulesWrong as problem:
        book = None if once else _rules_of_before(app.options.store, app.rules_path)
        if book is None:
            raise
        app.out.talk(problem.message)
        app.out.talk(f"Earnest works by the rules it had before ({book.fingerprint}), and takes the file as soon as it is right.")
        return book, problem


def _rules_of_before(url: str, rules: Path) -> Rulebook | None:
    from listener.store.opening import is_absent  # noqa: PLC0415  # not needed for help
    from responders.house import is_demo, open_store  # noqa: PLC0415
    from responders.rulekeeper import last_good  # noqa: PLC0415
    from responders.shelf import answers_beside  # noqa: PLC0415

    if is_absent(url) or is_demo(url):
        return None
    store = open_store(url)
    try:
        return last_good(store.read(), answers_beside(rules))
    finally:
        store.close()


async def _work(
    app: App,
    store: Store,
    book: Rulebook,
    refused: RulesWrong | None,
    seen: object,
    *,
    place: Place | None,
    once: bool,
    observe: bool,
    roles: frozenset[Role],
    as_json: bool,
) -> int:
    from listener.judging import spare_cores  # noqa: PLC0415  # not needed for help
    from responders.daemon import Daemon  # noqa: PLC0415
    from responders.service.running import Service  # noqa: PLC0415

    path = None if once else app.rules_path
    if refused:
        serving.note_refused(app, refused, as_json=as_json)
    service = Service(store, clock.now, place=place)
    tell = service.telling(serving.shown(app, once=once, as_json=as_json))
    daemon = Daemon(
        service.store,
        book,
        clock.now,
        rules_path=path,
        tell=tell,
        refused=refused,
        observe=observe,
        seen=seen,
        roles=roles,
        judges=spare_cores(),
        pulse=service,
    )
    if once:
        return await _once(app, daemon, sources=len(book.sources))
    _greet(app, store, book, roles, as_json=as_json)
    await serving.serve(daemon, service)
    doubt = deliveries.counts(store.read())["unknown"]  # not opened anew: a newer program may have changed it
    left = f"{counted(doubt, 'answer is', 'answers are')} in doubt; the next start looks for it." if doubt else "Nothing is half done."
    app.out.talk(f"Stopped. {left}")
    return 0


def _greet(app: App, store: Store, book: Rulebook, roles: frozenset[Role], *, as_json: bool) -> None:
    """Say what begins, and what stands against it."""
    from responders import flag  # noqa: PLC0415  # not needed for help

    if pause := flag.stopped(store, at=clock.now()):
        serving.say_stopped(app, pause, as_json=as_json)
    heard = ", ".join(book.sources) or "nothing"
    does = {Role.LISTEN: f"listens to {heard}", Role.THINK: "decides and drafts", Role.SEND: "sends what may be sent"}
    part = f"listens to {heard}" if roles == ALL_ROLES else " and ".join(words for role, words in does.items() if role in roles)
    app.out.talk(f"Earnest {part}. Stop with Ctrl-C. In another terminal: earnest review", fold=True)


async def _once(app: App, daemon: Daemon, *, sources: int) -> int:
    failed = await daemon.once()
    for lost in failed:
        app.out.talk(f"{lost.name} was not heard: {lost.problem.message}" + (f"\n  {lost.problem.hint}" if lost.problem.hint else ""))
    if failed:
        deaf = (
            f"{len(failed)} of {counted(sources, 'source')}" if len(failed) < sources or sources == 1 else f"None of the {sources} sources"
        )
        was = "was not heard" if len(failed) == 1 else "were not heard" if len(failed) < sources else "was heard"
        app.out.talk(f"{deaf} {was}. What was said there is caught up by the next run, as far as the network remembers it.")
    app.out.next_step("See what waits: earnest inbox")
    return max((_code(lost.problem) for lost in failed), default=0)


def _code(problem: EarnestError) -> int:
    return SignInNeeded.exit_code if isinstance(problem, SignInNeeded) else 1
