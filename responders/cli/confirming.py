"""The word that raises `mode`: typed on a terminal, or said by an option where a script runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from responders.model import Mode

if TYPE_CHECKING:
    from responders.cli.base import App

CONFIRM = click.option(
    "--confirm-mode",
    "confirmed",
    type=click.Choice([mode.value for mode in Mode]),
    metavar="MODE",
    help="Say yes to this mode of the file, where it is higher than anybody has confirmed; a terminal is asked to type it.",
)
"""The option by which a script says what a person would type."""

_MEANS = {
    Mode.SEND: "Routes with `approval: none` then answer without a person.",
    Mode.DRAFT: "Answers are then drafted for a person to decide.",
}


def typed(app: App, new: Mode, old: Mode, confirmed: str | None) -> bool:
    """Return whether somebody says yes to the new mode, which is higher than the old one."""
    if confirmed is not None or not app.interactive:
        return confirmed == new.value
    app.out.talk(f"{app.rules_path} raises `mode` from {old.value} to {new.value}. {_MEANS.get(new, '')}")
    asked = f"Type {new.value} to confirm, or nothing to leave it at {old.value}"
    return str(click.prompt(asked, default="", show_default=False, err=True)).strip() == new.value
