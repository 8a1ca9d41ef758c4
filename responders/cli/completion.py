"""`earnest completion`: completion for a shell, made by Click."""

from __future__ import annotations

import os
from pathlib import Path

import click

from listener.errors import UsageError
from responders.cli.base import App, common

_PLACES = {
    "bash": "~/.local/share/bash-completion/completions/earnest",
    "zsh": "~/.zfunc/_earnest",
    "fish": "~/.config/fish/completions/earnest.fish",
}
_THEN = {
    "bash": "then open a new shell (the package bash-completion reads that folder)",
    "zsh": "then put into ~/.zshrc:  fpath+=~/.zfunc; autoload -Uz compinit && compinit",
    "fish": "then open a new shell",
}


@click.command(epilog="Example: earnest completion bash")
@click.argument("shell", type=click.Choice(list(_PLACES)), required=False)
@common
def completion(app: App, *, shell: str | None) -> None:
    """Print completion for SHELL (without one: for the shell you use), and how to install it."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415  # only here

    name = shell or Path(os.environ.get("SHELL", "")).name
    kind = get_completion_class(name) if name in _PLACES else None
    if kind is None:
        message = f"no completion for the shell {name}" if name else "no shell was named, and none is set"
        raise UsageError(message, "name one: earnest completion bash, zsh or fish")
    group = click.get_current_context().find_root().command
    script = kind(group, {}, "earnest", "_EARNEST_COMPLETE").source()
    place = _PLACES[name]
    if app.options.json:
        app.out.record({"shell": name, "script": script, "place": place})
        return
    app.out.line(script)
    app.out.next_step(f"Install: mkdir -p {Path(place).parent} && earnest completion {name} > {place}\n  {_THEN[name]}")
