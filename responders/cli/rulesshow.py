"""`earnest rules show`: the rules as they are understood, each value with the line that says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.errors import EarnestError
from responders.cli.base import App, common

if TYPE_CHECKING:
    from pydantic import BaseModel

    from listener.rules.rulebook import Rulebook, SourceSettings

Way = tuple[str | int, ...]
_NAMED = "routes"  # a list whose entries have names of their own, by which people know them


def read_rules(path: Path) -> bytes:
    """Return what is in a rules file, right or wrong.

    Raises:
        EarnestError: it cannot be read.
    """
    from responders.rulefile import LARGEST  # noqa: PLC0415  # not needed for help

    try:
        with path.open("rb") as opened:
            return opened.read(LARGEST)
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise EarnestError(message, "name a rules file, or write one with: earnest init") from None


@click.command(epilog="Example: earnest rules show --origin")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--origin", is_flag=True, help="Say for each value where it comes from: a line of the file, or nowhere (default).")
@common
def show(app: App, file: Path | None, *, origin: bool) -> int:
    """Show the rules as they are understood, with every default filled in."""
    from listener.rules.checking import read_checked  # noqa: PLC0415  # reading YAML is slow to import
    from listener.rules.look import origin_line  # noqa: PLC0415
    from listener.rules.reading import read  # noqa: PLC0415
    from responders.rulefile import known_beside  # noqa: PLC0415
    from responders.surroundings import source_models  # noqa: PLC0415

    path = file or app.rules_path
    data = read_rules(path)
    book = read_checked(data, filename=str(path), known=known_beside(path))
    reading = read(data, filename=str(path))
    rows = [(key, value, origin_line(reading, way)) for way, key, value in _flat(book, source_models())]
    if app.options.json:
        for key, value, line in rows:
            app.out.record({"key": key, "value": value, "file": str(path), "line": line})
        return 0
    told = ((key, _said(value), f"{path}:{line}" if line else "default") for key, value, line in rows)
    head = ("key", "value", "from") if origin else ("key", "value")
    app.out.table(head, (row if origin else row[:2] for row in told), widths=(0, 60) if origin else (0, 0))
    app.out.next_step(f"Version {book.fingerprint}. See which route a post would take: earnest explain --post TEXT")
    return 0


def _flat(book: Rulebook, kinds: Mapping[str, type[BaseModel]]) -> Iterator[tuple[Way, str, object]]:
    """Yield every value with its path and its dotted name."""
    whole = book.model_dump(mode="json", by_alias=True, exclude_none=True)
    whole["sources"] = {name: _source(name, settings, whole["sources"][name], kinds) for name, settings in book.sources.items()}
    names = {number: route.name for number, route in enumerate(book.routes)}
    for way, value in _inside((), whole):
        yield way, _dotted(way, names), value


def _source(name: str, settings: SourceSettings, said: Mapping[str, object], kinds: Mapping[str, type[BaseModel]]) -> dict[str, object]:
    """Return a source with what its kind fills in."""
    kind = settings.kind or name
    model = kinds.get(kind)
    filled = model.model_validate(dict(settings.options)).model_dump(mode="json", by_alias=True, exclude_none=True) if model else {}
    return {**said, **filled, "kind": kind}


def _inside(way: Way, value: object) -> Iterator[tuple[Way, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _inside((*way, key), inner)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value):
            yield from _inside((*way, number), inner)
    else:
        yield way, value


def _dotted(way: Way, routes: Mapping[int, str]) -> str:
    """Write a path as people say it: a route by its name, other entries of lists by their number."""
    named = (f".{routes[step]}" if way[0] == _NAMED and place == 1 and isinstance(step, int) else step for place, step in enumerate(way))
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step.removeprefix('.')}" for step in named).removeprefix(".")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in ({}, "") else str(value)
