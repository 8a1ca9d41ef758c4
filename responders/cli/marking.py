"""What a person does about our accounts on a network: mark one as automated, and let it answer again where it was turned away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from listener import clock
from listener.errors import EarnestError, Unreachable
from listener.text import one_line
from responders.cli.base import App, common

if TYPE_CHECKING:
    from listener.model import Account
    from listener.rules.rulebook import Rulebook
    from listener.store.base import Tx
    from responders.channels.base import Label


def network_of(book: Rulebook, name: str) -> str:
    """Return the network of a source that the rules name.

    Raises:
        EarnestError: they name none of that name.
    """
    if name not in book.sources:
        message = f'rules.yaml has no source called "{name}"'
        raise EarnestError(message, "it has: " + (", ".join(book.sources) or "none"))
    return book.sources[name].network_of(name)


@click.command(epilog="Example: earnest sources label mastodon")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def label(app: App, *, name: str, yes: bool) -> int:
    """Mark our account on the network of source NAME as automated, with the writing key; nothing else of its profile is changed.

    Networks ask that of accounts that answer by themselves. It asks first; without a terminal, say --yes.
    """
    book = app.book
    network = network_of(book, name)
    asking = f"Mark our account on {network} as automated, for everybody to see?"
    if not yes and not (app.interactive and click.confirm(asking, default=False, err=True)):
        app.out.talk("Nothing was changed.")
        app.out.next_step(f"To do it: earnest sources label {name} --yes")
        return 1
    account, marked = asyncio.run(_mark(book, network))
    _remember(app, network, marked=marked.marked)
    who = one_line(account.handle, 60)
    if app.options.json:
        app.out.record({"name": name, "network": network, "account": who, "labelled": marked.marked})
    else:
        app.out.line(f"@{who} on {network} is marked as automated.")
        app.out.next_step(f"All that the network asks: earnest sources test {name}")
    return 0


async def _mark(book: Rulebook, network: str) -> tuple[Account, Label]:
    """Mark our account, and return it.

    Raises:
        EarnestError: it was not marked, or cannot be from here.
    """
    from listener.listening import home  # noqa: PLC0415  # networks are slow to import
    from responders.channels.base import Labelled  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415

    kind, settings = channel_kind(network), home(book, network)
    if kind is None:
        message = f"Earnest has no account on {network}"
        raise EarnestError(message, "there is nothing to mark")
    channel = kind.make(dict(settings.options) if settings else {}, book)
    try:
        if not isinstance(channel, Labelled):
            message = f"{network} has no request that marks an account"
            raise EarnestError(message, kind.label_by_hand or "do it in the account's settings")
        return await channel.identify(), await channel.mark()
    finally:
        await channel.close()


def _remember(app: App, network: str, *, marked: bool) -> None:
    """Let the daemon know at once, where there is a store."""
    from responders.ledger import places  # noqa: PLC0415  # only here

    with suppress(Unreachable):
        app.store.write(lambda tx: places.note_label(tx, network, marked, at=clock.now()))


@click.command(epilog="Example: earnest sources reopen reddit shoes")
@click.argument("name")
@click.argument("place")
@common
def reopen(app: App, *, name: str, place: str) -> None:
    """Say that our account may answer in PLACE (a subreddit) of source NAME again, after it was turned away there."""
    from responders.ledger import audit, places  # noqa: PLC0415  # only here

    network, at = network_of(app.book, name), clock.now()
    bare = place.removeprefix("/").removeprefix("r/")

    def work(tx: Tx) -> bool:
        was = places.open_(tx, network, bare, by=app.me, at=at)
        if was:
            audit.record(tx, app.me, "reopened", at=at, network=network, place=bare)
        return was

    if not app.store.write(work):
        message = f"{one_line(bare, 60)} is not closed to us"
        raise EarnestError(message, f"what is: earnest sources test {name}")
    app.out.line(f"Earnest answers in {one_line(bare, 60)} on {network} again.")
    app.out.next_step(f"All that the network asks: earnest sources test {name}")
