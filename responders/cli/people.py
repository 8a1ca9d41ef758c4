"""`earnest suppress add|remove|list`: the people we never write to."""

from __future__ import annotations

from collections.abc import Sequence

import click

from listener.errors import EarnestError, UsageError
from listener.model import Author
from listener.store.base import Row, text
from responders.cli.base import AS, App, common
from responders.cli.decide import desk
from responders.cli.phrases import counted, local, moment_of
from responders.ledger import people

_NETWORK = click.option("--network", metavar="NAME", help="On which network, where the handle is known on several.")


@click.group(epilog="Example: earnest suppress add marta_k")
@common
def suppress(app: App) -> None:
    """Keep the list of people we never write to. It wins over every rule and every approval."""


@suppress.command(epilog='Example: earnest suppress add marta_k --network mastodon --reason "asked us on the phone to stop"')
@click.argument("handle")
@_NETWORK
@click.option("--id", "author_id", metavar="ID", help="The account's id, for somebody we never heard.")
@click.option("--reason", default="", metavar="TEXT", help="Their words, or how we know.")
@AS
@common
def add(app: App, *, handle: str, network: str | None, author_id: str | None, reason: str, who: str | None) -> None:
    """Never write to HANDLE again."""
    acting = desk(app, who, by_rules=False)
    authors = _authors(app, handle, network, author_id)
    new = [author for author in authors if acting.suppress(author, reason or f"put here by {acting.who}")]
    if app.options.json:
        for author in authors:
            app.out.record({"network": author.network, "author_id": author.id, "handle": author.handle, "new": author in new})
        return
    for author in authors:
        told = "nothing is sent to them from now on" if author in new else "on the list already"
        app.out.line(f"@{author.handle} on {author.network}: {told}.")
    app.out.next_step(f"Changed their mind? earnest suppress remove {handle}")


def _authors(app: App, handle: str, network: str | None, author_id: str | None) -> list[Author]:
    name = handle.removeprefix("@")
    if author_id:
        if not network:
            message = "an id says nothing without its network"
            raise UsageError(message, "add --network NAME")
        return [Author(network, author_id, name)]
    known = people.known_author(app.store.read(), name, network)
    if not known:
        message = f"nobody called @{name} was heard" + (f" on {network}" if network else "")
        raise EarnestError(message, "for somebody we never heard: earnest suppress add HANDLE --network NAME --id ID")
    _on_one_network({where for where, _, _ in known}, name)
    return [Author(where, known_id, known_handle) for where, known_id, known_handle in known]


def _on_one_network(networks: set[str], name: str) -> None:
    if len(networks) > 1:
        message = f"@{name} is known on {' and '.join(sorted(networks))}, and they may be different people"
        raise UsageError(message, "say which with --network NAME")


@suppress.command(epilog="Example: earnest suppress remove marta_k")
@click.argument("handle")
@_NETWORK
@AS
@common
def remove(app: App, *, handle: str, network: str | None, who: str | None) -> None:
    """Take HANDLE off the list, because the person wants to hear from us again. The record of it stays."""
    name = handle.removeprefix("@")
    found = [row for row in people.suppressions(app.store.read()) if _is_called(row, name) and network in {None, text(row, "network")}]
    if not found:
        message = f"@{name} is not on the list"
        raise EarnestError(message, "see who is: earnest suppress list")
    _on_one_network({text(row, "network") for row in found}, name)
    acting = desk(app, who, by_rules=False)
    for row in found:
        acting.lift(text(row, "network"), text(row, "author_id"))
        if app.options.json:
            app.out.record({"network": text(row, "network"), "author_id": text(row, "author_id"), "handle": text(row, "handle")})
        else:
            app.out.line(f"@{text(row, 'handle')} on {text(row, 'network')}: may be answered again.")
    app.out.next_step("Who is still on it: earnest suppress list")


def _is_called(row: Row, name: str) -> bool:
    return text(row, "handle").casefold() == name.casefold()


@suppress.command(name="list", epilog="Example: earnest suppress list --json")
@common
def list_(app: App) -> None:
    """List the people we never write to, since when, and the words that prove it."""
    found = people.suppressions(app.store.read())
    if app.options.json:
        for row in found:
            app.out.record({name: text(row, name) for name in ("network", "author_id", "handle", "words", "post_id", "by", "since")})
        return
    if found:
        app.out.table(("NETWORK", "PERSON", "SINCE", "BY", "WORDS"), _rows(found), widths=(12, 24, 19, 12, 0))
    verb = "is" if len(found) == 1 else "are"
    words = f"{counted(len(found), 'person', 'people')} {verb} on it" if found else "Nobody is on it"
    app.out.next_step(f"{words}. Add somebody: earnest suppress add HANDLE")


def _rows(found: Sequence[Row]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in found:
        since = moment_of(row, "since")
        rows.append((text(row, "network"), f"@{text(row, 'handle')}", local(since) if since else "-", text(row, "by"), text(row, "words")))
    return rows
