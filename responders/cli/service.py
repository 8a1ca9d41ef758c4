"""`earnest service`: the unit by which systemd keeps the daemon running."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.base import App, common
from responders.cli.serving import place_of

if TYPE_CHECKING:
    from listener.rules.rulebook import Rulebook


@click.command(epilog="Example: earnest service --http 127.0.0.1:9464 | sudo tee /etc/systemd/system/earnest.service")
@click.option("--http", metavar="ADDRESS", help="Have it answer /healthz and /metrics there, as `earnest run --http` does.")
@click.option(
    "--secrets", "folder", metavar="DIR", default="/etc/earnest/secrets", show_default=True, help="Where the secrets lie, a file each."
)
@click.option("--systemd", type=click.IntRange(240), metavar="VERSION", help="The systemd it is for; else the one that runs here.")
@common
def service(app: App, *, http: str | None, folder: str, systemd: int | None) -> None:
    """Print a systemd unit for `earnest run`, and change nothing.

    It runs as the user `earnest`, keeps its store in /var/lib/earnest, reads /etc/earnest/rules.yaml, and is shut in. systemd waits until
    it is ready, has it read the rules again (systemctl reload earnest), and starts it anew where it ends badly or makes no progress.
    Each secret that the rules want is a line; those whose file is not there are comments, since systemd starts nothing without them.
    """
    from responders.service import unit  # noqa: PLC0415  # not needed for help

    place = place_of(http)
    version = systemd or unit.installed_systemd()
    secrets = tuple(dict.fromkeys(_secrets(app.book_if_any)))
    text = unit.unit(_program(), secrets, folder=Path(folder), http=str(place) if place else None, systemd=version)
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


def _program() -> str:
    """Return where the program lies that was called."""
    beside = Path(sys.executable).with_name("earnest")
    return str(beside if beside.exists() else Path(sys.argv[0]).resolve())


def _secrets(book: Rulebook | None) -> Iterator[str]:
    """Yield the names of the secrets that rules want, for hearing, for speaking and for telling teams."""
    if book is None:
        return
    from listener.sources.base import kind as source_kind  # noqa: PLC0415
    from responders.house import channel_kind  # noqa: PLC0415

    for name, wanted in book.sources.items():
        with suppress(EarnestError):  # what is wrong with a source is said by: earnest doctor
            yield from source_kind(wanted.kind or name).secrets_of(name, wanted.options)
    for network in dict.fromkeys(wanted.network_of(name) for name, wanted in book.sources.items()):
        found = channel_kind(network)
        yield from found.secrets if found else ()
    for team in book.teams.values():
        if team.alert:
            yield team.alert.removeprefix("secret:")
