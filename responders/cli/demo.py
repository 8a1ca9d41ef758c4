"""`earnest demo`: the whole street with no account."""

from __future__ import annotations

import asyncio
import shutil
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.base import App, common

if TYPE_CHECKING:
    from listener.store.base import Store
    from responders.demo.play import Play
    from responders.demo.script import Script

_BRAND = "acme"
_OWN_PLACE = Path("data/demo")


@click.command(epilog="Example: earnest demo")
@common
def demo(app: App) -> int:
    """See a customer's cry heard, judged, drafted, approved, answered: on a small network on this machine, with no account.

    The town plays a morning of posts and the daemon works on it by rules.yaml. A stand-in reviewer answers a few; the rest waits for
    you. With a terminal the town stays awake until Ctrl-C, so that you can decide drafts and write to it as a customer.
    """
    from listener import logs  # noqa: PLC0415  # not needed for help
    from responders.demo import script  # noqa: PLC0415
    from responders.resources import find  # noqa: PLC0415

    logs.configure(-2, json=False)  # what happens is told on the stage
    where = _settle_in(app)
    store = _fresh_store(app)
    try:
        store.hold_alone()
        return asyncio.run(_perform(app, script.read(find("data/demo.yaml")), store, where))
    finally:
        store.close()


def _settle_in(app: App) -> str:
    """Choose rules and store that the demo may use without touching anybody's own; return what to add to commands."""
    from responders.house import is_demo  # noqa: PLC0415  # not needed for help
    from responders.resources import find  # noqa: PLC0415

    extra = ""
    if not app.rules_path.exists():
        shutil.copyfile(find("rules.yaml"), app.rules_path)
        app.out.talk(f"There was no {app.rules_path} here, so the demo put its own there.")
    elif _BRAND not in app.book.brands:
        _OWN_PLACE.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(find("rules.yaml"), _OWN_PLACE / "rules.yaml")
        app.options.rules = str(_OWN_PLACE / "rules.yaml")
        app.__dict__.pop("book", None)
        app.__dict__.pop("rules_path", None)
        extra += f" --rules {app.options.rules}"
    if not is_demo(app.options.store):
        app.options.store = f"sqlite:///{_OWN_PLACE}/earnest.db"
        extra += f" --store {app.options.store}"
    return extra


def _fresh_store(app: App) -> Store:
    """Begin with an empty store; an earlier demo's is removed, unless a daemon works on it."""
    from listener.store.opening import is_absent, shown  # noqa: PLC0415  # not needed for help
    from responders.house import is_demo, open_demo_store, remove_store  # noqa: PLC0415

    if not is_demo(app.options.store):
        message = f"the store {shown(app.options.store)} is not the demo's, so it is left alone"
        raise EarnestError(message, "name another one: earnest demo --store sqlite:///data/demo/other.db")
    if not is_absent(app.options.store):
        app.out.talk("The store of an earlier demo was here; this one begins with an empty one.")
    remove_store(app.options.store)
    return open_demo_store(app.options.store)


def _narrate(app: App, words: str, *, style: str = "", whole: bool = False) -> None:
    """Tell the story on stdout; for a script, which wants the outcome there, on stderr."""
    if app.options.json:
        app.out.talk(words)
    else:
        app.out.line(words, style=style, whole=whole)


async def _perform(app: App, script: Script, store: Store, extra: str) -> int:
    from responders.cli.telling import tell  # noqa: PLC0415  # not needed for help
    from responders.demo.play import Play  # noqa: PLC0415
    from responders.demo.summary import lines, outcome  # noqa: PLC0415
    from responders.rulefile import load_rehearsed  # noqa: PLC0415

    width = shutil.get_terminal_size((120, 24)).columns if app.out.terminal else 140
    book = load_rehearsed(app.rules_path)
    play = Play(
        script,
        store,
        book,
        rules_path=app.rules_path,
        say=partial(_narrate, app),
        tell=lambda event: _narrate(app, "  " + tell(event, width - 4)),
    )
    _narrate(app, "The town wakes. People write to Acme; Earnest hears them, judges them and finds a route.", style="bold")
    async with play.awake():
        _narrate(app, f"  Watch it in a browser: {play.town.page} (sign in with the access token {play.customer.token})")
        await play.morning_posts()
        _narrate(app, "A stand-in reviewer decides a few drafts (replies leave after 1 s here, after 10 s in earnest).", style="bold")
        await play.review()
        _narrate(app, "What the morning came to", style="bold")
        for line in lines(play.morning):
            _narrate(app, "  " + line)
        if app.options.json:
            app.out.record(outcome(play.morning))
        _what_to_type(app, play, extra)
        if app.interactive:
            await _stay(app, play)
    return 0


def _what_to_type(app: App, play: Play, extra: str) -> None:
    case = play.case_of("zoe")
    _narrate(app, "What to type next" + (" (in a second terminal)" if app.interactive else ""), style="bold")
    steps = (
        (f"earnest inbox{extra}", "what waits for you, the most urgent first"),
        (f"earnest show {case}{extra}", "one case: the conversation, why, the draft"),
        (f'earnest explain{extra} --post "Great, ANOTHER outage. Thanks @acme"', "which route, and why not the others"),
        (f"earnest review{extra}", "decide the drafts, one keystroke each"),
        (f"earnest log{extra}", "who did what"),
        ("earnest init", "rules for a brand of your own"),
    )
    size = max(len(command) for command, _ in steps)
    fits = not app.out.terminal or shutil.get_terminal_size().columns >= size + max(len(why) for _, why in steps) + 4
    for command, why in steps:
        _narrate(app, f"  {command.ljust(size)}  {why}" if fits else f"  {command}", whole=True)
        if not fits:
            _narrate(app, f"      {why}")


async def _stay(app: App, play: Play) -> None:
    author = play.customer
    _narrate(
        app,
        "The town stays awake until you press Ctrl-C. Write to it as a customer; the daemon drafts an answer for earnest review:",
        style="bold",
    )
    _narrate(
        app,
        f'  curl -H "Authorization: Bearer {author.token}" -d "status=@acme my parcel is lost" {play.town.address}/api/v1/statuses',
        whole=True,
    )
    _narrate(app, f"  or on its page, {play.town.page}, signed in with the access token {author.token}")
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with suppress(asyncio.CancelledError):
        await stop.wait()
    _narrate(app, "The town sleeps. The store stays: earnest inbox still shows what waits.")
