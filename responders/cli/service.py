"""`earnest service`: the unit by which systemd keeps the daemon running."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError, UsageError
from listener.store import addresses
from responders.cli.base import App, common
from responders.cli.serving import place_of
from responders.roles import ALL_ROLES, Role

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook

STORE_PASSWORD = "store_password"  # noqa: S105  # the name of the secret


@click.command(epilog="Example: earnest service --http 127.0.0.1:9464 | sudo tee /etc/systemd/system/earnest.service")
@click.option("--http", metavar="ADDRESS", help="Have it answer /healthz and /metrics there, as `earnest run --http` does.")
@click.option(
    "--secrets", "folder", metavar="DIR", default="/etc/earnest/secrets", show_default=True, help="Where the secrets lie, a file each."
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="Have it do a part of the work, as `earnest run --only` does, with the secrets of that part. May be given twice.",
)
@click.option("--systemd", type=click.IntRange(240), metavar="VERSION", help="The systemd it is for; else the one that runs here.")
@common
def service(app: App, *, http: str | None, folder: str, only: tuple[str, ...], systemd: int | None) -> None:
    """Print a systemd unit for `earnest run`, and change nothing.

    It runs as the user `earnest`, keeps its store in /var/lib/earnest or where --store names a PostgreSQL database, reads
    /etc/earnest/rules.yaml, and is shut in. systemd waits until
    it is ready, has it read the rules again (systemctl reload earnest), and starts it anew where it ends badly or makes no progress.
    Each secret that the rules want is a line; those whose file is not there are comments, since systemd starts nothing without them.
    """
    from responders.service import unit  # noqa: PLC0415  # not needed for help

    place = place_of(http)
    version = systemd or unit.installed_systemd()
    store = _server(app.options.store)
    roles = frozenset(map(Role, only)) or ALL_ROLES
    secrets = tuple(dict.fromkeys((*([STORE_PASSWORD] if store else ()), *_secrets(app.book_if_any, roles))))
    wanted = {"store": store} if store else {}
    text = unit.unit(
        _program(), secrets, folder=Path(folder), only=dict.fromkeys(only), http=str(place) if place else None, systemd=version, **wanted
    )
    if app.options.json:
        app.out.record({"unit": text, "systemd": version, "secrets": list(secrets)})
        return
    for line in text.splitlines():
        app.out.line(line, whole=True)
    if app.book_if_any is None:
        app.out.talk(
            "There are no rules here that can be read, so it names no secrets. With them: earnest service --rules /etc/earnest/rules.yaml"
        )
    app.out.talk("Keep it as /etc/systemd/system/earnest.service, then: sudo systemctl enable --now earnest")


def _server(url: str) -> str | None:
    """Return the URL of a store on a server; None for a file, of which the service has one of its own.

    Raises:
        UsageError: its password stands in it.
    """
    if not addresses.is_postgres(url):
        return None
    if addresses.has_password(url):
        message = "the password of the store would stand in the unit, which everybody on this machine may read"
        raise UsageError(message, f"leave it out of the URL, and keep it in the secret {STORE_PASSWORD}")
    return url


def _program() -> str:
    """Return where the program lies that was called."""
    beside = Path(sys.executable).with_name("earnest")
    return str(beside if beside.exists() else Path(sys.argv[0]).resolve())


def _secrets(book: Rulebook | None, roles: frozenset[Role]) -> Iterator[str]:
    """Yield the names of the secrets that rules want: for hearing, for speaking and for telling teams, as far as that is done there."""
    if book is None:
        return
    from listener.sources.base import kind as source_kind  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415

    for name, wanted in book.sources.items() if Role.LISTEN in roles else ():
        with suppress(EarnestError):  # what is wrong with a source is said by: earnest doctor
            yield from source_kind(wanted.kind or name).secrets_of(name, wanted.options)
    for network in dict.fromkeys(wanted.network_of(name) for name, wanted in book.sources.items()) if Role.SEND in roles else ():
        found = channel_kind(network)
        yield from found.secrets if found else ()
    for team in book.teams.values() if Role.THINK in roles else ():
        if team.alert:
            yield team.alert.removeprefix("secret:")
