"""The only file that writes to stdout. Data goes there; talk goes to stderr; every foreign character is made visible first."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

import click

from listener.text import display_width, one_line, visible

SCHEMA = 1
_NARROWEST = 12  # columns; where less is left to the last cell of a row, it gets a line of its own
_BELOW = " " * 6
_GAP = 2  # columns between two cells
_LABEL = re.compile(r" *\S[^ ]*(?: [^ ]+)? {2,}(?=\S)")  # one or two words at the left, under which nothing may stand
_WIDEST_LABEL = 30


def _columns() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415  # reaches what packs and unpacks archives; a pipe has no width

    return get_terminal_size().columns


class Output:
    """Writes what a command has to say, as a table for a person, as tabs for a pipe, or as JSON."""

    def __init__(self, *, as_json: bool, quiet: bool, color: str) -> None:
        """`color` is auto, always or never; auto means a terminal without `NO_COLOR`."""
        self.as_json = as_json
        self._quiet = quiet
        self.spoken: Callable[[str], None] | None = None
        """Takes what is said, where stderr is for something else than people."""

        self.terminal = sys.stdout.isatty()
        self.colored = color == "always" or (color == "auto" and self.terminal and not os.environ.get("NO_COLOR"))

    @property
    def columns(self) -> int:
        """How wide the terminal is."""
        return _columns()

    def record(self, fields: dict[str, object]) -> None:
        """Write one JSON object on one line, with its schema number; what could hide or command is written as a JSON escape."""
        line = json.dumps({**fields, "schema": SCHEMA}, ensure_ascii=False)
        click.echo(line if visible(line) == line else "".join(map(_escaped, line)))

    def line(self, words: str = "", *, style: str = "", whole: bool = False) -> None:
        """Write one line of data for a person; `style` is a colour or `bold`, used only where colours are wanted.

        A terminal gets it folded at its width, unless it is to be copied `whole`.
        """
        shown = visible(words) if whole else self._folded(visible(words))
        if style and self.colored:
            shown = click.style(shown, bold=True) if style == "bold" else click.style(shown, fg=style)
        click.echo(shown, color=self.colored)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]], *, widths: Sequence[int] = (), fold: bool = False) -> None:
        """Write rows: aligned columns on a terminal (cut to `widths`, 0 for any; the last takes what is left), tabs when piped.

        Where little is left, the last cell stands below its row: `fold` has it whole on several lines there. Where even the others are
        wider than the terminal they stand closer together, and the first is cut.
        """
        cells = [[one_line(str(cell), 100_000) for cell in row] for row in rows]
        if not self.terminal:
            for row in cells:
                click.echo("\t".join(cell.replace("\t", " ") for cell in row))
            return
        limits = [*widths, *[0] * (len(head) - len(widths))]
        limits[-1] = limits[-1] or 100_000
        cut = [[one_line(cell, limit) if limit else cell for cell, limit in zip(row, limits, strict=True)] for row in cells]
        columns = _columns()
        sizes = [max(display_width(row[index]) for row in [head, *cut]) for index in range(len(head) - 1)]
        room = columns - sum(size + 2 for size in sizes)
        below = room < _NARROWEST and any(display_width(row[-1]) > room for row in cut)
        styled = [(list(head), "bold"), *((row, "") for row in cut)]
        if not below:
            for row, style in styled:
                self.line(_aligned(row, sizes, room), style=style, whole=True)
            return
        gap = 1 if sum(sizes) + _GAP * (len(sizes) - 1) > columns else _GAP
        sizes[0] = min(sizes[0], max(columns - sum(sizes[1:]) - gap * (len(sizes) - 1), _NARROWEST))
        for row, style in styled:
            self.line(_front(row, sizes, gap).rstrip(), style=style, whole=True)
            self.line(_BELOW + (row[-1] if fold else one_line(row[-1], columns - len(_BELOW))), style=style)

    def _folded(self, words: str) -> str:
        """Break lines wider than the terminal between words, each rest set in a little more; a pipe gets them whole."""
        if not self.terminal:
            return words
        return "\n".join(part for line in words.split("\n") for part in _fold(line, _columns()))

    def next_step(self, words: str) -> None:
        """End a human answer with what to do next; never in JSON."""
        if not self.as_json and not self._quiet:
            click.echo(self._folded(visible(words)), err=not self.terminal)

    def talk(self, words: str, *, fold: bool = False) -> None:
        """Say something on stderr that is no data; `fold` breaks it between words at a terminal's width."""
        if self.spoken:
            self.spoken(words)
        elif not self._quiet:
            click.echo(self._folded(visible(words)) if fold else visible(words), err=True)


def _aligned(row: Sequence[str], sizes: Sequence[int], room: int) -> str:
    """Return a row in columns; its last cell takes the `room` that is left."""
    return f"{_front(row, sizes, _GAP)}{' ' * _GAP}{one_line(row[-1], room)}".rstrip()


def _front(row: Sequence[str], sizes: Sequence[int], gap: int) -> str:
    """Return all cells of a row but the last in columns."""
    cells = [one_line(cell, size) for cell, size in zip(row[:-1], sizes, strict=True)]
    return (" " * gap).join(cell + " " * (size - display_width(cell)) for cell, size in zip(cells, sizes, strict=True))


def _fold(line: str, width: int) -> Iterator[str]:
    """Yield a line in parts that fit, broken at spaces; what has no space is left to the terminal."""
    label = _LABEL.match(line[:_WIDEST_LABEL])
    indent = " " * (len(label[0]) if label else len(line) - len(line.lstrip(" ")) + 2)
    start = len(indent) if label else len(indent) - 2
    while display_width(line) > width:
        at = _last_space(line, width, start)
        if at < 0:
            break
        yield line[:at].rstrip()
        line, start = indent + line[at:].lstrip(), len(indent)
    yield line


def _last_space(line: str, width: int, start: int) -> int:
    """Return where the last space stands up to which the line fits, or -1."""
    best, used = -1, 0
    for index, letter in enumerate(line):
        if letter == " " and index > start and used <= width:
            best = index
        used += display_width(letter)
        if used > width and best >= 0:
            break
    return best


def _escaped(character: str) -> str:
    """Return a character of JSON text, as an escape where it is not plainly visible: it means the same and does nothing."""
    return character if visible(character) == character else json.dumps(character)[1:-1]
