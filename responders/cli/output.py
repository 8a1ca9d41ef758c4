"""The only file that writes to stdout. Data goes there; talk goes to stderr; every foreign character is made visible first."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence

import click

from listener.text import display_width, one_line, visible

SCHEMA = 1


class Output:
    """Writes what a command has to say, as a table for a person, as tabs for a pipe, or as JSON."""

    def __init__(self, *, as_json: bool, quiet: bool, color: str) -> None:
        """`color` is auto, always or never; auto means a terminal without `NO_COLOR`."""
        self.as_json = as_json
        self._quiet = quiet
        self.terminal = sys.stdout.isatty()
        self.colored = color == "always" or (color == "auto" and self.terminal and not os.environ.get("NO_COLOR"))

    def record(self, fields: dict[str, object]) -> None:
        """Write one JSON object on one line, with its schema number; what could hide or command is written as a JSON escape."""
        line = json.dumps({**fields, "schema": SCHEMA}, ensure_ascii=False)
        click.echo(line if visible(line) == line else "".join(map(_escaped, line)))

    def line(self, words: str = "", *, style: str = "") -> None:
        """Write one line of data for a person; `style` is a colour or `bold`, used only where colours are wanted."""
        shown = visible(words)
        if style and self.colored:
            shown = click.style(shown, bold=True) if style == "bold" else click.style(shown, fg=style)
        click.echo(shown, color=self.colored)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]], *, widths: Sequence[int] = ()) -> None:
        """Write rows: aligned columns on a terminal (cut to `widths`, 0 for any), tabs when piped."""
        cells = [[one_line(str(cell), 100_000) for cell in row] for row in rows]
        if not self.terminal:
            for row in cells:
                click.echo("\t".join(cell.replace("\t", " ") for cell in row))
            return
        limits = [*widths, *[0] * (len(head) - len(widths))]
        cut = [[one_line(cell, limit) if limit else cell for cell, limit in zip(row, limits, strict=True)] for row in cells]
        sizes = [max([display_width(name), *[display_width(row[index]) for row in cut]]) for index, name in enumerate(head)]
        self.line("  ".join(name.ljust(size) for name, size in zip(head, sizes, strict=True)).rstrip(), style="bold")
        for row in cut:
            padded = (cell + " " * (size - display_width(cell)) for cell, size in zip(row, sizes, strict=True))
            click.echo("  ".join(padded).rstrip())

    def next_step(self, words: str) -> None:
        """End a human answer with what to do next; never in JSON."""
        if not self.as_json and not self._quiet:
            click.echo(visible(words), err=not self.terminal)

    def talk(self, words: str) -> None:
        """Say something on stderr that is no data."""
        if not self._quiet:
            click.echo(visible(words), err=True)


def _escaped(character: str) -> str:
    """Return a character of JSON text, as an escape where it is not plainly visible: it means the same and does nothing."""
    return character if visible(character) == character else json.dumps(character)[1:-1]
